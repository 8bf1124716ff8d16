/** Expected numbers: scikit-learn 1.9.1, by roc-expected.py beside this file. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMetricName, metricClass, metricValue } from '../../proto/confusion.js';
import { rocSummaries } from '../../proto/roc-summary.js';

/** As in roc-expected.py: many scores tie. */
function images(seed: number, count: number, classes: number, decimals: number): { labels: number[]; scores: Float32Array } {
  let state = BigInt(seed);
  const next = (): number => {
    state = (1103515245n * state + 12345n) % 2n ** 31n;
    return Number(state) / 2 ** 31;
  };
  const labels = Array.from({ length: count }, () => Math.floor(next() * classes));
  const rows = labels.map((label) => Array.from({ length: classes }, (_, other) => evenRound((next() + (other === label ? 0.4 : 0)) * decimals) / decimals));
  return { labels, scores: Float32Array.from(rows.flatMap((row) => (classes === 2 ? [1 - Math.fround(row[1] ?? 0), row[1] ?? 0] : row))) };
}

/** As Python rounds: halves to even. */
function evenRound(value: number): number {
  const low = Math.floor(value);
  return value - low === 0.5 ? low + (low % 2) : Math.round(value);
}

const LEVELS = [0.5, 0.8, 0.9, 0.95, 1];

/** By class, then level: specificity at that sensitivity, sensitivity at that specificity. */
const EXPECTED = [
  { made: [1, 200, 2, 50], points: [[[0.865979381443299, 0.7572815533980582], [0.4639175257731959, 0.5631067961165048], [0.4020618556701031, 0.4563106796116505], [0.3917525773195877, 0.3592233009708738], [0.38144329896907214, 0.33980582524271846]], [[0.7572815533980582, 0.865979381443299], [0.5631067961165048, 0.4639175257731959], [0.4563106796116505, 0.4020618556701031], [0.35922330097087374, 0.3917525773195876], [0.3398058252427184, 0.38144329896907214]]] },
  { made: [2, 57, 2, 8], points: [[[0.8214285714285714, 0.7241379310344828], [0.25, 0.5862068965517241], [0.25, 0.4827586206896552], [0.1428571428571429, 0.4827586206896552], [0.1428571428571429, 0.3793103448275862]], [[0.7241379310344828, 0.8214285714285714], [0.5862068965517242, 0.25], [0.48275862068965514, 0.25], [0.48275862068965514, 0.14285714285714285], [0.3793103448275862, 0.14285714285714285]]] },
  { made: [3, 150, 3, 20], points: [[[0.9263157894736842, 0.9454545454545454], [0.6842105263157895, 0.6727272727272727], [0.5368421052631579, 0.5454545454545454], [0.4736842105263158, 0.4909090909090909], [0.42105263157894735, 0.43636363636363634]], [[0.9072164948453608, 1], [0.6597938144329897, 0.6792452830188679], [0.5773195876288659, 0.5094339622641509], [0.5051546391752577, 0.4716981132075472], [0.5051546391752577, 0.4339622641509434]], [[0.9259259259259259, 0.8333333333333334], [0.5462962962962963, 0.6428571428571429], [0.39814814814814814, 0.5238095238095238], [0.39814814814814814, 0.42857142857142855], [0.37037037037037035, 0.40476190476190477]]] },
] as const;

const NAMES = ['a', 'b', 'c'];

test('specificity at a sensitivity, and the reverse, equal those of scikit-learn\'s ROC curve, ties included', () => {
  for (const { made: [seed, count, classes, decimals], points } of EXPECTED) {
    const { labels, scores } = images(seed, count, classes, decimals);
    const result = { metrics: {}, confusion: null, roc: rocSummaries(scores, labels, classes) };
    points.forEach((levels, label) => levels.forEach((expected, index) => {
      const read = (metric: string): number | null => metricValue(`val.${metric}[${LEVELS[index]},${NAMES[label]}]`, result, NAMES.slice(0, classes), 1);
      const got = [read('specificityAtSensitivity'), read('sensitivityAtSpecificity')];
      got.forEach((value, which) => assert.ok(value !== null && Math.abs(value - (expected[which] ?? NaN)) < 1e-12, `seed ${seed}, class ${label}, level ${LEVELS[index]}: ${got.join()}, expected ${expected.join()}`));
    }));
  }
});

test('without a class it is the positive one of two, and of more the mean over those that have a curve', () => {
  const two = images(1, 200, 2, 50);
  const value = metricValue('val.specificityAtSensitivity[0.9]', { metrics: {}, confusion: null, roc: rocSummaries(two.scores, two.labels, 2) }, ['a', 'b'], 0);
  assert.equal(value, metricValue('val.specificityAtSensitivity[.9, a]', { metrics: {}, confusion: null, roc: rocSummaries(two.scores, two.labels, 2) }, ['a', 'b'], 1));
  const { labels, scores } = images(3, 150, 3, 20);
  const mean = metricValue('val.specificityAtSensitivity[0.5]', { metrics: {}, confusion: null, roc: rocSummaries(scores, labels, 3) }, NAMES, 0) ?? NaN;
  assert.ok(Math.abs(mean - (0.9263157894736842 + 0.9072164948453608 + 0.9259259259259259) / 3) < 1e-12);
});

test('a class that is absent, or alone, has no value', () => {
  const roc = rocSummaries(Float32Array.from([0.2, 0.8, 0.4, 0.6]), [1, 1], 2);
  assert.equal(metricValue('val.specificityAtSensitivity[0.95]', { metrics: {}, confusion: null, roc }, ['a', 'b'], 1), null);
  assert.equal(metricValue('val.specificityAtSensitivity[0.95]', { metrics: {}, confusion: null }, ['a', 'b'], 1), null);
});

test('a level stands in the name, alone or before a class', () => {
  for (const name of ['val.specificityAtSensitivity[0.95]', 'val.sensitivityAtSpecificity[1]', 'val.specificityAtSensitivity[.5,a, b]']) assert.ok(isMetricName(name), name);
  for (const name of ['val.specificityAtSensitivity', 'val.specificityAtSensitivity[a]', 'val.specificityAtSensitivity[0]', 'val.specificityAtSensitivity[0.955]', 'val.specificityAtSensitivity[1.2]']) assert.ok(!isMetricName(name), name);
  assert.equal(metricClass('val.specificityAtSensitivity[0.95, PNEUMONIA]'), 'PNEUMONIA');
  assert.equal(metricClass('val.specificityAtSensitivity[0.95]'), null);
});

test('scores that are no numbers have no curve', () => {
  assert.deepEqual(rocSummaries(Float32Array.of(Number.NaN, Number.NaN, 0.5, 0.5), [0, 1], 2), []);
});
