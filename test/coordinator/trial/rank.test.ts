import assert from 'node:assert/strict';
import test from 'node:test';
import { compareScores, ranksOf, scoreOf } from '../../../coordinator/trial/rank.js';

const objective = { metric: 'val.auc', direction: 'maximize' as const, floors: { 'val.recall[b]': 0.9 } };

const measured = (metrics: { [metric: string]: number }, confusion: number[][], params = 100, msPerImage: number | null = 0.5) => ({ result: { metrics, confusion }, params, msPerImage });

/** `caught` of ten images of class b. */
function score(number: number, auc: number, caught: number) {
  return scoreOf(number, measured({ 'val.auc': auc }, [[5, 5], [10 - caught, caught]]), objective, ['a', 'b'], 1);
}

test('trials that meet the floors come first, whatever their objective', () => {
  const order = [score(0, 0.99, 5), score(1, 0.7, 9), score(2, 0.8, 10)].sort((a, b) => compareScores(a, b, objective));
  assert.deepEqual(order.map(({ number }) => number), [2, 1, 0]);
});

test('ties go by trial number, and a missing metric comes last', () => {
  const missing = scoreOf(0, measured({}, [[5, 5], [0, 10]]), objective, ['a', 'b'], 1);
  const order = [missing, score(2, 0.8, 9), score(1, 0.8, 9)].sort((a, b) => compareScores(a, b, objective));
  assert.deepEqual(order.map(({ number }) => number), [1, 2, 0]);
});

test('a ceiling counts by the share that it is exceeded by, and a cost that was not measured misses it', () => {
  const limited = { metric: 'val.auc', direction: 'maximize' as const, floors: {}, ceilings: { 'cost.bytes': 1000, 'cost.msPerImage': 2 } };
  const shortfall = (params: number, msPerImage: number | null): number => scoreOf(0, measured({ 'val.auc': 1 }, [], params, msPerImage), limited, [], 0).shortfall;
  // 500 parameters of 4 bytes are twice the 1000 bytes; 3 ms are half more than 2.
  assert.deepEqual([shortfall(250, 2), shortfall(500, 1), shortfall(500, 3), shortfall(1, null)], [0, 1, 1.5, Infinity]);
});

test('of several objectives the front is rank 1, whoever misses a floor has none, and the best by the first is on it', () => {
  const several = { ...objective, others: [{ metric: 'cost.parameters', direction: 'minimize' as const }] };
  const trial = (number: number, auc: number, params: number, caught = 10) => scoreOf(number, measured({ 'val.auc': auc }, [[5, 5], [10 - caught, caught]], params), several, ['a', 'b'], 1);
  const scores = [trial(0, 0.9, 500), trial(1, 0.95, 900), trial(2, 0.9, 400), trial(3, 0.8, 400), trial(4, 0.99, 10, 3), trial(5, 0.95, 800)];
  assert.deepEqual([...ranksOf(scores, several)], [[0, 2], [1, 2], [2, 1], [3, 2], [5, 1]]);
  assert.equal(scores.toSorted((a, b) => compareScores(a, b, several))[0]?.number, 5);
});
