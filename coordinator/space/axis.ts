/**
 * From what `space` says of one hyperparameter to its values: segments and ranges are written out,
 * duplicates dropped, the order kept. The shapes were checked by the schema; here is what depends on
 * several of their fields, and on how many values come out.
 */
import { canonicalJson } from '../../proto/canonical.js';
import type { Json } from '../../proto/work.js';
import type { AxisRange } from '../sweep/spec.js';
import { countSteps, linearPoints, logPoints, steps } from './decimal.js';

/** How a hyperparameter's axis is read. */
export interface AxisRule {
  /** Whether {from, to, step} and {min, max} mean values here; false where a map is a value itself. */
  readonly numeric: boolean;
  /** Whether a range may stand without points or step: samplers that draw take anything between its ends. */
  readonly drawn?: boolean;
  /** Whether its values are whole numbers. */
  readonly whole: boolean;
  /** The meaning of a value: two with the same meaning are duplicates. */
  readonly meaning: (value: Json) => Json;
}

/** What `space` says of one hyperparameter; undefined items were found wrong already and are passed over. */
export type WrittenAxis = Json | readonly (Json | undefined)[];

export interface AxisValue {
  readonly value: Json;
  /** Index of the list item it comes from; null where the axis is no list. */
  readonly item: number | null;
}

export interface AxisProblem {
  readonly item: number | null;
  /** The field of a segment or range that is wrong; null for the whole of it. */
  readonly field: string | null;
  readonly found: string;
  readonly expected: string;
  readonly suggestion: string | null;
}

interface Segment {
  readonly from: number;
  readonly to: number;
  readonly step: number;
}

interface Range {
  readonly min: number;
  readonly max: number;
  readonly type?: 'int' | 'float';
  readonly scale?: 'linear' | 'log';
  readonly step?: number;
  readonly points?: number;
}

/** More values than this on one axis are a slip of the pen, and would be written out before anybody counted them. */
export const MAX_VALUES = 100_000;

/** `written` must have passed the schema. Gives each value once, in order, or what is wrong. */
export function expandAxis(written: WrittenAxis, rule: AxisRule): { readonly values: readonly AxisValue[]; readonly range: AxisRange | null; readonly problems: readonly AxisProblem[] } {
  const problems: AxisProblem[] = [];
  const values: AxisValue[] = [];
  const add = (made: readonly Json[] | AxisProblem, item: number | null): void => {
    if ('found' in made) problems.push({ ...made, item });
    else for (const value of made) values.push({ value, item });
  };
  if (isList(written)) {
    written.forEach((entry, item) => {
      if (entry !== undefined) add(rule.numeric && isSegment(entry) ? segmentValues(entry) : [entry], item);
    });
  } else {
    const drawn = rule.drawn === true && rule.numeric && isRange(written) && written.points === undefined && written.step === undefined;
    if (drawn) return drawnRange(written, rule.whole);
    add(rule.numeric && isRange(written) ? rangeValues(written, rule.whole) : [written], null);
  }
  const seen = new Set<string>();
  const distinct = values.filter(({ value }) => {
    const meaning = canonicalJson(rule.meaning(value));
    return !seen.has(meaning) && seen.add(meaning);
  });
  return { values: distinct, range: null, problems };
}

/** Its ends stand for its values; where they are one, it is fixed. */
function drawnRange(written: Range, whole: boolean): ReturnType<typeof expandAxis> {
  const { min, max, type = whole ? 'int' : 'float', scale = 'linear' } = written;
  const fraction = type === 'int' ? [min, max].find((end) => !Number.isInteger(end)) : undefined;
  const wrong = rangeProblem({ ...written, points: 2 }, whole) ?? (fraction === undefined ? null : problem(fraction === min ? 'min' : 'max', String(fraction), 'a whole number', 'or write type: float'));
  if (wrong !== null) return { values: [], range: null, problems: [wrong] };
  const ends = min === max ? [min] : [min, max];
  return { values: ends.map((value) => ({ value, item: null })), range: min === max ? null : { min, max, type, log: scale === 'log' }, problems: [] };
}

function segmentValues(segment: Segment): number[] | AxisProblem {
  const { from, to, step } = segment;
  if (to < from) return problem('to', String(to), `at least from, which is ${from}`, 'write the smaller bound as from');
  const count = countSteps(from, to, step);
  if (count > MAX_VALUES) return tooMany('step', step, count);
  return steps(from, to, step);
}

function rangeValues(range: Range, whole: boolean): number[] | AxisProblem {
  const { min, max, type = whole ? 'int' : 'float', scale = 'linear', step, points } = range;
  const wrong = rangeProblem(range, whole);
  if (wrong !== null) return wrong;
  if (points !== undefined && points > MAX_VALUES) return tooMany('points', points, points);
  if (step !== undefined && countSteps(min, max, step) > MAX_VALUES) return tooMany('step', step, countSteps(min, max, step));
  const made = step !== undefined ? steps(min, max, step) : scale === 'log' ? logPoints(min, max, points ?? 2) : linearPoints(min, max, points ?? 2);
  return type === 'int' ? made.map(Math.round) : made;
}

function rangeProblem({ min, max, type, scale, step, points }: Range, whole: boolean): AxisProblem | null {
  if (max < min) return problem('max', String(max), `at least min, which is ${min}`, 'write the smaller bound as min');
  if (whole && type === 'float') return problem('type', 'float', 'int', 'this hyperparameter takes whole numbers');
  if (scale === 'log' && min <= 0) return problem('min', String(min), 'a number above 0', 'a log scale has no zero; start above it, or use scale: linear');
  if (points === undefined && step === undefined) return problem(null, `a range from ${min} to ${max}`, 'points or step in it', 'sampler grid needs to know which values; add points: 5, say');
  if (points !== undefined && step !== undefined) return problem('step', 'step and points', 'one of them', 'take one out');
  if (scale === 'log' && step !== undefined) return problem('step', String(step), 'points', 'steps are for a linear scale; use points');
  return null;
}

function problem(field: string | null, found: string, expected: string, suggestion: string): AxisProblem {
  return { item: null, field, found, expected, suggestion };
}

function tooMany(field: string, value: number, count: number): AxisProblem {
  return problem(field, `${value}, which makes ${count} values`, `at most ${MAX_VALUES} values`, 'make it coarser');
}

function isSegment(value: Json): value is Json & Segment {
  return isMap(value) && 'from' in value && 'to' in value;
}

function isRange(value: Json): value is Json & Range {
  return isMap(value) && 'min' in value && 'max' in value;
}

function isList(written: WrittenAxis): written is readonly (Json | undefined)[] {
  return Array.isArray(written);
}

function isMap(value: Json): value is { readonly [name: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
