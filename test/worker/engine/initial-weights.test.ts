import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Json } from '../../../proto/work.js';
import { fillInitial } from '../../../worker/engine/initial-weights.js';
import { drawOf, readInitializer } from '../../../worker/engine/initializer.js';

const FAN_IN = 300;
const FAN_OUT = 100;
const COUNT = 200_000;

function drawn(initializer: Json, seed = 0, layer = 0): Float32Array {
  const read = readInitializer(initializer) ?? assert.fail(JSON.stringify(initializer));
  const values = new Float32Array(COUNT);
  fillInitial({ name: 'kernel', shape: [COUNT], count: COUNT, initial: drawOf(read, FAN_IN, FAN_OUT), layer, frozen: false }, seed, 0, values);
  return values;
}

function moments(values: Float32Array): { mean: number; deviation: number; beyond: number; largest: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
  const share = (limit: number): number => values.reduce((count, value) => count + (Math.abs(value) > limit ? 1 : 0), 0) / values.length;
  return { mean, deviation, beyond: share(deviation), largest: values.reduce((most, value) => Math.max(most, Math.abs(value)), 0) };
}

const scaled = (scale: number, mode: string, distribution: string): Json => ({ class_name: 'VarianceScaling', config: { scale, mode, distribution, seed: null } });

// keras.initializers: variance is scale / n, with n the inputs (fan_in), the outputs (fan_out) or their mean (fan_avg).
// Share beyond one deviation: uniform 1 - 1 / sqrt(3); normal 0.3173; cut at two deviations of the normal, whose own
// deviation is 0.8796 of it: scipy.stats.truncnorm(-2, 2): 2 * sf(0.87962566) = 0.3503.
const CUT = 0.3503;
for (const [initializer, variance, beyond] of [
  ['glorotUniform', 1 / 200, 0.4226],
  ['glorotNormal', 1 / 200, CUT],
  ['heUniform', 2 / 300, 0.4226],
  ['he_normal', 2 / 300, CUT],
  [{ class_name: 'LecunUniform', config: {} }, 1 / 300, 0.4226],
  [{ class_name: 'LecunNormal', config: { seed: 1 } }, 1 / 300, CUT],
  // As tf.layers serialises glorotNormal, its default.
  [scaled(1, 'fanAvg', 'normal'), 1 / 200, CUT],
  [scaled(3, 'fan_out', 'truncated_normal'), 3 / 100, CUT],
  [scaled(2, 'fan_in', 'untruncated_normal'), 2 / 300, 0.3173],
] as const) {
  test(`${JSON.stringify(initializer)} has mean 0, its documented variance, and its distribution's shape`, () => {
    const values = drawn(initializer);
    const { mean, deviation, beyond: found, largest } = moments(values);
    const expected = Math.sqrt(variance);
    // Five standard errors of 200,000 draws.
    assert.ok(Math.abs(mean) < (5 * expected) / Math.sqrt(COUNT), `mean ${mean}`);
    assert.ok(Math.abs(deviation / expected - 1) < 0.008, `deviation ${deviation}, expected ${expected}`);
    assert.ok(Math.abs(found - beyond) < 0.0055, `beyond one deviation: ${found}, expected ${beyond}`);
    const most = beyond === CUT ? (2 * expected) / 0.87962566 : beyond === 0.3173 ? 6 * expected : Math.sqrt(3) * expected;
    assert.ok(largest <= most * (1 + 1e-6) && largest > 0.6 * most, `largest ${largest}, at most ${most}`);
  });
}

test('weights depend on seed and layer, and on nothing else', () => {
  assert.deepEqual(drawn('heNormal', 1, 2), drawn('heNormal', 1, 2));
  const values = drawn('heNormal');
  for (const other of [drawn('heNormal', 1), drawn('heNormal', 0, 1)]) {
    const same = values.reduce((count, value, index) => count + (value === other[index] ? 1 : 0), 0);
    assert.ok(same < 10, `${same} weights of ${COUNT} are equal`);
  }
  // Neighbours are independent: five standard errors of a correlation.
  const { deviation } = moments(values);
  const product = values.subarray(1).reduce((sum, value, index) => sum + value * (values[index] ?? 0), 0) / (COUNT - 1);
  assert.ok(Math.abs(product) < (5 * deviation ** 2) / Math.sqrt(COUNT));
});

test('what is none of these is not taken for one', () => {
  for (const value of ['orthogonal', { class_name: 'Identity', config: {} }, scaled(0, 'fan_in', 'uniform'), scaled(1, 'fan', 'uniform'), scaled(1, 'fan_in', 'cauchy'), 3]) assert.equal(readInitializer(value), null, JSON.stringify(value));
});
