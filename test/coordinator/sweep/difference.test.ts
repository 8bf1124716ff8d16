import assert from 'node:assert/strict';
import { test } from 'node:test';
import { differences, sideBySide } from '../../../coordinator/sweep/difference.js';
import { parseSweepFile } from '../../../coordinator/sweep/parse.js';
import type { SweepSpec } from '../../../coordinator/sweep/spec.js';

function spec(text: string): SweepSpec {
  const result = parseSweepFile(text, 'a.yaml');
  assert.ok('spec' in result);
  return result.spec;
}

test('a revision that says the same has no differences', () => {
  assert.deepEqual(differences(spec('data: x\nspace: {lr: [0.1]}'), spec('# the same\nspace:\n  lr: 0.1\ndata: {path: x}')), []);
});

test('each changed field is one line in the words of the file', () => {
  const before = spec('data: x\nspace: {lr: [0.01]}\nobjective: {maximize: val.auc}');
  const after = spec(`data: {path: x, groupBy: '(p\\d)', split: {val: 0.2, test: given}}
space: {lr: [0.01, {cosine: {initial: 0.1}}], epochs: [5, 10]}
objective: {minimize: val.loss, floors: {'val.recall[A]': 0.9}}
stop: {patience: 3}
budget: {trials: 9}
stageTimeout: 10m
priority: 2
concurrency: 4
seed: 1
pruner: {median: {every: 2}}
sampler: {grid: {order: shuffled}}`);
  assert.deepEqual(differences(before, after).sort(), [
    'budget.trials: none -> 9',
    'concurrency: none -> 4',
    'data.groupBy: none -> (p\\d)',
    'data.split.seed: none -> 0',
    'data.split.test: none -> given',
    'data.split.val: none -> 0.2',
    'objective.floors[\'val.recall[A]\']: none -> 0.9',
    'objective.maximize: val.auc -> none',
    'objective.minimize: none -> val.loss',
    'priority: 0 -> 2',
    'pruner.median.every: none -> 2',
    'pruner.median.minEpochs: none -> 1',
    'pruner.median.minTrials: none -> 3',
    'sampler.grid.order: none -> shuffled',
    'sampler.grid.seed: none -> 1',
    'sampler: grid -> none',
    'seed: 0 -> 1',
    'space.epochs: [100] -> [5, 10]',
    'space.lr: [0.01] -> [0.01, {cosine: {initial: 0.1}}]',
    'stageTimeout: none -> 10m',
    'stop.direction: none -> minimize',
    'stop.minDelta: none -> 0',
    'stop.monitor: none -> val.loss',
    'stop.patience: none -> 3',
    'stop.restoreBest: none -> false',
  ]);
});

test('the order of axes is a difference of numbers only, and none of fields', () => {
  assert.deepEqual(differences(spec('data: x\nspace: {lr: [0.1, 0.2], batch: [1, 2]}'), spec('data: x\nspace: {batch: [1, 2], lr: [0.1, 0.2]}')), []);
});

test('settings inside a choice are shown where they stand', () => {
  assert.deepEqual(differences(spec('data: x\nspace: {optimizer: [sgdm, {adam: {beta2: [0.9, 0.99]}}]}'), spec('data: x\nspace: {optimizer: [sgdm, {adam: {beta2: [0.9, 0.999]}}]}')), [
    'space.optimizer: [sgdm, {adam: {beta2: [0.9, 0.99]}}] -> [sgdm, {adam: {beta2: [0.9, 0.999]}}]',
  ]);
});

test('times, and several objectives, are told as the file has them', () => {
  const before = spec('data: x\nobjective: {maximize: val.auc, floors: {val.recall: 0.9}}\nbudget: {wallClock: 90m, slotHours: 2}');
  const after = spec('data: {path: x, split: {val: 0.1, given: merge}}\nobjective: [{maximize: val.auc}, {minimize: cost.bytes}]\nbudget: {wallClock: 2h}');
  assert.deepEqual(differences(before, after).sort(), [
    'budget.slotHours: 2 -> none',
    'budget.wallClock: 1h30m -> 2h',
    'data.split.given: none -> merge',
    'data.split.seed: none -> 0',
    'data.split.val: none -> 0.1',
    'objective: [{maximize: val.auc, floors: {val.recall: 0.9}}] -> [{maximize: val.auc}, {minimize: cost.bytes}]',
  ]);
});

test('sweeps side by side say the same as their differences, and what none of them changes too', () => {
  const [a, b] = [spec('data: x\nspace: {lr: [0.01], batch: 8}\nstop: {patience: 3}'), spec('data: x\nspace: {lr: [0.01, 0.1], dropout: [0.3]}')];
  const fields = sideBySide([a, b]);
  const said = new Map(fields.map(({ name, values }) => [name, values]));
  assert.deepEqual(said.get('space.lr'), ['[0.01]', '[0.01, 0.1]']);
  assert.deepEqual([said.get('space.dropout'), said.get('stop.patience'), said.get('data.path')], [['[0.5]', '[0.3]'], ['3', null], ['x', 'x']]);
  const differing = fields.filter(({ values: [one, other] }) => one !== other).map(({ name, values: [one, other] }) => `${name}: ${one ?? 'none'} -> ${other ?? 'none'}`);
  assert.deepEqual(differing.sort(), differences(a, b).sort());
});
