import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { bySize, disagreement, rocCurve } from '../../../coordinator/ensemble/compare.js';
import { rocAuc } from '../../../proto/roc-auc.js';

/** Of two classes, from the probability of the second. */
function twoClasses(second: readonly number[]): Float32Array {
  return Float32Array.from(second.flatMap((value) => [1 - value, value]));
}

it('draws the curve of the example in scikit-learn 1.5, roc_curve(drop_intermediate=False)', () => {
  // y_true = [0, 0, 1, 1], y_score = [0.1, 0.4, 0.35, 0.8]: fpr [0, 0, 0.5, 0.5, 1], tpr [0, 0.5, 0.5, 1, 1], auc 0.75.
  const { falsePositiveRate, truePositiveRate, auc } = rocCurve(twoClasses([0.1, 0.4, 0.35, 0.8]), [0, 0, 1, 1], 2, 1);
  assert.deepEqual([falsePositiveRate, truePositiveRate, auc], [[0, 0, 0.5, 0.5, 1], [0, 0.5, 0.5, 1, 1], 0.75]);
});

it('has the area that trials are measured by, whatever the scores and their ties, and at most a few hundred points from corner to corner', () => {
  fc.assert(fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 1 }), fc.integer({ min: 0, max: 1_000 })), { minLength: 2, maxLength: 900 }), (images) => {
    const labels = images.map(([label]) => label);
    const scores = twoClasses(images.map(([, score]) => score / 1_000));
    const { falsePositiveRate, truePositiveRate, auc } = rocCurve(scores, labels, 2, 1);
    if (new Set(labels).size < 2) {
      assert.equal(auc, null);
      return;
    }
    assert.ok(Math.abs((auc ?? NaN) - rocAuc(scores, labels, 2)) < 1e-9);
    assert.ok(falsePositiveRate.length <= 202);
    assert.deepEqual([falsePositiveRate[0], truePositiveRate[0], falsePositiveRate.at(-1), truePositiveRate.at(-1)], [0, 0, 1, 1]);
    falsePositiveRate.forEach((rate, index) => assert.ok(rate >= (falsePositiveRate[index - 1] ?? 0)));
  }));
});

it('counts the images of which two members say different classes', () => {
  const members = [[0.1, 0.9, 0.9, 0.2], [0.1, 0.1, 0.9, 0.9], [0.9, 0.1, 0.1, 0.1]].map((second) => ({ probabilities: twoClasses(second) }));
  assert.deepEqual(disagreement(members, 2), [[0, 0.5, 0.75], [0.5, 0, 0.75], [0.75, 0.75, 0]]);
});

it('measures the first members together for every number of them, by their weights to each other', () => {
  const members = [{ weight: 0.5, probabilities: Float32Array.of(1) }, { weight: 0.25, probabilities: Float32Array.of(0.25) }, { weight: 0.25, probabilities: Float32Array.of(0) }];
  // (0.5 x 1 + 0.25 x 0.25) / 0.75 and 0.5 x 1 + 0.25 x 0.25.
  assert.deepEqual(bySize(members, ([mean = NaN]) => mean), [{ members: 1, value: 1 }, { members: 2, value: 0.75 }, { members: 3, value: 0.5625 }]);
});
