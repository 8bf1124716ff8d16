/**
 * Trials that a sweep file lists one by one, in itself or in a file: each with the values that it gives,
 * and for what it leaves out the value that `space` fixes, or the default.
 */
import { canonicalJson } from '../../proto/canonical.js';
import { ExpressionError } from '../../proto/expression.js';
import type { Json } from '../../proto/work.js';
import { acceptance } from '../space/constraints.js';
import { listedAssignments } from '../sampler/assignments.js';
import { messageOf, OFF, withDefaults } from './axes.js';
import { modelOf } from './check.js';
import { NOT_MET } from './check-constraints.js';
import { isRawMap, type Draft, type RawMap } from './draft.js';
import { describe, type Path, type Problem } from './mistakes.js';
import { MAX_TRIALS, oneOf } from './schema-parts.js';
import { hyperparametersOf, syntheticValue } from './schema-space.js';
import type { Assignment, Axis } from './spec.js';
import { suggestKey } from './suggest.js';

const AT = ['sampler', 'list'] as const;

/** Whether a path leads to a trial of the list, or into one. */
export function isInList(path: Path): boolean {
  return path.length > 2 && path[0] === 'sampler' && path[1] === 'list';
}

/** The trials that a sweep file lists in itself; null where it lists none, or names a file. */
export function rowsIn(raw: RawMap): readonly unknown[] | null {
  const list = isRawMap(raw.sampler) ? raw.sampler.list : undefined;
  return Array.isArray(list) ? (list as readonly unknown[]) : null;
}

export interface ListedTrials {
  /** Of all that `space` and the trials name; each with the values that trials have. */
  readonly axes: readonly Axis[];
  /** Of each trial, in the order of the list, what it does not have in common with all others. */
  readonly trials: readonly Assignment[];
  readonly problems: readonly Problem[];
}

/** `axes` are those of `space`; `rows` the list as written or read. */
export function listedTrials(draft: Draft, axes: readonly Axis[], rows: readonly unknown[]): ListedTrials {
  const known = draft.kind === 'image' ? draft.schemas.values : null;
  const problems: Problem[] = [];
  const said = new Set<string>();
  const once = (name: string, problem: Problem): void => {
    if (!said.has(name)) problems.push(problem);
    said.add(name);
  };
  if (rows.length === 0) problems.push({ path: AT, at: 'value', found: 'no trial', expected: 'at least one', suggestion: null });
  if (rows.length > MAX_TRIALS) problems.push({ path: AT, at: 'value', found: `${rows.length} trials`, expected: `at most ${MAX_TRIALS}`, suggestion: null });
  const given = rows.map((row, index): Assignment => {
    if (!isRawMap(row)) {
      problems.push({ path: [...AT, index], at: 'value', found: describe(row), expected: 'a map of hyperparameters, as in {lr: 0.01, batch: 16}', suggestion: null });
      return {};
    }
    return Object.fromEntries(
      Object.entries(row).filter(([name, value]) => {
        const path = [...AT, index, name];
        const schema = known === null ? syntheticValue(name) : Object.hasOwn(known, name) ? known[name] : undefined;
        if (schema === undefined) {
          const names = Object.keys(known ?? {});
          once(name, { path, at: 'key', found: `the unknown key ${describe(name)}`, expected: oneOf((draft.kind === 'image' ? hyperparametersOf(draft.raw.model) : null) ?? names), suggestion: suggestKey(name, names, ['space']) });
          return false;
        }
        const issue = schema.safeParse(value).error?.issues[0];
        if (issue !== undefined) problems.push({ path, at: 'value', found: describe(value), expected: messageOf(issue), suggestion: null });
        return issue === undefined;
      }),
    ) as Assignment;
  });
  const open: Problem[] = [];
  const filled = fillIn(draft, axes, given, open);
  // A value that is wrong was taken out, and would be said to be missing.
  const whole = problems.length > 0 ? [] : open.length > 0 ? open : checkAccepted(draft, filled);
  return { ...filled, problems: [...problems, ...whole, ...checkBudget(draft, rows.length)] };
}

/** What is wrong with a hyperparameter that only the list names stands there, in the first trial that names it. */
export function movedToList(problems: readonly Problem[], draft: Draft, rows: readonly unknown[]): Problem[] {
  return problems.map((problem) => {
    const [section, name, ...rest] = problem.path;
    if (section !== 'space' || typeof name !== 'string' || draft.space.has(name)) return problem;
    const row = rows.findIndex((each) => isRawMap(each) && Object.hasOwn(each, name) && (problem.at === 'key' || describe(each[name]) === problem.found));
    const first = row < 0 ? rows.findIndex((each) => isRawMap(each) && Object.hasOwn(each, name)) : row;
    return first < 0 ? problem : { ...problem, path: [...AT, first, name, ...rest] };
  });
}

function fillIn(draft: Draft, axes: readonly Axis[], given: readonly Assignment[], problems: Problem[]): { readonly axes: readonly Axis[]; readonly trials: readonly Assignment[] } {
  const model = draft.kind === 'image' ? modelOf(draft) : null;
  const defaults = model === null ? [] : withDefaults([], model);
  const own = axes.filter(({ when }) => when === undefined);
  const isFixed = (axis: Axis): boolean => axis.values.length === 1 && !axes.some(({ when }) => when?.axis === axis.name);
  const names = [...new Set([...own.map(({ name }) => name), ...given.flatMap((row) => Object.keys(row))])];
  const trials = given.map((): { [name: string]: Json } => ({}));
  const union = names.map((name): Axis => {
    const axis = own.find((each) => each.name === name) ?? defaults.find((each) => each.name === name);
    const lacking = given.findIndex((row) => !Object.hasOwn(row, name));
    if (lacking >= 0 && axis !== undefined && !isFixed(axis)) {
      problems.push({ path: [...AT, lacking], at: 'value', found: `no ${name}, which has several values in space`, expected: 'it in every trial', suggestion: `or write one value for ${name} in space` });
    }
    if (lacking >= 0 && axis === undefined && !Object.hasOwn(OFF, name)) {
      problems.push({ path: [...AT, lacking], at: 'value', found: `no ${name}, which another trial has`, expected: 'it in every trial', suggestion: `or write a value for ${name} in space` });
    }
    const isGiven = given.some((row) => Object.hasOwn(row, name));
    given.forEach((row, index) => {
      if (!isGiven) return;
      const value = Object.hasOwn(row, name) ? row[name] : (axis?.values[0] ?? OFF[name]);
      if (value !== undefined && trials[index] !== undefined) trials[index][name] = value;
    });
    const values = new Map(trials.flatMap((row) => (Object.hasOwn(row, name) ? [[canonicalJson(row[name] ?? null), row[name] ?? null] as const] : [])));
    return { name, values: values.size === 0 ? (axis?.values ?? []) : [...values.values()] };
  });
  return { axes: union, trials };
}

function checkAccepted(draft: Draft, { axes, trials }: Pick<ListedTrials, 'axes' | 'trials'>): Problem[] {
  const model = draft.kind === 'image' ? modelOf(draft) : null;
  const accepts = acceptanceOrNull(draft.sections.constraints ?? []);
  if (accepts === null) return [];
  const assignments = listedAssignments(model === null ? axes : withDefaults(axes, model), trials);
  return assignments.flatMap((assignment, index): Problem[] => (accepts(assignment) ? [] : [{ ...NOT_MET, path: [...AT, index] }]));
}

/** Null where one cannot be read, which is told elsewhere. */
function acceptanceOrNull(constraints: readonly string[]): ((assignment: Assignment) => boolean) | null {
  try {
    return constraints.length === 0 ? null : acceptance(constraints);
  } catch (error) {
    if (error instanceof ExpressionError) return null;
    throw error;
  }
}

function checkBudget({ sections: { budget } }: Draft, trials: number): Problem[] {
  if (budget?.trials === undefined || budget.trials >= trials) return [];
  return [{ path: ['budget', 'trials'], at: 'value', found: `${budget.trials} for a list of ${trials} trials`, expected: `at least ${trials}`, suggestion: 'raise it or take trials out of the list' }];
}
