/**
 * Expected numbers: scikit-learn 1.9.1, for each matrix with t and p spread out as
 *   t, p = zip(*[(i, j) for i in L for j in L for _ in range(c[i][j])])
 *   precision_score(t, p, labels=L, average=None, zero_division=0)   (recall_score, f1_score alike)
 *   recall_score([x != k for x in t], [x != k for x in p])            specificity of class k
 *   accuracy_score(t, p); macro: average='macro'
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  METRIC_NAMES,
  accuracy,
  classScores,
  isMetricName,
  macroScore,
  metricClass,
  metricValue,
  type Confusion,
  type ScoreName,
} from '../../proto/confusion.js';

interface Case {
  readonly name: string;
  readonly confusion: Confusion;
  readonly accuracy: number;
  readonly perClass: { readonly [score in ScoreName]: readonly number[] };
  readonly macro: { readonly [score in ScoreName]: number };
}

const CASES: readonly Case[] = [
  {
    name: 'two classes',
    confusion: [[200, 34], [12, 378]],
    accuracy: 0.9262820512820513,
    perClass: {
      precision: [0.9433962264150944, 0.9174757281553398],
      recall: [0.8547008547008547, 0.9692307692307692],
      specificity: [0.9692307692307692, 0.8547008547008547],
      f1: [0.8968609865470852, 0.942643391521197],
    },
    macro: { precision: 0.9304359772852171, recall: 0.911965811965812, specificity: 0.911965811965812, f1: 0.9197521890341411 },
  },
  {
    name: 'four classes',
    confusion: [[50, 3, 7, 0], [4, 41, 9, 2], [6, 11, 30, 1], [0, 1, 0, 60]],
    accuracy: 0.8044444444444444,
    perClass: {
      precision: [0.8333333333333334, 0.7321428571428571, 0.6521739130434783, 0.9523809523809523],
      recall: [0.8333333333333334, 0.7321428571428571, 0.625, 0.9836065573770492],
      specificity: [0.9393939393939394, 0.9112426035502958, 0.9096045197740112, 0.9817073170731707],
      f1: [0.8333333333333334, 0.7321428571428571, 0.6382978723404256, 0.967741935483871],
    },
    macro: { precision: 0.7925077639751552, recall: 0.79352068696331, specificity: 0.9354870949478542, f1: 0.7928789995751218 },
  },
  {
    name: 'a class that is neither true nor predicted anywhere',
    confusion: [[5, 0, 2], [0, 0, 0], [3, 0, 4]],
    accuracy: 0.6428571428571429,
    perClass: {
      precision: [0.625, 0, 0.6666666666666666],
      recall: [0.7142857142857143, 0, 0.5714285714285714],
      specificity: [0.5714285714285714, 1, 0.7142857142857143],
      f1: [0.6666666666666666, 0, 0.6153846153846154],
    },
    macro: { precision: 0.4305555555555555, recall: 0.42857142857142855, specificity: 0.7619047619047619, f1: 0.42735042735042733 },
  },
];

function near(actual: number | null, expected: number, what: string): void {
  assert.ok(actual !== null && Math.abs(actual - expected) < 1e-12, `${what}: got ${actual}, expected ${expected}`);
}

const SCORES: readonly ScoreName[] = ['precision', 'recall', 'specificity', 'f1'];

for (const example of CASES) {
  test(`scores equal scikit-learn's: ${example.name}`, () => {
    near(accuracy(example.confusion), example.accuracy, 'accuracy');
    for (const score of SCORES) {
      example.perClass[score].forEach((expected, label) => {
        near(classScores(example.confusion, label)[score], expected, `${score} of class ${label}`);
      });
      near(macroScore(example.confusion, score), example.macro[score], `macro ${score}`);
    }
  });
}

test('an empty matrix scores 0 and not NaN', () => {
  assert.equal(accuracy([]), 0);
  assert.equal(accuracy([[0, 0], [0, 0]]), 0);
  assert.equal(macroScore([], 'f1'), 0);
});

test('a metric is the reported value where there is one', () => {
  const result = { metrics: { 'val.loss': 0.25, 'my.metric': 3 }, confusion: null };
  assert.equal(metricValue('val.loss', result, ['a', 'b'], 1), 0.25);
  assert.equal(metricValue('my.metric', result, [], 0), 3);
  assert.equal(metricValue('val.f1', result, ['a', 'b'], 1), null);
  assert.equal(metricValue('toString', result, ['a', 'b'], 1), null);
});

test('a value that is not finite is no value', () => {
  const result = { metrics: { 'val.loss': Number.NaN, 'train.loss': Infinity }, confusion: null };
  assert.equal(metricValue('val.loss', result, ['a', 'b'], 1), null);
  assert.equal(metricValue('train.loss', result, ['a', 'b'], 1), null);
});

test('a score speaks of the named class, of the positive class of two, else of all by macro mean', () => {
  const [two, four] = CASES as [Case, Case];
  const binary = { metrics: {}, confusion: two.confusion };
  const classes = ['NORMAL', 'PNEUMONIA'];
  near(metricValue('val.recall[NORMAL]', binary, classes, 1), 0.8547008547008547, 'named');
  near(metricValue('val.recall', binary, classes, 1), 0.9692307692307692, 'positive 1');
  near(metricValue('val.recall', binary, classes, 0), 0.8547008547008547, 'positive 0');
  near(metricValue('val.accuracy', binary, classes, 1), two.accuracy, 'accuracy');
  const many = { metrics: {}, confusion: four.confusion };
  const names = ['Normal', 'Viral Pneumonia', 'odd [name]', 'COVID-19'];
  near(metricValue('val.f1', many, names, 1), four.macro.f1, 'macro');
  near(metricValue('val.precision[Viral Pneumonia]', many, names, 0), 0.7321428571428571, 'with a space');
  near(metricValue('val.specificity[odd [name]]', many, names, 0), 0.9096045197740112, 'with brackets');
  assert.equal(metricValue('val.recall[Nobody]', many, names, 0), null);
});

test('metric names are known by their form', () => {
  for (const name of METRIC_NAMES) assert.ok(isMetricName(name), name);
  for (const name of ['val.recall[PNEUMONIA]', 'val.f1[a b]', 'val.precision[x]', 'val.specificity[y]']) assert.ok(isMetricName(name), name);
  for (const name of ['val.auc[x]', 'val_auc', 'val', 'val.recall[]', 'val.recall[x', 'test.auc', 'train.f1', '']) assert.ok(!isMetricName(name), name);
  assert.equal(metricClass('val.recall[PNEUMONIA]'), 'PNEUMONIA');
  assert.equal(metricClass('val.recall'), null);
});
