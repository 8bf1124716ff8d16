import assert from 'node:assert/strict';
import test from 'node:test';
import { compareScores, scoreOf } from '../../../coordinator/trial/rank.js';

const objective = { metric: 'val.auc', direction: 'maximize' as const, floors: { 'val.recall[b]': 0.9 } };

/** `caught` of ten images of class b. */
function score(number: number, auc: number, caught: number) {
  return scoreOf(number, { metrics: { 'val.auc': auc }, confusion: [[5, 5], [10 - caught, caught]] }, objective, ['a', 'b'], 1);
}

test('trials that meet the floors come first, whatever their objective', () => {
  const order = [score(0, 0.99, 5), score(1, 0.7, 9), score(2, 0.8, 10)].sort((a, b) => compareScores(a, b, 'maximize'));
  assert.deepEqual(order.map(({ number }) => number), [2, 1, 0]);
});

test('ties go by trial number, and a missing metric comes last', () => {
  const missing = scoreOf(0, { metrics: {}, confusion: [[5, 5], [0, 10]] }, objective, ['a', 'b'], 1);
  const order = [missing, score(2, 0.8, 9), score(1, 0.8, 9)].sort((a, b) => compareScores(a, b, 'maximize'));
  assert.deepEqual(order.map(({ number }) => number), [1, 2, 0]);
});
