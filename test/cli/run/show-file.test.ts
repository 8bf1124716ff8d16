import assert from 'node:assert/strict';
import { test } from 'node:test';
import { axisLines, costLines, trialLines } from '../../../cli/run/show-file.js';
import { parseSweepFile } from '../../../coordinator/sweep/parse.js';
import { resolveTrials } from '../../../coordinator/sweep/resolve.js';
import type { SweepSpec, TrialPlan } from '../../../coordinator/sweep/spec.js';

function sweep(text: string): { spec: SweepSpec; plans: TrialPlan[] } {
  const result = parseSweepFile(`trainable: {synthetic: {metrics: {val.loss: 'lr'}}}\n${text}`, 'a.yaml');
  assert.ok('spec' in result, JSON.stringify(result));
  return { spec: result.spec, plans: resolveTrials(result.spec, null, 'none') };
}

test('--axes prints the values of each axis, fixed ones last', () => {
  const { spec } = sweep('space: {epochs: 3, n: [{from: 1, to: 4, step: 2}], lr: {min: 0.1, max: 1, scale: log}}\nsampler: random\nbudget: {trials: 2}');
  const lines = axisLines(spec.axes).map((line) => line.trim().replace(/ {2,}/g, ' | '));
  assert.deepEqual(lines.filter((line) => !/^axis|^-/.test(line)), ['n | 3 | 1, 3, 4', 'lr | - | any number from 0.1 to 1, on a log scale', 'epochs | 1 | 3']);
});

test('--axes has a line for each setting inside a choice, called by its place', () => {
  const { spec, plans } = sweep('space: {epochs: 3, lr: 1, kernel: [rbf, {poly: {degree: [2, 3], scale: 1}}]}');
  const lines = axisLines(spec.axes).map((line) => line.trim().replace(/ {2,}/g, ' | '));
  assert.deepEqual(lines.slice(-4), ['kernel | 2 | rbf, poly(degree …, scale 1)', 'kernel.poly.degree | 2 | 2, 3', 'epochs | 1 | 3', 'lr | 1 | 1']);
  assert.deepEqual(trialLines(spec, plans).slice(-3).map((line) => line.trim().replace(/ {2,}/g, ' | ')), ['#0 | rbf', '#1 | poly(degree 2, scale 1)', '#2 | poly(degree 3, scale 1)']);
});

test('--trials prints the trials to come, by what differs between them', () => {
  const { spec, plans } = sweep('space: {epochs: 3, lr: [0.1, 0.2]}');
  assert.deepEqual(trialLines(spec, plans).slice(-2).map((line) => line.trim().split(/\s+/)), [['#0', '0.1'], ['#1', '0.2']]);
  const proposed = sweep('space: {epochs: 3, lr: {min: 0.1, max: 1}}\nsampler: tpe\nbudget: {trials: 9}');
  assert.deepEqual(trialLines(proposed.spec, proposed.plans), ['Up to 9 trials, proposed while the sweep runs.']);
});

test('--cost prints epochs asked for against epochs to train, and names the schedule that spoils sharing, as --axes does', () => {
  const shared = sweep('space: {epochs: [5, 10, 20], lr: [0.1, {cosine: {initial: 0.1, epochs: 20}}]}');
  // Two rates over 20 epochs, which agree in epoch 0: 20 + 20 - 1.
  assert.deepEqual(costLines(shared.spec, shared.plans), ['6 trials: 70 epochs requested, 39 to train (44 % saved by sharing)']);
  const { spec, plans } = sweep('space: {epochs: [5, 10, 20], lr: [{cosine: {initial: 0.1}}]}\npruner: asha');
  const [cost, spoilt, ...rest] = costLines(spec, plans);
  // Equal in epoch 0 alone: 35 - 2.
  assert.equal(cost, '3 trials: 35 epochs requested, 33 to train at most (6 % saved by sharing)');
  assert.match(spoilt ?? '', /cosine.* spoils sharing/);
  assert.deepEqual(rest, []);
  const cycle = parseSweepFile('data: x\nspace: {epochs: [5, 10], lr: [{oneCycle: {peak: 0.1}}, {plateau: {initial: 0.1}}]}', 'a.yaml');
  assert.ok('spec' in cycle);
  const line = "oneCycle(peak 0.1) spoils sharing: its rates depend on each trial's own number of epochs; give the cycle epochs";
  assert.deepEqual(costLines(cycle.spec, []).slice(1), [line]);
  assert.equal(axisLines(cycle.spec.axes).at(-1), line);
  assert.ok(!axisLines(shared.spec.axes).some((each) => each.includes('spoils sharing')));
});
