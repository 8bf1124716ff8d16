/** What settings must fulfil: formulas over hyperparameters and costs, of which nothing is dispatched that fails one. */
import { evaluatePartly, namesIn, parseExpression } from '../../proto/expression.js';
import { namedSettings } from '../../proto/named-settings.js';
import type { Assignment } from '../sweep/spec.js';

/** What a trial's model costs, by the names that constraints call it by. */
export const COST_NAMES = ['parameters', 'multiplyAdds', 'memory'] as const;
export type Costs = { readonly [name in (typeof COST_NAMES)[number]]: number };

/** Null where it is not known. */
export type CostOf = (assignment: Assignment) => Costs | null;

/** Whether a formula, which can be read, names a cost. */
export function speaksOfCosts(constraint: string): boolean {
  return namesIn(parseExpression(constraint)).some((name) => (COST_NAMES as readonly string[]).includes(name));
}

/**
 * Whether an assignment meets all of `constraints`. A formula is met where it is neither 0 nor NaN, and
 * where it depends on a number that the assignment lacks: one that speaks of `optimizer.adam.beta2` asks
 * nothing of other optimizers, and without `costOf` none asks anything of costs. Throws ExpressionError
 * for a formula that cannot be read.
 */
export function acceptance(constraints: readonly string[], costOf: CostOf | null = null): (assignment: Assignment) => boolean {
  const formulas = constraints.map(parseExpression);
  return (assignment) => {
    if (formulas.length === 0) return true;
    const { numbers, texts } = namedSettings(assignment);
    const names = { numbers: { ...costOf?.(assignment), ...numbers }, texts };
    return formulas.every((formula) => {
      const met = evaluatePartly(formula, names);
      return met === null || (met !== 0 && !Number.isNaN(met));
    });
  };
}
