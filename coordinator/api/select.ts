/** Which trials a leaderboard shows, and in which order. */
import { evaluatePartly, type Expression, ExpressionError, namesIn, parseExpression, textsIn } from '../../proto/expression.js';
import type { Json } from '../../proto/work.js';
import { columnNamed, type Ranking, type TrialColumn } from './columns.js';
import { BadRequest } from './errors.js';
import type { TrialResult } from './trial-views.js';

/**
 * Whether a formula over the columns is neither 0 nor NaN for a trial; one that needs what a trial has not
 * does not hold for it. `option`: how the message names what was given. Throws BadRequest for a formula that
 * cannot be read, or that names no column, with the place where it stands.
 */
export function holdsFor(ranking: Ranking, columns: readonly TrialColumn[], formula: string, option: string): (trial: TrialResult) => boolean {
  let expression: Expression;
  try {
    expression = parseExpression(formula);
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    throw new BadRequest(`${option}: found ${error.message}, expected a formula such as 'val.auc > 0.9 && lr <= 0.01' or 'state == "completed"'`);
  }
  const named = [...new Set([...namesIn(expression), ...textsIn(expression).map(({ name }) => name)])];
  const read = named.map((name) => columnNamed(name, ranking, columns, `${option}: at character ${formula.indexOf(name) + 1}`));
  return (trial) => {
    const numbers: { [name: string]: number } = {};
    const texts: { [name: string]: string } = {};
    for (const [index, column] of read.entries()) {
      const [name, value] = [named[index] ?? '', column.value(trial)];
      if (typeof value === 'number') numbers[name] = value;
      else if (typeof value === 'boolean') numbers[name] = value ? 1 : 0;
      else if (typeof value === 'string') texts[name] = value;
    }
    const met = evaluatePartly(expression, { numbers, texts });
    return met !== null && met !== 0 && !Number.isNaN(met);
  };
}

/**
 * `written`: a column, the best first (a loss or a number of its own: the smallest), or with `:asc` or `:desc`.
 * Trials without a value come last; ties stay as they were.
 */
export function sorted(trials: readonly TrialResult[], ranking: Ranking, columns: readonly TrialColumn[], written: string, option: string): readonly TrialResult[] {
  const [, name = '', order] = /^(.*?)(?::(asc|desc))?$/s.exec(written) ?? [];
  const column = columnNamed(name, ranking, columns, option);
  const sign = (order ?? (column.best === 'high' ? 'desc' : 'asc')) === 'desc' ? -1 : 1;
  const values = new Map(trials.map((trial) => [trial, column.value(trial)]));
  return trials.toSorted((a, b) => {
    const [x = null, y = null] = [values.get(a), values.get(b)];
    if (x === null || y === null) return Number(x === null) - Number(y === null);
    if (typeof x === 'number' && typeof y === 'number') return sign * (x - y);
    return sign * textOf(x).localeCompare(textOf(y), 'en');
  });
}

export function textOf(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
