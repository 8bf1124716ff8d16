/** Constraints against the space: formulas that can be read, names that are numbers, and something that meets them all. */
import type { ModelModule } from '../../proto/model-module.js';
import { ExpressionError, namesIn, parseExpression, type Expression } from '../../proto/expression.js';
import { drawnPoints, listedAssignments, oneAtATime } from '../sampler/assignments.js';
import { gridAssignments, gridSize } from '../sampler/grid.js';
import { acceptance, COST_NAMES } from '../space/constraints.js';
import { checkNames, namesOfAxes, type KnownNames } from './formula-names.js';
import { describe, type Problem } from './mistakes.js';
import { costsFor } from './costs.js';
import { isDrawing, type SamplerFile } from './schema-search.js';
import type { Assignment, Axis, DataSummary, SweepSpec } from './spec.js';

/** Cells of a grid that are looked at one by one before a sweep begins; of a larger one, so many are drawn. */
const MOST_COUNTED = 1_000_000;
const DRAWS = 10_000;

/** `axes` are all of a trial's, defaults included; `hasCosts` for a trainable with a model. */
export function checkConstraints(constraints: readonly string[], axes: readonly Axis[], hasCosts: boolean): Problem[] {
  const known = namesOfAxes([...axes, ...(hasCosts ? COST_NAMES.map((name) => ({ name, values: [0] })) : [])]);
  return constraints.flatMap((constraint, index) => checkConstraint(constraint, index, known));
}

function checkConstraint(constraint: string, index: number, known: KnownNames): Problem[] {
  const base = { path: ['constraints', index], at: 'value' } as const;
  let expression: Expression;
  try {
    expression = parseExpression(constraint);
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    return [{ ...base, found: describe(constraint), expected: 'a formula over hyperparameters, such as imageSize * batch <= 6000', suggestion: error.why }];
  }
  return checkNames(expression, known, base);
}

/** Of a trial that is listed. */
export const NOT_MET = { at: 'value', found: 'settings that do not meet the constraints', expected: 'a trial that does', suggestion: 'take it out, or loosen them' } as const;

export type How = 'grid' | 'axes' | 'drawn';

export interface Counted {
  readonly met: number;
  readonly of: number;
  /** Whether these are all settings that there are; else they were drawn. */
  readonly all: boolean;
}

/** How many settings meet the constraints, which must be right; of drawn ones, whether any does. */
export function countAccepted(constraints: readonly string[], axes: readonly Axis[], how: How): Counted {
  const accepts = acceptance(constraints);
  const { settings, all } = settingsOf(axes, how);
  let [met, of] = [0, 0];
  for (const assignment of settings) {
    of += 1;
    if (accepts(assignment)) met += 1;
    if (!all && met > 0) break;
  }
  return { met, of, all };
}

function settingsOf(axes: readonly Axis[], how: How): { readonly settings: Iterable<Assignment>; readonly all: boolean } {
  if (how === 'axes') return { settings: oneAtATime(axes), all: true };
  if (how === 'grid' && gridSize(axes) <= MOST_COUNTED) return { settings: gridAssignments(axes), all: true };
  return { settings: drawnPoints(axes, DRAWS), all: false };
}

export function checkSomethingLeft({ met, of, all }: Counted): Problem[] {
  if (met > 0) return [];
  const found = all ? `constraints that none of ${of.toLocaleString('en')} combinations meets` : `constraints that none of ${of.toLocaleString('en')} settings drawn from space meets`;
  return [{ path: ['constraints'], at: 'value', found, expected: 'some settings that meet them all', suggestion: 'loosen one of them, or widen space' }];
}

/** Settings whose models are costed before it is said that none is small enough. */
const MOST_COSTED = 2_000;

/** Once classes and models are known: whether some settings meet the constraints that speak of costs. */
export function checkCosts(spec: SweepSpec, data: Pick<DataSummary, 'classes'> | null, module: ModelModule | null): Problem[] {
  const { axes, sampler, constraints = [] } = spec;
  const costOf = costsFor(spec, data, module);
  if (costOf === null) return [];
  const accepts = acceptance(constraints, costOf);
  if (typeof sampler === 'object' && 'list' in sampler) {
    return listedAssignments(axes, sampler.list).flatMap((assignment, index) => (accepts(assignment) ? [] : [{ ...NOT_MET, path: ['sampler', 'list', index] }]));
  }
  const least = new Map<string, number>();
  let of = 0;
  for (const assignment of settingsOf(axes, howTaken(sampler)).settings) {
    if (accepts(assignment)) return [];
    const costs = costOf(assignment);
    for (const name of COST_NAMES) least.set(name, Math.min(least.get(name) ?? Infinity, costs?.[name] ?? Infinity));
    of += 1;
    if (of === MOST_COSTED) break;
  }
  const said = COST_NAMES.filter((name) => constraints.some((constraint) => namesIn(parseExpression(constraint)).includes(name))).map((name) => `${name} ${least.get(name) ?? 0}`);
  const found = `constraints that none of ${of.toLocaleString('en')} settings meets; the least have ${said.join(' and ')}`;
  return [{ path: ['constraints'], at: 'value', found, expected: 'some settings that meet them all', suggestion: 'loosen one of them, or widen space' }];
}

/** How settings are taken from the space. */
export function howTaken(sampler: Exclude<SweepSpec['sampler'], { readonly list: unknown }> | SamplerFile | undefined): How {
  if (sampler === 'axes') return 'axes';
  return isDrawing(sampler) ? 'drawn' : 'grid';
}
