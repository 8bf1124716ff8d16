import assert from 'node:assert/strict';
import { test } from 'node:test';
import { batchParts } from '../../../worker/engine/parts.js';
import { createWasmEngine } from '../../../worker/engine/wasm/engine.js';
import { buildModel } from '../../../worker/model/zoo.js';
import { compiled, images, range, sequential, stepSettings, tensorsOf, training } from './support.js';

const INPUT = [12, 11, 1] as const;
const PLAIN = sequential(
  INPUT, ['Conv2D', { filters: 6, kernel_size: 3, padding: 'same', activation: 'relu' }], ['Dropout', { rate: 0 }], ['MaxPooling2D', { pool_size: 2 }],
  ['Conv2D', { filters: 5, kernel_size: 3 }], ['Dropout', { rate: 0 }], ['Flatten', {}], ['Dense', { units: 3, activation: 'softmax' }],
);
const NORMED = sequential(INPUT, ['Conv2D', { filters: 6, kernel_size: 3 }], ['BatchNormalization', {}], ['Activation', { activation: 'relu' }], ['Flatten', {}], ['Dense', { units: 3, activation: 'softmax' }]);
const SOURCE = images(20, INPUT, 3, 5);

function close(found: Float32Array, expected: Float32Array, what: string): void {
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  found.forEach((value, index) => {
    assert.ok(Math.abs(value - (expected[index] ?? NaN)) <= 2e-6 * largest, `${what}[${String(index)}]: ${String(value)}, expected ${String(expected[index])}`);
  });
}

test('a batch is cut into parts of sizes that differ by one at most, and never into empty ones', () => {
  assert.deepEqual(batchParts(10, 4), [{ from: 0, to: 3 }, { from: 3, to: 6 }, { from: 6, to: 8 }, { from: 8, to: 10 }]);
  assert.deepEqual(batchParts(6, 1), [{ from: 0, to: 6 }]);
  assert.deepEqual(batchParts(2, 5), [{ from: 0, to: 1 }, { from: 1, to: 2 }]);
});

test('without batch norm a batch in parts trains as the whole batch: dropout, class weights, penalty and clipping included', async () => {
  const settings = stepSettings({ dropout: 0.4, classWeights: [0.5, 1, 2], l2: 0.01, labelSmoothing: 0.1, clipNorm: 0.5 });
  const whole = await compiled(PLAIN, SOURCE, training(3, { maxBatch: 7, clips: true }));
  const parts = await compiled(PLAIN, SOURCE, training(3, { maxBatch: 7, clips: true, accumulate: 3 }));
  for (const [step, count] of [7, 5, 2].entries()) {
    const indices = range(count, 3 * step);
    const expected = whole.step(indices, { ...settings, dropoutSeed: 50 + step });
    const found = parts.step(indices, { ...settings, dropoutSeed: 50 + step });
    assert.ok(Math.abs(found.loss - expected.loss) < 1e-6 * expected.loss, `loss ${String(found.loss)}, expected ${String(expected.loss)}`);
    assert.equal(found.correct, expected.correct);
  }
  const expected = tensorsOf(whole.state());
  for (const [name, { values }] of tensorsOf(parts.state())) close(values, expected.get(name)?.values ?? new Float32Array(), name);
});

test('with batch norm the gradient is the mean of those of the parts, each with its own statistics', async () => {
  const gradients = async (accumulate: number, count: number, from: number): Promise<ReturnType<typeof tensorsOf>> => {
    const engine = await compiled(NORMED, SOURCE, training(3, { maxBatch: 5, accumulate }));
    engine.step(range(count, from), stepSettings());
    return tensorsOf(engine.state());
  };
  const [together, first, second] = [await gradients(2, 5, 0), await gradients(1, 3, 0), await gradients(1, 2, 3)];
  for (const [name, { values }] of together) {
    if (!name.endsWith(':momentum')) continue;
    const [a, b] = [first.get(name)?.values, second.get(name)?.values];
    assert.ok(a !== undefined && b !== undefined);
    // The bias before batch norm has no gradient but rounding.
    if (name !== 'layer0/bias:momentum') close(values, a.map((value, index) => (3 * value + 2 * (b[index] ?? NaN)) / 5), name);
  }
});

test('a batch in parts takes the memory of one part, whatever is predicted with it', async () => {
  const engine = await createWasmEngine();
  const model = buildModel({ name: 'garth-cnn', knobs: { filters: [8, 16, 49], fcWidth: 0 } }, { height: 64, width: 64, channels: 1 }, 3);
  const [whole, half] = [engine.estimate(model, training(3, { maxBatch: 60 })), engine.estimate(model, training(3, { maxBatch: 60, accumulate: 2 }))];
  const alone = engine.estimate(model, training(3, { maxBatch: 30, clips: true }));
  assert.equal(half, alone);
  assert.ok(half < 0.6 * whole, `${String(half)} of ${String(whole)} bytes`);
  const [small, large] = [await compiled(PLAIN, SOURCE, training(3, { maxBatch: 6, accumulate: 6 })), await compiled(PLAIN, SOURCE, training(3, { maxBatch: 6 }))];
  assert.deepEqual(small.predict(range(20)), large.predict(range(20)));
});
