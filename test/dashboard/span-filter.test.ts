import assert from 'node:assert/strict';
import { test } from 'node:test';
import { evaluate, parseExpression } from '../../proto/expression.js';
import { dimensionsOf, measuredDimension } from '../../dashboard/pages/sweep/dimension.js';
import type { PlotTrial } from '../../dashboard/pages/sweep/points.js';
import { filterOf } from '../../dashboard/pages/sweep/span-filter.js';
import { isWithin, type Span } from '../../dashboard/pages/sweep/spans.js';

const SETTINGS: readonly PlotTrial['settings'][] = [
  { lr: 0.001, epochs: 3, mode: 'a "deep" one', schedule: { cosine: { initial: 0.01 } } },
  { lr: 0.01, epochs: 6, mode: 'wide', schedule: 0.1 },
  { lr: 0.1, epochs: 6, mode: 'flat', schedule: { cosine: { initial: 0.02 } } },
  { lr: 1, epochs: 3, mode: 'wide', schedule: 0.2 },
];
const TRIALS = SETTINGS.map((settings, number): PlotTrial => ({ id: `trl_${number}`, number, settings, objective: number / 10, objectives: [number / 10], rank: null }));
const AXES = [...dimensionsOf(TRIALS), measuredDimension('val.recall[viral pneumonia]', ({ objective }) => objective, TRIALS)];

const insideOf = (spans: readonly Span[]): PlotTrial[] => TRIALS.filter((trial) => isWithin(trial, spans, AXES));
const filter = (...spans: readonly Span[]): string | null => filterOf(spans, AXES, { shown: TRIALS, inside: insideOf(spans), isSample: false });

test('spans of numbers and of categories are a formula, a hyperparameter with the name of a column in full', () => {
  assert.equal(filter({ name: 'lr', from: 0.001, to: 0.01 }), 'lr >= 0.001 && lr <= 0.01');
  assert.equal(filter({ name: 'epochs', from: 4, to: 6 }, { name: 'mode', categories: ['wide', 'flat'] }), 'settings.epochs >= 4 && settings.epochs <= 6 && (mode == "wide" || mode == "flat")');
  assert.equal(filter({ name: 'val.recall[viral pneumonia]', from: -0.5, to: 0.1 }), 'objective >= -0.5 && objective <= 0.1');
  assert.equal(filter({ name: 'gone', from: 0, to: 1 }), null);
});

test('schedules, which no formula tells apart, are told by the numbers of their trials', () => {
  assert.equal(filter({ name: 'schedule', categories: ['cosine(initial 0.01)', '0.2'] }), 'trial == 0 || trial == 3');
  assert.equal(filterOf([{ name: 'schedule', categories: ['0.2'] }], AXES, { shown: TRIALS, inside: TRIALS.slice(3), isSample: true }), '(schedule == 0.2)');
  assert.equal(filterOf([{ name: 'schedule', categories: ['cosine(initial 0.01)'] }], AXES, { shown: TRIALS, inside: TRIALS.slice(0, 1), isSample: true }), null);
});

test('a category stands in the formula of a sample where no trial of the sample is within the other spans: others may be', () => {
  const spans: readonly Span[] = [{ name: 'lr', from: 0.05, to: 0.5 }, { name: 'mode', categories: ['wide', 'flat'] }];
  assert.deepEqual(insideOf(spans).map(({ number }) => number), [2]);
  assert.equal(filterOf(spans, AXES, { shown: TRIALS, inside: insideOf(spans), isSample: true }), 'lr >= 0.05 && lr <= 0.5 && (mode == "wide" || mode == "flat")');
});

test('a formula that would be too long for the API is none', () => {
  const many = Array.from({ length: 400 }, (_, number): PlotTrial => ({ ...TRIALS[0]!, number }));
  assert.equal(filterOf([{ name: 'schedule', categories: ['cosine(initial 0.01)'] }], AXES, { shown: many, inside: many, isSample: false }), null);
});

test('a formula holds for the trials within the spans and for no others', () => {
  const all: readonly (readonly Span[])[] = [[{ name: 'lr', from: 0.005, to: 0.5 }], [{ name: 'mode', categories: ['a "deep" one', 'flat'] }], [{ name: 'lr', from: 0.01, to: 1 }, { name: 'epochs', from: 3, to: 3 }], [{ name: 'schedule', categories: ['0.1', '0.2'] }]];
  for (const spans of all) {
    const formula = parseExpression(filter(...spans) ?? '');
    const held = TRIALS.filter(({ number, objective, settings: { lr, epochs, mode, schedule } }) => {
      const numbers = { trial: number, objective: objective ?? NaN, lr: Number(lr), 'settings.epochs': Number(epochs), schedule: typeof schedule === 'number' ? schedule : NaN };
      return evaluate(formula, { numbers, texts: { mode: typeof mode === 'string' ? mode : '' } }) === 1;
    });
    assert.deepEqual(held, insideOf(spans), JSON.stringify(spans));
  }
});
