/**
 * From what `space` says of one hyperparameter to its values: segments and ranges are written out,
 * duplicates dropped, the order kept. The shapes were checked by the schema; here is what depends on
 * several of their fields, and on how many values come out.
 */
import { canonicalJson } from '../../proto/canonical.js';
import type { Json } from '../../proto/work.js';
import type { AxisRange } from '../sweep/spec.js';
import { countSteps, linearPoints, logPoints, steps } from './decimal.js';
import { isMap, withValueAt } from './setting.js';

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
  /** Whether a list that stands in a field of a value is no axis but belongs to it, as the pairs of {steps: ...} do. */
  readonly literal?: (field: string, list: readonly Json[]) => boolean;
}

/** What `space` says of one hyperparameter; undefined items were found wrong already and are passed over. */
export type WrittenAxis = Json | readonly (Json | undefined)[];

/** Where in what was written something stands: [1, 'adam', 'beta2', 0]. */
export type WrittenPath = readonly (string | number)[];

export interface AxisValue {
  /** Complete: where it has axes of its own inside, their first values stand. */
  readonly value: Json;
  readonly path: WrittenPath;
  readonly inner: readonly InnerAxis[];
}

/** A list or a range inside a value: an axis that exists where that value is taken. */
export interface InnerAxis {
  /** Where in the value, e.g. ['adam', 'beta2']. */
  readonly path: readonly string[];
  readonly axis: ExpandedAxis;
}

export interface ExpandedAxis {
  readonly values: readonly AxisValue[];
  readonly range: AxisRange | null;
}

export interface AxisProblem {
  readonly path: WrittenPath;
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

interface Expansion extends ExpandedAxis {
  readonly problems: readonly AxisProblem[];
}

/** `written` must have passed the schema. Gives each value once, in order, or what is wrong. */
export function expandAxis(written: WrittenAxis, rule: AxisRule): Expansion {
  const problems: AxisProblem[] = [];
  const values: AxisValue[] = [];
  const add = (made: readonly Json[] | AxisProblem, path: WrittenPath): void => {
    if ('found' in made) {
      problems.push({ ...made, path: [...path, ...made.path] });
      return;
    }
    for (const value of made) {
      const opened = openValue(value, rule);
      problems.push(...opened.problems.map((wrong) => ({ ...wrong, path: [...path, ...wrong.path] })));
      values.push({ value: opened.value, path, inner: opened.inner });
    }
  };
  if (isList(written)) {
    written.forEach((entry, item) => {
      if (entry !== undefined) add(rule.numeric && isSegment(entry) ? segmentValues(entry) : [entry], [item]);
    });
  } else {
    const drawn = rule.drawn === true && rule.numeric && isRange(written) && written.points === undefined && written.step === undefined;
    if (drawn) return drawnRange(written, rule.whole);
    add(rule.numeric && isRange(written) ? rangeValues(written, rule.whole) : [written], []);
  }
  return { values: problems.length > 0 ? values : distinct(values, rule, problems), range: null, problems };
}

/**
 * Each setting once. A value that others yield already is dropped; where two overlap that both have axes
 * inside, there is no telling which of them a trial belongs to.
 */
function distinct(values: readonly AxisValue[], rule: AxisRule, problems: AxisProblem[]): readonly AxisValue[] {
  const known = new Map<string, number>();
  const dropped = new Set<number>();
  const take = (index: number, { path, inner }: AxisValue, settings: readonly Json[]): void => {
    for (const setting of settings) {
      const meaning = canonicalJson(rule.meaning(setting));
      const before = known.get(meaning);
      known.set(meaning, before ?? index);
      if (before === undefined || before === index) continue;
      if (inner.length === 0) dropped.add(index);
      else {
        problems.push({ path, found: `${JSON.stringify(setting)} again, as in item ${before}`, expected: 'each setting once', suggestion: 'write the values of both into one of them' });
        return;
      }
    }
  };
  // Those with axes inside first: what they yield need not be listed beside them.
  values.forEach((value, index) => { if (value.inner.length > 0) take(index, value, settingsOf(value)); });
  values.forEach((value, index) => { if (value.inner.length === 0) take(index, value, [value.value]); });
  return dropped.size === 0 ? values : values.filter((_, index) => !dropped.has(index));
}

const MOST_COMPARED = 10_000;

/** All settings of a value, or, where ranges or their number forbid it, none. */
function settingsOf({ value, inner }: AxisValue): readonly Json[] {
  let settings: readonly Json[] = [value];
  for (const { path, axis } of inner) {
    if (axis.range !== null) return [];
    const own = axis.values.flatMap(settingsOf);
    if (settings.length * own.length > MOST_COMPARED) return [];
    settings = settings.flatMap((setting) => own.map((each) => withValueAt(setting, path, each)));
  }
  return settings;
}

/** Fields of schedules that are whole numbers, most of epochs. */
const WHOLE = new Set(['every', 'epochs', 'lengthen', 'patience', 'cooldown']);

/** A value whose lists and ranges are axes, with the first value of each in its place. */
function openValue(written: Json, rule: AxisRule): { readonly value: Json; readonly inner: readonly InnerAxis[]; readonly problems: readonly AxisProblem[] } {
  if (!isMap(written)) return { value: written, inner: [], problems: [] };
  const inner: InnerAxis[] = [];
  const problems: AxisProblem[] = [];
  const fields = Object.entries(written).map(([name, field]): [string, Json] => {
    if (isRange(field) || (Array.isArray(field) && rule.literal?.(name, field as readonly Json[]) !== true)) {
      const expanded = expandAxis(field, { ...rule, numeric: true, whole: WHOLE.has(name), meaning: (value) => value });
      problems.push(...expanded.problems.map((wrong) => ({ ...wrong, path: [name, ...wrong.path] })));
      const [first] = expanded.values;
      if (first === undefined) return [name, null];
      const only = expanded.values.length === 1 && expanded.range === null;
      if (!only) inner.push({ path: [name], axis: expanded });
      else inner.push(...first.inner.map(({ path, axis }) => ({ path: [name, ...path], axis })));
      return [name, first.value];
    }
    const opened = openValue(field, rule);
    inner.push(...opened.inner.map(({ path, axis }) => ({ path: [name, ...path], axis })));
    problems.push(...opened.problems.map((wrong) => ({ ...wrong, path: [name, ...wrong.path] })));
    return [name, opened.value];
  });
  return { value: Object.fromEntries(fields), inner, problems };
}

/** Its ends stand for its values; where they are one, it is fixed. */
function drawnRange(written: Range, whole: boolean): Expansion {
  const { min, max, type = whole ? 'int' : 'float', scale = 'linear' } = written;
  const wrong = rangeProblem({ ...written, points: 2 }, whole) ?? fractionProblem(written, whole);
  if (wrong !== null) return { values: [], range: null, problems: [wrong] };
  const ends = min === max ? [min] : [min, max];
  return { values: ends.map((value) => ({ value, path: [], inner: [] })), range: min === max ? null : { min, max, type, log: scale === 'log' }, problems: [] };
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
  const wrong = rangeProblem(range, whole) ?? fractionProblem(range, whole);
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

/** Rounded, an end would lie outside of the range, and a step would be another. */
function fractionProblem({ min, max, step, type }: Range, whole: boolean): AxisProblem | null {
  if (!whole && type !== 'int') return null;
  const [wrong] = Object.entries({ min, max, step }).filter(([, value]) => value !== undefined && !Number.isInteger(value));
  return wrong === undefined ? null : problem(wrong[0], String(wrong[1]), 'a whole number', whole ? 'this hyperparameter takes whole numbers' : 'or write type: float');
}

function problem(field: string | null, found: string, expected: string, suggestion: string): AxisProblem {
  return { path: field === null ? [] : [field], found, expected, suggestion };
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
