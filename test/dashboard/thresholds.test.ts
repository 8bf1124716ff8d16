/** Expected numbers: scikit-learn 1.9.1, by expected.py beside this file. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { averagePrecision, divisionAt, onSharedXs, operatingPoints, rocArea, scoresOf } from '../../dashboard/state/thresholds.js';

/** As in expected.py: many scores tie. */
function images(seed: number, count: number, decimals: number): { readonly isOfClass: boolean[]; readonly scores: number[] } {
  let state = BigInt(seed);
  const next = (): number => {
    state = (1103515245n * state + 12345n) % 2n ** 31n;
    return Number(state) / 2 ** 31;
  };
  const isOfClass = Array.from({ length: count }, () => next() < 0.4);
  return { isOfClass, scores: isOfClass.map((is) => evenRound((next() + (is ? 0.3 : 0)) * decimals) / decimals) };
}

/** As Python rounds: halves to even. */
function evenRound(value: number): number {
  const low = Math.floor(value);
  return value - low === 0.5 ? low + (low % 2) : Math.round(value);
}

const EXPECTED = [
  {
    made: [1, 40, 10],
    thresholds: [1.3, 1.2, 1.1, 1, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0],
    fpr: [0, 0, 0, 0, 0.04, 0.08, 0.12, 0.16, 0.24, 0.32, 0.6, 0.68, 0.84, 0.92, 1],
    tpr: [0, 0.2, 0.26666666666666666, 0.4, 0.4666666666666667, 0.5333333333333333, 0.6666666666666666, 0.7333333333333333, 0.8, 0.8, 0.9333333333333333, 1, 1, 1, 1],
    auc: 0.8546666666666667,
    averagePrecision: 0.8031819186560565,
    // Threshold; accuracy, precision, recall, specificity, F1.
    scores: [[0.3, 0.575, 0.46875, 1, 0.32, 0.6382978723404256], [0.5, 0.725, 0.6, 0.8, 0.68, 0.6857142857142857], [0.77, 0.8, 0.7692307692307693, 0.6666666666666666, 0.88, 0.7142857142857143]],
  },
  {
    made: [2, 57, 8],
    thresholds: [1.25, 1.125, 1, 0.875, 0.75, 0.625, 0.5, 0.375, 0.25, 0.125, 0],
    fpr: [0, 0, 0, 0.06060606060606061, 0.18181818181818182, 0.2727272727272727, 0.36363636363636365, 0.45454545454545453, 0.5454545454545454, 0.7272727272727273, 0.9090909090909091, 1],
    tpr: [0, 0.08333333333333333, 0.25, 0.3333333333333333, 0.375, 0.5416666666666666, 0.75, 0.9166666666666666, 1, 1, 1, 1],
    auc: 0.7784090909090909,
    averagePrecision: 0.7118696618696619,
    scores: [[0.3, 0.6842105263157895, 0.5714285714285714, 1, 0.45454545454545453, 0.7272727272727273], [0.5, 0.7017543859649122, 0.5945945945945946, 0.9166666666666666, 0.5454545454545454, 0.7213114754098361], [0.77, 0.631578947368421, 0.6, 0.375, 0.8181818181818182, 0.46153846153846156]],
  },
] as const;

function assertNear(found: readonly number[], expected: readonly number[], words: string): void {
  assert.equal(found.length, expected.length, words);
  for (const [index, value] of found.entries()) assert.ok(Math.abs(value - (expected[index] ?? NaN)) < 1e-12, `${words}, ${index}: ${value}, expected ${expected[index] ?? ''}`);
}

test('points, areas and scores at thresholds equal scikit-learn\'s, ties included', () => {
  for (const { made: [seed, count, decimals], thresholds, fpr, tpr, auc, averagePrecision: precision, scores } of EXPECTED) {
    const made = images(seed, count, decimals);
    const points = operatingPoints(made.scores, made.isOfClass);
    assertNear(points.slice(1).map(({ threshold }) => threshold), thresholds, 'thresholds');
    assertNear(points.map((point) => 1 - scoresOf(point).specificity), fpr, 'false positive rates');
    assertNear(points.map((point) => scoresOf(point).recall), tpr, 'true positive rates');
    assertNear([rocArea(points) ?? NaN, averagePrecision(points) ?? NaN], [auc, precision], 'areas');
    for (const [threshold, ...expected] of scores) {
      const { accuracy, precision: own, recall, specificity, f1 } = scoresOf(divisionAt(points, threshold));
      assertNear([accuracy, own, recall, specificity, f1], expected, `at ${threshold}`);
    }
  }
});

const scored = fc.array(fc.tuple(fc.integer({ min: 0, max: 8 }).map((score) => score / 8), fc.boolean()), { maxLength: 40 });

test('a threshold divides the images as looking at each of them does', () => {
  fc.assert(fc.property(scored, fc.double({ min: 0, max: 1, noNaN: true }), (made, threshold) => {
    const points = operatingPoints(made.map(([score]) => score), made.map(([, is]) => is));
    const count = (said: boolean, is: boolean): number => made.filter(([score, own]) => score >= threshold === said && own === is).length;
    const { truePositive, falsePositive, falseNegative, trueNegative } = divisionAt(points, threshold);
    assert.deepEqual([truePositive, falsePositive, falseNegative, trueNegative], [count(true, true), count(true, false), count(false, true), count(false, false)]);
  }));
});

test('the area is the share of pairs of images that stand in the right order, ties counting half', () => {
  fc.assert(fc.property(scored, (made) => {
    const of = (kind: boolean): number[] => made.filter(([, is]) => is === kind).map(([score]) => score);
    const pairs = of(true).flatMap((yes) => of(false).map((no): number => (yes > no ? 1 : yes === no ? 0.5 : 0)));
    const area = rocArea(operatingPoints(made.map(([score]) => score), made.map(([, is]) => is)));
    if (pairs.length === 0) assert.equal(area, null);
    else assert.ok(Math.abs((area ?? NaN) - pairs.reduce((sum, pair) => sum + pair, 0) / pairs.length) < 1e-12);
  }));
});

test('scores that are no numbers end the list like any others', () => {
  assert.equal(operatingPoints([NaN, 0.5, NaN], [true, false, false]).at(-1)?.truePositive, 1);
});

test('curves over shared xs are straight between their points and rise where those do', () => {
  assert.deepEqual(onSharedXs([[[0, 0], [0, 0.5], [1, 1]], [[0, 0], [0.5, 0.2], [0.5, 0.6], [1, 1]]]), {
    xs: [0, 0, 0.5, 0.5, 1],
    values: [[0, 0.5, 0.75, 0.75, 1], [0, 0, 0.2, 0.6, 1]],
  });
});

test('what is drawn of a ROC curve has the area that is told of it, whichever curves it shares the chart with', () => {
  fc.assert(fc.property(fc.array(scored.filter((made) => new Set(made.map(([, is]) => is)).size === 2), { minLength: 1, maxLength: 3 }), (all) => {
    const points = all.map((made) => operatingPoints(made.map(([score]) => score), made.map(([, is]) => is)));
    const { xs, values } = onSharedXs(points.map((own) => own.map((point) => [1 - scoresOf(point).specificity, scoresOf(point).recall] as const)));
    for (const [index, own] of values.entries()) {
      const area = xs.reduce((sum, x, place) => sum + (place === 0 ? 0 : ((x - (xs[place - 1] ?? 0)) * ((own[place] ?? 0) + (own[place - 1] ?? 0))) / 2), 0);
      const told = rocArea(points[index] ?? []) ?? NaN;
      assert.ok(Math.abs(area - told) < 1e-9, `${area}, told ${told}`);
    }
  }));
});
