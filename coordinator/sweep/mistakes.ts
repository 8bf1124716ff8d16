/** What is wrong in a sweep file, as people and editors want it: where, what was found, what was expected, what to do. */
import { oneLine } from '../../proto/one-line.js';

export type Path = readonly (string | number)[];

/** A mistake before its place in the text is known. */
export interface Problem {
  readonly path: Path;
  /** Whether the key itself is wrong (it is pointed at), or what stands under it. */
  readonly at: 'key' | 'value';
  readonly found: string;
  readonly expected: string;
  readonly suggestion: string | null;
}

export interface Mistake {
  /** Absent for the sweep file itself. */
  readonly file?: string;
  /** Both from 1. */
  readonly line: number;
  readonly column: number;
  /** Path of the field, e.g. `space.lr[1].piecewise.factor`. */
  readonly field: string;
  readonly found: string;
  readonly expected: string;
  readonly suggestion: string | null;
}

/** `FILE:line:column: field: found X, expected Y; suggestion`, one line. */
export function formatMistake(file: string, mistake: Mistake): string {
  const { line, column, field, found, expected, suggestion } = mistake;
  const advice = suggestion === null ? '' : `; ${suggestion}`;
  return `${mistake.file ?? file}:${line}:${column}: ${field}: found ${found}, expected ${expected}${advice}`;
}

/** `objective.floors['val.recall[NORMAL]']`, `space.lr[0]`; the file itself is `file`. */
export function fieldName(path: Path): string {
  if (path.length === 0) return 'file';
  return path
    .map((part, index) => {
      if (typeof part === 'number') return `[${part}]`;
      if (!/^[\p{L}_$][\p{L}\p{N}_$-]*$/u.test(part)) return `['${oneLine(part, LONGEST)}']`;
      return index === 0 ? part : `.${part}`;
    })
    .join('');
}

const LONGEST = 60;

/** A value of a sweep file in at most 60 characters of one line. */
export function describe(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  const written = JSON.stringify(value);
  if (written.length <= LONGEST) return written;
  if (typeof value === 'string') return `${written.slice(0, LONGEST - 4)}..."`;
  if (Array.isArray(value)) return `a list of ${value.length}`;
  return oneLine(`a map of ${Object.keys(value).join(', ')}`, LONGEST);
}
