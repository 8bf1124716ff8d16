/**
 * What a person asks to be changed in a sweep, as replacements in its file: so a command makes the same
 * revision that the edited file would have made, and every check of a file is a check of the command. Pure.
 */
import { canonicalJson } from '../../proto/canonical.js';
import type { Json } from '../../proto/work.js';
import { isRawMap } from './draft.js';
import { describe, type Problem } from './mistakes.js';
import type { Replacement } from './rewrite.js';
import { oneOf } from './schema-parts.js';
import { readSource } from './source.js';
import type { Axis, SweepSpec } from './spec.js';

/** Absent fields stay as they are. */
export interface SweepChange {
  /** The longest trials go on to so many epochs. */
  readonly epochs?: number | undefined;
  /** So many trials instead of fewer. */
  readonly trials?: number | undefined;
  /** New values of axes; {min, max} widens a range. */
  readonly add?: { readonly [axis: string]: readonly Json[] } | undefined;
  /** Fields of `budget` by their names in a sweep file; null takes one out. */
  readonly budget?: { readonly [field: string]: Json } | undefined;
  readonly pruner?: Json | undefined;
  /** Null takes it out, as in `concurrency`. */
  readonly priority?: Json | undefined;
  readonly concurrency?: Json | undefined;
  /** Names or ids of other sweeps whose trials the sampler is to know. */
  readonly warmStartFrom?: readonly string[] | undefined;
}

/** Whether it brings new work, rather than saying how the work there is goes on. */
export function isExtension({ epochs, trials, add }: SweepChange): boolean {
  return epochs !== undefined || trials !== undefined || add !== undefined;
}

/** `spec` is what `text` says. Whatever else is wrong with a change, the changed file says. */
export function replacementsOf(change: SweepChange, text: string, spec: SweepSpec): { readonly replacements: readonly Replacement[]; readonly problems: readonly Problem[] } {
  const raw = readSource(text).value;
  const space = isRawMap(raw) && isRawMap(raw.space) ? raw.space : {};
  const replacements: Replacement[] = [];
  const problems: Problem[] = [];
  const take = (made: Replacement | Problem): void => {
    if ('found' in made) problems.push(made);
    else replacements.push(made);
  };
  if (change.epochs !== undefined) take(longer(change.epochs, spec, space.epochs));
  if (change.trials !== undefined) take(moreTrials(change.trials, spec));
  for (const [name, values] of Object.entries(change.add ?? {})) take(widened(name, values, spec, space[name]));
  for (const [field, value] of Object.entries(change.budget ?? {})) take({ path: ['budget', field], value: value ?? undefined });
  if (change.pruner !== undefined) take({ path: ['pruner'], value: change.pruner });
  for (const field of ['priority', 'concurrency'] as const) if (change[field] !== undefined) take({ path: [field], value: change[field] ?? undefined });
  if (change.warmStartFrom !== undefined) take({ path: ['warmStart', 'from'], value: change.warmStartFrom });
  return { replacements, problems };
}

const inList = (sampler: SweepSpec['sampler'], name: string): boolean => typeof sampler === 'object' && 'list' in sampler && sampler.list.some((trial) => Object.hasOwn(trial, name));

/** The largest value of the axis becomes `epochs`, where it stands: trials of that length go on to it, and the first value is still the first. */
function longer(epochs: number, spec: SweepSpec, written: unknown): Replacement | Problem {
  const path = ['space', 'epochs'];
  const axis = spec.axes.find(({ name }) => name === 'epochs');
  const longest = Math.max(...(axis?.values.map(Number) ?? [0]));
  if (!(epochs > longest)) return { path, at: 'value', found: String(epochs), expected: `more than ${longest}, the longest trials there are`, suggestion: null };
  if (inList(spec.sampler, 'epochs')) return { path, at: 'value', found: `${epochs} for a list whose trials name their own epochs`, expected: 'a list that does not', suggestion: 'write them in the sweep file' };
  if (axis?.range !== undefined && isRawMap(written)) return { path, value: { ...(written as { [field: string]: Json }), max: epochs } };
  const values = axis?.values.map((value) => (value === longest ? epochs : value)) ?? [];
  return { path, value: values.length > 1 ? values : epochs };
}

function moreTrials(trials: number, { budget, sampler }: SweepSpec): Replacement | Problem {
  const path = ['budget', 'trials'];
  const listed = sampler === 'grid' || sampler === 'axes' || (typeof sampler === 'object' && 'list' in sampler);
  if (listed) {
    const name = typeof sampler === 'string' ? sampler : 'list';
    return { path, at: 'value', found: `${trials} for sampler ${name}`, expected: 'a sampler that draws, or a shuffled grid', suggestion: `${name} has all its trials; new values on an axis make more: --add 'lr=0.003'` };
  }
  if (budget.trials !== null && trials <= budget.trials) return { path, at: 'value', found: String(trials), expected: `more than ${budget.trials}, which it has already`, suggestion: null };
  return { path, value: trials };
}

function widened(name: string, values: readonly Json[], spec: SweepSpec, written: unknown): Replacement | Problem {
  const path = ['space', name];
  if (typeof spec.sampler === 'object' && 'list' in spec.sampler) return { path, at: 'value', found: `${describe(values)} for sampler list`, expected: 'a sampler that takes its trials from space', suggestion: "a list has all its trials; one more: trawl enqueue SWEEP 'lr=0.003'" };
  const outer = spec.axes.filter(({ when }) => when === undefined);
  const axis = outer.find((each) => each.name === name);
  if (axis === undefined) {
    const known = outer.map((each) => each.name);
    return { path, at: 'key', found: describe(name), expected: oneOf(known), suggestion: 'a hyperparameter that is new to the sweep is added in its file' };
  }
  if (axis.range !== undefined) return widerRange(path, axis, values, written);
  const known = new Set(axis.values.map(canonicalJson));
  if (values.every((value) => known.has(canonicalJson(value)))) return { path, at: 'value', found: describe(values), expected: 'a value that is not there yet', suggestion: null };
  const isRange = isRawMap(written) && 'min' in written && 'max' in written;
  const before = isRange || written === undefined ? axis.values : Array.isArray(written) ? (written as Json[]) : [written as Json];
  return { path, value: [...before, ...values] };
}

function widerRange(path: readonly string[], { range }: Axis, values: readonly Json[], written: unknown): Replacement | Problem {
  const [wider] = values;
  const given = values.length === 1 && isRawMap(wider) && typeof wider.min === 'number' && typeof wider.max === 'number' ? { min: wider.min, max: wider.max } : null;
  const contains = given !== null && range !== undefined && given.min <= range.min && given.max >= range.max;
  if (!contains || !isRawMap(written)) {
    return { path, at: 'value', found: describe(values), expected: `{min, max} with at least all from ${range?.min ?? ''} to ${range?.max ?? ''}`, suggestion: 'a range is widened as a whole' };
  }
  return { path, value: { ...(written as { [field: string]: Json }), ...given } };
}
