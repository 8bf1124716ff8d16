/** Expected points: expected.py beside this file tries every threshold there is. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { chooseThreshold, operatingPoint, recallFloor, specificityAt } from '../../../coordinator/ensemble/threshold.js';
import { models } from './models.js';

describe('specificity at a sensitivity', () => {
  const { labels, library } = models(7, 8, 60, 2);
  const probabilities = library[3]!.probabilities;
  for (const [sensitivity, specificity, reached, misses, falseAlarms] of [
    [0.5, 0.5806451612903226, 0.5172413793103449, 14, 13],
    [0.7, 0.2903225806451613, 0.7931034482758621, 6, 22],
    [0.8, 0.25806451612903225, 0.896551724137931, 3, 23],
    [0.9, 0.22580645161290322, 1.0, 0, 24],
  ] as const) {
    it(`is the reference's at ${sensitivity}`, () => {
      const point = specificityAt(sensitivity, probabilities, labels, 1);
      assert.deepEqual([point.specificity, point.sensitivity, point.misses, point.falseAlarms], [specificity, reached, misses, falseAlarms]);
    });
  }

  it('meets the sensitivity, and no other threshold that does has a higher specificity', () => {
    const image = fc.tuple(fc.integer({ min: 0, max: 8 }), fc.integer({ min: 0, max: 1 }));
    fc.assert(
      fc.property(fc.array(image, { minLength: 1, maxLength: 30 }), fc.double({ min: 0, max: 1, noNaN: true }), (images, sensitivity) => {
        const scores = Float32Array.from(images.flatMap(([eighths]) => [1 - eighths / 8, eighths / 8]));
        const truth = images.map(([, label]) => label);
        fc.pre(truth.includes(1));
        const point = specificityAt(sensitivity, scores, truth, 1);
        assert.ok(point.sensitivity >= sensitivity, `${point.sensitivity} of ${sensitivity}`);
        for (let eighths = 0; eighths <= 9; eighths += 1) {
          const other = operatingPoint(eighths / 8 - 1e-3, scores, truth, 1);
          // With a sensitivity of 0 to reach, calling nothing positive would do; a threshold between probabilities is asked for.
          if (other.sensitivity >= sensitivity && other.sensitivity > 0) assert.ok(other.specificity <= point.specificity, `${other.threshold} is better than ${point.threshold}`);
        }
      }),
    );
  });

  it('lies between two probabilities, not on one', () => {
    const scores = Float32Array.from([0.9, 0.1, 0.6, 0.4, 0.2, 0.8]);
    const { threshold, misses, positives } = specificityAt(1, scores, [0, 1, 1], 1);
    assert.ok(threshold > 0.1 && threshold < 0.4, `got ${threshold}`);
    assert.deepEqual([misses, positives], [0, 2]);
  });

  it('of the first class where that is the positive one', () => {
    const scores = Float32Array.from([0.9, 0.1, 0.6, 0.4, 0.2, 0.8]);
    assert.equal(specificityAt(1, scores, [0, 1, 1], 0).specificity, 1);
  });
});

describe('the threshold of an ensemble', () => {
  const scores = Float32Array.from([0.9, 0.1, 0.6, 0.4, 0.2, 0.8]);
  it('is 0.5 without a floor', () => {
    assert.equal(chooseThreshold({ floor: null, probabilities: scores, labels: [0, 1, 1], positive: 1 }), 0.5);
  });
  it('meets the floor', () => {
    const threshold = chooseThreshold({ floor: 0.95, probabilities: scores, labels: [0, 1, 1], positive: 1 });
    assert.equal(operatingPoint(threshold, scores, [0, 1, 1], 1).sensitivity, 1);
  });
});

describe('the recall that floors ask for', () => {
  it('is the larger of the one by name and the one without', () => {
    assert.equal(recallFloor({ 'val.recall[b]': 0.8, 'val.recall': 0.9, 'val.recall[a]': 0.99 }, 'b'), 0.9);
    assert.equal(recallFloor({ 'val.recall[b]': 0.95, 'val.recall': 0.9 }, 'b'), 0.95);
    assert.equal(recallFloor({ 'val.accuracy': 0.9 }, 'b'), null);
  });
});
