/** What `trawl model` is asked of a model: its knobs, images and counts. */
import { isClassical, type Knob, type NamedModel } from '../../proto/models.js';
import type { Json } from '../../proto/work.js';
import { BadInput } from '../exit.js';

/** What is expected in the place of a value; null where it is right. */
export type Complaint = (knob: Knob, value: Json) => string | null;
export type Advice = (value: string, candidates: readonly string[]) => string;

// Only this command needs them: they are loaded by it alone.
export async function complaintOf(): Promise<Complaint> {
  const { knobValue } = await import('../../coordinator/sweep/schema-space.js');
  return (knob, value) => knobValue(knob).safeParse(value).error?.issues[0]?.message ?? null;
}

export async function adviceOf(): Promise<Advice> {
  const { suggestValue } = await import('../../coordinator/sweep/suggest.js');
  return (value, candidates) => {
    const suggestion = suggestValue(value, candidates);
    return suggestion === null ? '' : `; ${suggestion}`;
  };
}

/** Defaults but for what the pairs of `--KNOB VALUE` say. Throws BadInput, a line per mistake. */
export function chosenKnobs(model: NamedModel, given: readonly string[], complaint: Complaint, advice: Advice): { [knob: string]: Json } {
  const chosen: { [knob: string]: Json } = Object.fromEntries(model.knobs.map((knob) => [knob.name, knob.default]));
  const known = [...Object.keys(chosen), ...(isClassical(model) ? [] : ['dropout'])];
  const mistakes: string[] = [];
  for (let at = 0; at < given.length; at += 1) {
    const [option = '', ...inline] = (given[at] ?? '').split('=');
    const name = option.replace(/^--/, '');
    const knob = model.knobs.find((candidate) => candidate.name === name);
    if (!option.startsWith('--') || !known.includes(name)) {
      mistakes.push(`${option}: found no such knob of ${model.name}, expected one of ${known.join(', ')}${advice(name, known)}`);
      if (option.startsWith('--') && inline.length === 0) at += 1;
      continue;
    }
    if (inline.length === 0) at += 1;
    const text = inline.length > 0 ? inline.join('=') : (given[at] ?? '');
    const value = valueOf(text, knob?.kind === 'int-list');
    // The rate of dropout changes no layer and no memory; it is checked as a sweep file's is.
    const rate = typeof value === 'number' && value >= 0 && value < 1 ? null : 'a number from 0 to below 1';
    const expected = knob === undefined ? rate : complaint(knob, value);
    if (expected !== null) mistakes.push(`--${name}: found ${text === '' ? 'nothing' : text}, expected ${expected}`);
    else if (knob !== undefined) chosen[name] = value;
  }
  if (mistakes.length > 0) throw new BadInput(mistakes.join('\n'));
  return chosen;
}

/** `8,16,49` is a list where one is wanted; JSON where it is JSON, else text. */
function valueOf(text: string, list: boolean): Json {
  try {
    return JSON.parse(list && !text.startsWith('[') ? `[${text}]` : text) as Json;
  } catch {
    return text;
  }
}

export function inputOf(text: string | undefined, model: NamedModel): { height: number; width: number; channels: 1 | 3 } {
  const size = model.defaults.imageSize;
  if (text === undefined) return { height: size, width: size, channels: 1 };
  const match = /^([1-9]\d*)x([1-9]\d*)x([13])$/i.exec(text);
  if (match === null) throw new BadInput(`--input: found ${text}, expected HEIGHTxWIDTHxCHANNELS with 1 or 3 channels, such as 100x100x1`);
  if (Number(match[1]) > 9_999 || Number(match[2]) > 9_999) throw new BadInput(`--input: found ${text}, expected a height and a width of at most 9999`);
  return { height: Number(match[1]), width: Number(match[2]), channels: match[3] === '3' ? 3 : 1 };
}

export function wholeOption(option: string, text: string, least: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > 65_536) throw new BadInput(`${option}: found ${text}, expected a whole number from ${least} to 65536`);
  return value;
}
