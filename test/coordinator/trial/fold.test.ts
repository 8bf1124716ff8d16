import assert from 'node:assert/strict';
import test from 'node:test';
import { chosenEpoch, earliestStop, emptyFold, foldEpoch, type Fold } from '../../../coordinator/trial/fold.js';
import type { StopSpec } from '../../../coordinator/sweep/spec.js';

const stop: StopSpec = { monitor: 'val.loss', direction: 'minimize', patience: 2, minDelta: 0, restoreBest: false };

function run(losses: readonly number[], rule: StopSpec | null, length = losses.length): Fold {
  let fold = emptyFold;
  for (const loss of losses) {
    if (fold.state !== 'open') break;
    const diverged = Number.isNaN(loss);
    fold = foldEpoch(fold, { metrics: diverged ? {} : { 'val.loss': loss }, confusion: null, diverged }, length, { stop: rule, classes: [], positive: 0 });
  }
  return fold;
}

test('without early stopping a path ends at its length and answers for its last epoch', () => {
  const fold = run([3, 2, 4], null);
  assert.deepEqual([fold.state, fold.epochs, chosenEpoch(fold, null)], ['ended', 3, 2]);
});

// keras.callbacks.EarlyStopping(monitor='val_loss', patience=2), Keras 3: best 0.8 at epoch 1, stops after epoch 3.
test('patience counts epochs without improvement as Keras EarlyStopping does', () => {
  const fold = run([1, 0.8, 0.9, 0.85, 0.1], stop, 5);
  assert.deepEqual([fold.state, fold.epochs, chosenEpoch(fold, stop)], ['ended', 4, 3]);
});

test('a gain of no more than minDelta is no improvement, but restoreBest still takes the best value', () => {
  const rule = { ...stop, minDelta: 0.1, restoreBest: true };
  const fold = run([1, 0.95, 0.92, 0.1], rule, 4);
  assert.deepEqual([fold.state, fold.epochs, chosenEpoch(fold, rule)], ['ended', 3, 2]);
});

test('restoreBest takes the first of equal values', () => {
  const rule = { ...stop, patience: 9, restoreBest: true };
  assert.equal(chosenEpoch(run([1, 0.5, 0.5], rule), rule), 1);
});

test('maximising turns the comparison round', () => {
  const rule: StopSpec = { ...stop, direction: 'maximize', restoreBest: true };
  const fold = run([0.5, 0.7, 0.6, 0.65, 0.9], rule, 5);
  assert.deepEqual([fold.epochs, chosenEpoch(fold, rule)], [4, 1]);
});

test('a diverged epoch ends the path as a failure', () => {
  const fold = run([1, Number.NaN, 0.5], null, 3);
  assert.deepEqual([fold.state, fold.epochs], ['diverged', 2]);
});

test('the earliest possible stop is patience away from the last improvement', () => {
  assert.equal(earliestStop(emptyFold, stop), 1);
  assert.equal(earliestStop(run([1, 0.5], stop, 9), stop), 3);
  assert.equal(earliestStop(run([1, 0.5, 0.6], stop, 9), stop), 3);
  assert.equal(earliestStop(emptyFold, null), Number.POSITIVE_INFINITY);
});
