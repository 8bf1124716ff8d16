/** The synthetic trainable's own checks: names that formulas can use, and formulas that can be computed. */
import { ExpressionError, RESERVED_NAMES, namesIn, parseExpression, type Expression } from '../../proto/expression.js';
import { isSchedule, SCHEDULE_KINDS } from '../space/schedule.js';
import type { SyntheticDraft } from './draft.js';
import { checkNames, namesOfAxes } from './formula-names.js';
import { describe, type Problem } from './mistakes.js';
import { oneOf } from './schema-parts.js';
import type { Axis } from './spec.js';

export function checkSynthetic(draft: SyntheticDraft, axes: readonly Axis[]): Problem[] {
  const trainable = draft.sections.trainable;
  const names = [...new Set([...draft.space.keys(), ...axes.flatMap(({ name, when }) => (when === undefined ? [name] : []))])].flatMap((name) => checkName(name, ownNames(draft)));
  if (trainable === undefined) return names;
  const { metrics } = trainable.synthetic;
  const at = { path: ['trainable', 'synthetic', 'metrics'], at: 'value' } as const;
  if (Object.keys(metrics).length === 0) {
    return [...names, { ...at, found: 'no metric', expected: 'at least one metric with its formula', suggestion: "such as val.loss: '1 / (epoch + 1)'" }];
  }
  return [...names, ...Object.entries(metrics).flatMap(([metric, formula]) => checkFormula([...at.path, metric], String(formula), draft, axes))];
}

/** What formulas call the epoch and, in a file with `replicates`, the replicate. */
function ownNames({ sections }: SyntheticDraft): string[] {
  return sections.replicates === undefined ? ['epoch'] : ['epoch', 'replicate'];
}

/** `taken`: what formulas call otherwise. */
export function checkName(name: string, taken: readonly string[]): Problem[] {
  const base = { path: ['space', name], at: 'key', found: describe(name) } as const;
  if (taken.includes(name) || RESERVED_NAMES.has(name)) {
    return [{ ...base, expected: 'a name that formulas do not use already', suggestion: name === 'epoch' ? 'did you mean epochs?' : 'call it otherwise' }];
  }
  if (/^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(name)) return [];
  return [{ ...base, expected: 'a name of letters, digits and _', suggestion: `formulas could not use it; write ${name.replace(/[^\p{L}\p{N}_$]/gu, '_')}` }];
}

function checkFormula(path: readonly string[], formula: string, draft: SyntheticDraft, axes: readonly Axis[]): Problem[] {
  const base = { path, at: 'value' } as const;
  let expression: Expression;
  try {
    expression = parseExpression(formula);
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    return [{ ...base, found: describe(formula), expected: 'a formula over epoch and hyperparameters', suggestion: error.why }];
  }
  // The number of epochs is no part of what an epoch yields: trials of other lengths share it.
  if (namesIn(expression).includes('epochs')) {
    return [{ ...base, found: 'the name epochs', expected: oneOf([...ownNames(draft), ...namesFor(draft)]), suggestion: 'an epoch cannot depend on how many follow it' }];
  }
  const known = namesOfAxes([...ownNames(draft).map((name) => ({ name, values: [0] })), ...namesFor(draft).filter((name) => !axes.some((axis) => axis.name === name)).map((name) => ({ name, values: [0] })), ...axes.filter(({ name }) => name !== 'epochs').flatMap(inEachEpoch)]);
  return checkNames(expression, known, base);
}

function namesFor(draft: SyntheticDraft): string[] {
  return [...draft.space.keys()].filter((name) => name !== 'epochs' && checkName(name, ownNames(draft)).length === 0);
}

/** In each epoch a schedule is a number. */
function inEachEpoch(axis: Axis): Axis[] {
  const values = axis.values.map((value) => (isSchedule(value) ? 0 : value));
  return SCHEDULE_KINDS.some((kind) => axis.when?.path[0] === kind) ? [] : [{ ...axis, values }];
}
