/** What settings must fulfil: formulas over hyperparameters, of which nothing is dispatched that fails one. */
import { evaluate, parseExpression } from '../../proto/expression.js';
import type { Json } from '../../proto/work.js';
import type { Assignment } from '../sweep/spec.js';

/** The number that a constraint reads a value as: true is 1, false is 0; null for a value that is no number. */
export function constraintValue(value: Json): number | null {
  if (typeof value === 'boolean') return value ? 1 : 0;
  return typeof value === 'number' ? value : null;
}

/**
 * Whether an assignment meets all of `constraints`. A formula is met where it is neither 0 nor NaN.
 * Throws ExpressionError for a formula that cannot be read, or one that names what the assignment lacks.
 */
export function acceptance(constraints: readonly string[]): (assignment: Assignment) => boolean {
  const formulas = constraints.map(parseExpression);
  return (assignment) => {
    if (formulas.length === 0) return true;
    const numbers = Object.fromEntries(
      Object.entries(assignment).flatMap(([name, value]) => {
        const number = constraintValue(value);
        return number === null ? [] : [[name, number] as const];
      }),
    );
    return formulas.every((formula) => {
      const met = evaluate(formula, numbers);
      return met !== 0 && !Number.isNaN(met);
    });
  };
}
