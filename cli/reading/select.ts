/** Which trials `trawl trials` shows, and in which order. */
import { evaluatePartly, ExpressionError, namesIn, parseExpression, textsIn } from '../../proto/expression.js';
import type { Json } from '../../proto/work.js';
import type { Results, TrialResult } from '../../coordinator/api/trial-views.js';
import { BadInput } from '../exit.js';
import { columnNamed, type TrialColumn } from './columns.js';

/**
 * The trials for which a formula over the columns is neither 0 nor NaN; one that needs what a trial has not
 * does not hold for it. Throws BadInput for a formula that cannot be read, or that names no column.
 */
export function filtered(results: Results, columns: readonly TrialColumn[], formula: string): readonly TrialResult[] {
  let expression;
  try {
    expression = parseExpression(formula);
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    throw new BadInput(`--filter: found ${error.message}, expected a formula such as 'val.auc > 0.9 && lr <= 0.01' or 'state == "completed"'`);
  }
  const named = [...new Set([...namesIn(expression), ...textsIn(expression).map(({ name }) => name)])];
  const read = named.map((name) => columnNamed(name, results, columns, '--filter'));
  return results.trials.filter((trial) => {
    const values = read.map((column, index): readonly [string, Json] => [named[index] ?? '', column.value(trial)]);
    const met = evaluatePartly(expression, {
      numbers: Object.fromEntries(values.flatMap(([name, value]) => (typeof value === 'number' ? [[name, value]] : typeof value === 'boolean' ? [[name, value ? 1 : 0]] : []))),
      texts: Object.fromEntries(values.flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : []))),
    });
    return met !== null && met !== 0 && !Number.isNaN(met);
  });
}

/**
 * `written`: a column, the best first (a loss or a number of its own: the smallest), or with `:asc` or `:desc`.
 * Trials without a value come last; ties stay as they were.
 */
export function sorted(trials: readonly TrialResult[], results: Results, columns: readonly TrialColumn[], written: string): readonly TrialResult[] {
  const [, name = '', order] = /^(.*?)(?::(asc|desc))?$/s.exec(written) ?? [];
  const column = columnNamed(name, results, columns, '--sort');
  const sign = (order ?? (column.best === 'high' ? 'desc' : 'asc')) === 'desc' ? -1 : 1;
  return trials.toSorted((a, b) => {
    const [x, y] = [column.value(a), column.value(b)];
    if (x === null || y === null) return Number(x === null) - Number(y === null);
    if (typeof x === 'number' && typeof y === 'number') return sign * (x - y);
    return sign * textOf(x).localeCompare(textOf(y), 'en');
  });
}

export function textOf(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
