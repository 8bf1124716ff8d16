/** What settings must fulfil: formulas over hyperparameters, of which nothing is dispatched that fails one. */
import { evaluatePartly, parseExpression } from '../../proto/expression.js';
import { namedSettings } from '../../proto/named-settings.js';
import type { Assignment } from '../sweep/spec.js';

/**
 * Whether an assignment meets all of `constraints`. A formula is met where it is neither 0 nor NaN, and
 * where it depends on a number that the assignment lacks: one that speaks of `optimizer.adam.beta2` asks
 * nothing of other optimizers. Throws ExpressionError for a formula that cannot be read.
 */
export function acceptance(constraints: readonly string[]): (assignment: Assignment) => boolean {
  const formulas = constraints.map(parseExpression);
  return (assignment) => {
    if (formulas.length === 0) return true;
    const names = namedSettings(assignment);
    return formulas.every((formula) => {
      const met = evaluatePartly(formula, names);
      return met === null || (met !== 0 && !Number.isNaN(met));
    });
  };
}
