/** What a command or a module says of an epoch, from its own words to an epoch's result. */
import type { EpochResult } from '../../proto/work.js';
import { ProgramFailed } from './program-error.js';

/** As it was written: nothing of it is checked yet. */
export interface ProgramReport {
  readonly epoch: unknown;
  readonly metrics: unknown;
}

const MOST_METRICS = 1_000;
const LONGEST_NAME = 200;

/** Null for a line that is no report: one is a JSON object with `epoch` and `metrics`. */
export function readReport(line: string): ProgramReport | null {
  const value = parse(line) ?? (/NaN|Infinity/.test(line) ? parse(withoutNaN(line)) : null);
  return isMap(value) && 'epoch' in value && 'metrics' in value ? { epoch: value.epoch, metrics: value.metrics } : null;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Python's json writes NaN and Infinity, which JSON does not know; JavaScript's writes null for them, and so does this. */
function withoutNaN(line: string): string {
  return line.replace(/("(?:[^"\\]|\\.)*")|-?Infinity|NaN/g, (_, text: string | undefined) => text ?? 'null');
}

/** A metric that is not finite is divergence. Throws ProgramFailed for anything but numbers. */
export function resultOf(metrics: unknown, epoch: number): EpochResult {
  if (!isMap(metrics)) throw new ProgramFailed(`metrics of epoch ${epoch}: found ${shown(metrics)}, expected a map of name to number`);
  const entries = Object.entries(metrics);
  if (entries.length === 0 || entries.length > MOST_METRICS) throw new ProgramFailed(`metrics of epoch ${epoch}: found ${entries.length}, expected 1 to ${MOST_METRICS}`);
  const finite: { [metric: string]: number } = {};
  let diverged = false;
  for (const [name, value] of entries) {
    if (name === '' || name.length > LONGEST_NAME || /\p{Cc}/u.test(name)) throw new ProgramFailed(`metrics of epoch ${epoch}: found the name ${shown(name)}, expected 1 to ${LONGEST_NAME} characters in one line`);
    if (value !== null && typeof value !== 'number') throw new ProgramFailed(`metric ${name} of epoch ${epoch}: found ${shown(value)}, expected a number`);
    if (value !== null && Number.isFinite(value)) finite[name] = value;
    else diverged = true;
  }
  return { metrics: finite, confusion: null, diverged };
}

/** Throws ProgramFailed where the report is not that of the epoch whose turn it is. */
export function checkTurn(found: unknown, expected: number, from: number): void {
  if (found === expected) return;
  const said = `found ${typeof found === 'number' ? `the report of epoch ${found}` : `a report of the epoch ${shown(found)}`}`;
  const hint = expected === from && from > 0 && found === 0 ? `; it was asked to go on from its checkpoint of epoch ${from - 1} (settings.json: from and load)` : '';
  throw new ProgramFailed(`${said}, expected that of epoch ${expected}: each once, in order, counted from 0${hint}`);
}

function isMap(value: unknown): value is { readonly [name: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function shown(value: unknown): string {
  const text = value === undefined ? 'nothing' : ((JSON.stringify(value) as string | undefined) ?? typeof value);
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`;
}
