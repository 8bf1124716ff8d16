/** Constraints against the space: formulas that can be read, names that are numbers, and something that meets them all. */
import { ExpressionError, parseExpression, type Expression } from '../../proto/expression.js';
import { drawnPoints, oneAtATime } from '../sampler/assignments.js';
import { gridAssignments, gridSize } from '../sampler/grid.js';
import { acceptance } from '../space/constraints.js';
import { checkNames, namesOfAxes } from './formula-names.js';
import { describe, type Problem } from './mistakes.js';
import type { Assignment, Axis } from './spec.js';

/** Cells of a grid that are looked at one by one before a sweep begins; of a larger one, so many are drawn. */
const MOST_COUNTED = 1_000_000;
const DRAWS = 10_000;

/** `axes` are all of a trial's, defaults included. */
export function checkConstraints(constraints: readonly string[], axes: readonly Axis[]): Problem[] {
  return constraints.flatMap((constraint, index) => checkConstraint(constraint, index, axes));
}

function checkConstraint(constraint: string, index: number, axes: readonly Axis[]): Problem[] {
  const base = { path: ['constraints', index], at: 'value' } as const;
  let expression: Expression;
  try {
    expression = parseExpression(constraint);
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    return [{ ...base, found: describe(constraint), expected: 'a formula over hyperparameters, such as imageSize * batch <= 6000', suggestion: error.why }];
  }
  return checkNames(expression, namesOfAxes(axes), base);
}

export interface Counted {
  readonly met: number;
  readonly of: number;
  /** Whether these are all settings that there are; else they were drawn. */
  readonly all: boolean;
}

/** How many settings meet the constraints, which must be right. */
export function countAccepted(constraints: readonly string[], axes: readonly Axis[], how: 'grid' | 'axes' | 'drawn'): Counted {
  const accepts = acceptance(constraints);
  const size = gridSize(axes);
  const count = (assignments: Iterable<Assignment>, all: boolean): Counted => {
    let [met, of] = [0, 0];
    for (const assignment of assignments) {
      of += 1;
      if (accepts(assignment)) met += 1;
    }
    return { met, of, all };
  };
  if (how === 'axes') return count(oneAtATime(axes), true);
  if (how === 'grid' && size <= MOST_COUNTED) return count(gridAssignments(axes), true);
  return count(drawnPoints(axes, DRAWS), false);
}

export function checkSomethingLeft({ met, of, all }: Counted): Problem[] {
  if (met > 0) return [];
  const found = all ? `constraints that none of ${of.toLocaleString('en')} combinations meets` : `constraints that none of ${of.toLocaleString('en')} settings drawn from space meets`;
  return [{ path: ['constraints'], at: 'value', found, expected: 'some settings that meet them all', suggestion: 'loosen one of them, or widen space' }];
}
