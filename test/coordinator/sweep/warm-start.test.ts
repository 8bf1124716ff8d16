import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Axis, Assignment } from '../../../coordinator/sweep/spec.js';
import { sameGoals, warmObservations, warmStartOf, type FormerTrial } from '../../../coordinator/sweep/warm-start.js';
import { AxesSpace } from '../../../coordinator/space/assignment.js';
import { specOf } from '../store/facts.js';

const lr: Axis = { name: 'lr', values: [0.001, 0.1], range: { min: 0.001, max: 0.1, type: 'float', log: true } };
const batch: Axis = { name: 'batch', values: [16, 32] };
const optimizer: Axis = { name: 'optimizer', values: ['sgd', { adam: { beta2: 0.9 } }] };
const beta2: Axis = { name: 'optimizer.adam.beta2', values: [0.9, 0.999], range: { min: 0.9, max: 0.999, type: 'float', log: false }, when: { axis: 'optimizer', value: 1, path: ['adam', 'beta2'] } };
const image = { kind: 'image-classifier', data: {}, model: 'cnn' } as unknown as ReturnType<typeof specOf>['trainable'];

function trial(settings: Assignment, value = 0.5, more: Partial<FormerTrial['told']> = {}): FormerTrial {
  return { settings, told: { number: 0, state: 'completed', value, shortfall: 0, epochs: 3, ...more } };
}

function taken(axes: readonly Axis[], trials: readonly FormerTrial[], trainable = specOf('b').trainable): ReturnType<typeof warmStartOf> {
  return warmStartOf({ axes, trainable }, [{ name: 'a', trials }]);
}

test('a value fits anywhere inside a range, and among listed values where it is one of them', () => {
  const { trials, unfit } = taken([lr, batch], [trial({ lr: 0.0123, batch: 16 }), trial({ batch: 32, lr: 0.1 }), trial({ lr: 0.5, batch: 16 }), trial({ lr: 0.01, batch: 24 }), trial({ lr: 0.7, batch: 16 })]);
  assert.deepEqual(trials.map(({ settings }) => settings), [{ lr: 0.0123, batch: 16 }, { lr: 0.1, batch: 32 }]);
  assert.deepEqual(unfit, [{ reason: 'its lr is outside the space', trials: 2 }, { reason: 'its batch is outside the space', trials: 1 }]);
});

test('settings inside a choice are mapped with it', () => {
  const { trials, unfit } = taken([optimizer, beta2], [trial({ optimizer: 'sgd' }), trial({ optimizer: { adam: { beta2: 0.95 } } }), trial({ optimizer: { adam: { beta2: 0.5 } } })]);
  assert.deepEqual(trials.map(({ settings }) => settings.optimizer), ['sgd', { adam: { beta2: 0.95 } }]);
  assert.deepEqual(unfit, [{ reason: 'its optimizer is outside the space', trials: 1 }]);
});

test('a hyperparameter that one side lacks makes a trial not fit, unless it is off where it is not named', () => {
  const momentum: Axis = { name: 'momentum', values: [0, 0.9] };
  assert.deepEqual(taken([lr, momentum], [trial({ lr: 0.01 })]).unfit, [{ reason: 'it has no momentum', trials: 1 }]);
  assert.deepEqual(taken([lr], [trial({ lr: 0.01, momentum: 0 })]).unfit, [{ reason: 'the space has no momentum', trials: 1 }]);
  const l2: Axis = { name: 'l2', values: [0, 0.001] };
  assert.deepEqual(taken([lr, l2], [trial({ lr: 0.01 })], image).trials[0]?.settings, { lr: 0.01, l2: 0 });
  const { trials, unfit } = taken([lr], [trial({ lr: 0.01, l2: 0 }), trial({ lr: 0.01, l2: 0.001 })], image);
  assert.deepEqual([trials.length, unfit], [1, [{ reason: 'the space has no l2', trials: 1 }]]);
  assert.deepEqual(taken([lr, l2], [trial({ lr: 0.01 })]).unfit, [{ reason: 'it has no l2', trials: 1 }], 'which holds for image classifiers alone');
});

test('trials are observed as what they are, under numbers below 0 in their order; what is not finite is left out', () => {
  const failed = trial({ lr: 0.02 }, 0, { state: 'failed', value: null, epochs: 0 });
  const { trials, unfit } = taken([lr], [trial({ lr: 0.01 }, 0.3), failed, trial({ lr: 0.03 }, 0.9, { state: 'pruned', epochs: 1, shortfall: 0.2 }), trial({ lr: 0.04 }, Infinity), trial({ lr: 0.05 }, 0.1, { shortfall: Infinity })]);
  const space = new AxesSpace([lr]);
  assert.deepEqual(warmObservations(JSON.parse(JSON.stringify(trials)) as typeof trials, (settings) => space.pointOf(settings)), [
    { number: -3, point: [0.01], state: 'completed', value: 0.3, shortfall: 0, epochs: 3 },
    { number: -2, point: [0.02], state: 'failed', value: null, shortfall: 0, epochs: 0 },
    { number: -1, point: [0.03], state: 'pruned', value: 0.9, shortfall: 0.2, epochs: 1 },
  ]);
  assert.deepEqual(unfit.map((each) => each.trials), [2]);
});

test('objectives are the same by metric and direction, in their order', () => {
  const loss = { metric: 'val.loss', direction: 'minimize', floors: {} } as const;
  assert.ok(sameGoals(loss, { ...loss, floors: { 'val.recall': 0.9 } }));
  assert.ok(!sameGoals(loss, { ...loss, direction: 'maximize' }));
  assert.ok(!sameGoals(loss, { ...loss, others: [{ metric: 'cost.parameters', direction: 'minimize' }] }));
});
