/** Constraints against the space: formulas that can be read, names that are numbers, and something that meets them all. */
import type { ModelModule } from '../../proto/model-module.js';
import { ExpressionError, namesIn, parseExpression, type Expression } from '../../proto/expression.js';
import { drawnPoints, everySetting, listedAssignments, oneAtATime } from '../sampler/assignments.js';
import { gridAssignments, gridSize } from '../sampler/grid.js';
import { acceptance, COST_NAMES, speaksOfCosts, type CostOf } from '../space/constraints.js';
import { checkNames, namesOfAxes, type KnownNames } from './formula-names.js';
import { describe, type Problem } from './mistakes.js';
import { costsFor, UnsupportedLayerError } from './costs.js';
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

/** How many settings meet the constraints, which must be right; of drawn ones, whether any does. Without `costOf` costs rule nothing out. */
export function countAccepted(constraints: readonly string[], axes: readonly Axis[], how: How, costOf: CostOf | null = null): Counted {
  const accepts = acceptance(constraints, costOf);
  const { settings, all } = settingsOf(axes, how);
  const counted = { ...countIn(settings, accepts, !all), all };
  if (all || counted.met > 0) return counted;
  // Draws may miss what a few settings of a space with an end do meet.
  const every = everySetting(axes, MOST_COUNTED);
  return every === null ? counted : { ...countIn(every, accepts, true), all: true };
}

function countIn(settings: Iterable<Assignment>, accepts: (assignment: Assignment) => boolean, isOneEnough: boolean): { readonly met: number; readonly of: number } {
  let [met, of] = [0, 0];
  for (const assignment of settings) {
    of += 1;
    if (accepts(assignment)) met += 1;
    if (isOneEnough && met > 0) break;
  }
  return { met, of };
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

/** Settings whose models are costed before it is said that none is small enough; of more, so many are drawn, since those of a grid begin with the first value of each axis. */
const MOST_COSTED = 2_000;

/** Once classes and models are known: whether some settings meet the constraints that speak of costs. */
export function checkCosts(spec: SweepSpec, data: Pick<DataSummary, 'classes'> | null, module: ModelModule | null): Problem[] {
  const costOf = costsFor(spec, data, module);
  if (costOf === null) return [];
  try {
    return checkCosted(spec, costOf);
  } catch (error) {
    if (!(error instanceof UnsupportedLayerError)) throw error;
    const { constraints = [] } = spec;
    return [{ path: ['constraints', constraints.findIndex(speaksOfCosts)], at: 'value', found: `what a model costs of which that is not known: ${error.message}`, expected: 'hyperparameters alone in the constraints of a model for --engine eager', suggestion: null }];
  }
}

function checkCosted({ axes, sampler, constraints = [] }: SweepSpec, costOf: CostOf): Problem[] {
  const accepts = acceptance(constraints, costOf);
  if (typeof sampler === 'object' && 'list' in sampler) {
    return listedAssignments(axes, sampler.list).flatMap((assignment, index) => (accepts(assignment) ? [] : [{ ...NOT_MET, path: ['sampler', 'list', index] }]));
  }
  const least = new Map<string, number>();
  let of = 0;
  const how = howTaken(sampler);
  const isSmall = how === 'axes' || (how === 'grid' && gridSize(axes) <= MOST_COSTED);
  for (const assignment of isSmall ? settingsOf(axes, how).settings : drawnPoints(axes, MOST_COSTED)) {
    if (accepts(assignment)) return [];
    const costs = costOf(assignment);
    for (const name of COST_NAMES) least.set(name, Math.min(least.get(name) ?? Infinity, costs?.[name] ?? Infinity));
    of += 1;
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
