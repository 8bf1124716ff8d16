import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { countSteps, linearPoints, logPoints, steps } from '../../../coordinator/space/decimal.js';

test('steps of a tenth are tenths, as a person would write them', () => {
  assert.deepEqual(steps(0.1, 0.5, 0.1), [0.1, 0.2, 0.3, 0.4, 0.5]);
  assert.deepEqual(steps(-0.2, 0.1, 0.1), [-0.2, -0.1, 0, 0.1]);
  assert.deepEqual(steps(1e-7, 3e-7, 1e-7), [1e-7, 2e-7, 3e-7]);
});

test('the far end is appended where the step misses it', () => {
  assert.deepEqual(steps(20, 50, 15), [20, 35, 50]);
  assert.deepEqual(steps(20, 60, 15), [20, 35, 50, 60]);
  assert.deepEqual(steps(5, 5, 1), [5]);
  assert.deepEqual(steps(5, 6, 10), [5, 6]);
});

test('a segment begins and ends at its ends, rises, and has as many values as were announced', () => {
  const cents = fc.integer({ min: -100_000, max: 100_000 });
  fc.assert(
    fc.property(cents, fc.integer({ min: 0, max: 500 }), fc.integer({ min: 1, max: 50 }), (first, span, stride) => {
      const [from, to, step] = [first / 100, (first + span) / 100, stride / 100];
      const values = steps(from, to, step);
      // In hundredths everything is whole: an independent count.
      const expected = Array.from({ length: Math.ceil(span / stride) }, (_, index) => (first + index * stride) / 100).concat(to);
      assert.deepEqual(values, expected);
      assert.equal(countSteps(from, to, step), values.length);
    }),
  );
});

test('counting does not make the values', () => {
  assert.equal(countSteps(0, 1e12, 0.001), 1e15 + 1);
});

test('points are at equal distances and hit both ends', () => {
  assert.deepEqual(linearPoints(0, 1, 11), [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]);
  assert.deepEqual(linearPoints(0, 1, 4), [0, 1 / 3, 2 / 3, 1]);
  assert.deepEqual(linearPoints(-3, 3, 3), [-3, 0, 3]);
});

test('points on a log scale are at equal ratios and hit both ends exactly', () => {
  assert.deepEqual(logPoints(0.0001, 0.1, 4), [0.0001, 0.001, 0.01, 0.1]);
  // sqrt(32 * 512) = 128; sqrt(0.003 * 0.03) = 0.00948683...
  assert.deepEqual(logPoints(32, 512, 3), [32, 128, 512]);
  assert.deepEqual(logPoints(0.003, 0.03, 3), [0.003, 0.00948683, 0.03]);
});
