/**
 * Expected numbers: scikit-learn 1.9.1 with NumPy 2.4.6 and SciPy, for logits x (float32) and labels y:
 *   p = softmax(x.astype(float64), axis=1)
 *   log_loss(y, p), accuracy_score(y, p.argmax(1)), confusion_matrix(y, p.argmax(1))
 *   roc_auc_score(y, p[:, 1])                                    two classes
 *   roc_auc_score(y, p, multi_class='ovr', average='macro')      more
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { rocAuc } from '../../../proto/roc-auc.js';
import { evaluateLogits } from '../../../worker/evaluate/metrics.js';

function near(actual: number, expected: number, what: string, tolerance = 1e-12): void {
  assert.ok(Math.abs(actual - expected) <= tolerance, `${what}: got ${actual}, expected ${expected}`);
}

// Five of the images tie with another; two logits tie within three images.
const BINARY = [[0.5, -0.25], [1, 1], [-1, 2], [0, 0], [2, 2], [0.25, 1.5], [-1, 2], [3, -3], [0.5, -0.25], [1.5, 0.5]];
const BINARY_LABELS = [0, 1, 1, 0, 1, 0, 0, 0, 1, 1];
const THREE = [[2, 1, 0], [0.5, 2.5, 1], [1, 1, 1], [0, 0.5, 3], [2, 2, -1], [-1, 0, 1], [1, 3, 2], [2, 1, 0], [0.25, 0.5, 0.75], [1, -1, 1]];
const THREE_LABELS = [0, 1, 2, 2, 0, 1, 1, 0, 2, 0];

test('metrics of two classes equal scikit-learn\'s, ties included', () => {
  const result = evaluateLogits(Float32Array.from(BINARY.flat()), BINARY_LABELS, 2);
  near(result.loss, 0.9518024711058446, 'loss');
  near(result.accuracy, 0.4, 'accuracy');
  near(result.auc, 0.48, 'auc');
  assert.deepEqual(result.confusion, [[3, 2], [4, 1]]);
  assert.equal(result.probabilities[0], Math.fround(0.679178699175393));
  assert.equal(result.probabilities[1], Math.fround(0.32082130082460697));
  assert.equal(result.probabilities[5], Math.fround(0.9525741268224334));
});

test('metrics of three classes equal scikit-learn\'s, one against the rest', () => {
  const result = evaluateLogits(Float32Array.from(THREE.flat()), THREE_LABELS, 3);
  near(result.loss, 0.650496249579604, 'loss');
  near(result.accuracy, 0.8, 'accuracy');
  near(result.auc, 0.873015873015873, 'auc');
  assert.deepEqual(result.confusion, [[4, 0, 0], [0, 2, 1], [1, 0, 2]]);
  assert.equal(result.probabilities[4], Math.fround(0.7361247243125938));
});

test('a class that is absent is left out of the macro AUC', () => {
  // scikit-learn refuses the macro mean here; these are its roc_auc_score(y == k, p[:, k]) of the classes there.
  const result = evaluateLogits(Float32Array.from(THREE.flat()), [0, 2, 2, 2, 0, 0, 2, 0, 2, 0], 3);
  near(result.auc, (0.86 + 0.68) / 2, 'auc');
  near(result.loss, 1.000496249579604, 'loss');
  assert.deepEqual(result.confusion, [[4, 0, 1], [0, 0, 0], [1, 2, 2]]);
});

test('one class alone has an AUC of 0.5', () => {
  assert.equal(evaluateLogits(Float32Array.from([1, 0, 0, 1]), [1, 1], 2).auc, 0.5);
  assert.equal(evaluateLogits(Float32Array.from([1, 0, 2]), [1], 3).auc, 0.5);
});

test('large logits overflow nothing, and the loss is not clipped', () => {
  const result = evaluateLogits(Float32Array.from([1000, 0, 0, 1000, -2000, 2000]), [0, 0, 1], 2);
  // By hand: 0, 1000 and 0, in nats.
  near(result.loss, 1000 / 3, 'loss');
  // By hand: scores of class 1 are 0 and 1 for class 0, 1 for class 1: one pair won, one tied.
  assert.equal(result.auc, 0.75);
  assert.deepEqual([...result.probabilities], [1, 0, 0, 1, 0, 1]);
});

test('logits that are not numbers give a loss that is none', () => {
  const result = evaluateLogits(Float32Array.from([Number.NaN, 0, 1, 2]), [0, 1], 2);
  assert.ok(Number.isNaN(result.loss));
  assert.equal(result.auc, 0.5);
  assert.ok(!Number.isFinite(evaluateLogits(Float32Array.from([Infinity, 0, 1, 2]), [1, 1], 2).loss));
});

test('shapes that do not fit are refused', () => {
  assert.throws(() => evaluateLogits(new Float32Array(5), [0, 1], 2), /5 logits for 2 images of 2 classes/);
  assert.throws(() => evaluateLogits(new Float32Array(0), [], 2), /no images/);
  assert.throws(() => evaluateLogits(new Float32Array(2), [2], 2), /label 2 of 2 classes/);
});

test('the AUC is the share of pairs in the right order, whatever the order of the images', () => {
  const image = fc.record({ score: fc.integer({ min: 0, max: 6 }), label: fc.integer({ min: 0, max: 1 }) });
  fc.assert(
    fc.property(fc.array(image, { minLength: 2, maxLength: 30 }), (images) => {
      const positives = images.filter(({ label }) => label === 1);
      const negatives = images.filter(({ label }) => label === 0);
      fc.pre(positives.length > 0 && negatives.length > 0);
      let won = 0;
      for (const { score } of positives) for (const other of negatives) won += score > other.score ? 1 : score === other.score ? 0.5 : 0;
      const scores = Float32Array.from(images.flatMap(({ score }) => [6 - score, score]));
      const auc = rocAuc(scores, images.map(({ label }) => label), 2);
      near(auc, won / (positives.length * negatives.length), 'auc');
    }),
    { numRuns: 200 },
  );
});
