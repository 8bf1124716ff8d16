/** Moving averages of weights on the wasm executor; test/golden compares all executors with Keras' use_ema. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OPTIMIZERS } from '../../../proto/models.js';
import type { Executable } from '../../../worker/engine/engine.js';
import { inferenceState } from '../../../worker/engine/state.js';
import { compiled, images, range, sequential, stepSettings, tensorsOf, training } from './support.js';

const TOPOLOGY = sequential([6, 6, 1], ['Conv2D', { filters: 4, kernel_size: 3 }], ['BatchNormalization', {}], ['Activation', { activation: 'relu' }], ['Flatten', {}], ['Dense', { units: 2 }]);
const SOURCE = images(8, [6, 6, 1], 2, 5);

function made(optimizer: keyof typeof OPTIMIZERS, ema?: number, more = {}): Promise<Executable> {
  return compiled(TOPOLOGY, SOURCE, training(2, { optimizer: { ...OPTIMIZERS[optimizer], ...(ema === undefined ? {} : { ema }) }, ...more }));
}

function train(executable: Executable, from: number, to: number, look = false): void {
  for (let step = from; step < to; step++) {
    executable.step(range(4, step % 5), stepSettings({ lr: 0.05, dropoutSeed: step }));
    if (!look) continue;
    executable.recalibrate(range(8), 4);
    executable.predict(range(8));
  }
}

for (const optimizer of Object.keys(OPTIMIZERS) as (keyof typeof OPTIMIZERS)[]) {
  test(`${optimizer}: averages are those of the weights after each step, which train as without them`, async () => {
    const [plain, averaged] = [await made(optimizer), await made(optimizer, 0.8)];
    const name = 'layer4/kernel';
    let expected: number[] = [];
    for (let step = 0; step < 4; step++) {
      train(plain, step, step + 1);
      train(averaged, step, step + 1);
      const weights = [...(tensorsOf(plain.state()).get(name)?.values ?? [])];
      expected = weights.map((weight, index) => (step === 0 ? weight : 0.8 * (expected[index] ?? NaN) + 0.2 * weight));
      const found = tensorsOf(averaged.state());
      assert.deepEqual([...(found.get(name)?.values ?? [])], weights);
      found.get(`${name}:average`)?.values.forEach((value, index) => assert.ok(Math.abs(value - (expected[index] ?? NaN)) < 1e-6, `step ${step}, element ${index}: ${value}, expected ${expected[index]}`));
    }
  });
}

test('whether anybody looks at the averages between steps changes no byte, wherever the training is cut', async () => {
  const whole = await made('adam', 0.9);
  train(whole, 0, 5);
  const looked = await made('adam', 0.9);
  train(looked, 0, 3, true);
  const rest = await made('adam', 0.9, { maxBatch: 8, clips: true });
  rest.load(looked.state());
  train(rest, 3, 5, true);
  for (const executable of [whole, rest]) executable.recalibrate(range(8), 4);
  assert.deepEqual(rest.state(), whole.state());
});

test('a state for inference has the averages as its weights, and predicts what they predict', async () => {
  const executable = await made('adam', 0.9);
  train(executable, 0, 5);
  executable.recalibrate(range(8), 4);
  const logits = executable.predict(range(8));
  const bundled = inferenceState(executable.state());
  for (const other of [await made('sgd'), await made('adam', 0.9)]) {
    other.load(bundled);
    assert.deepEqual(other.predict(range(8)), logits);
  }
  const plain = await made('adam');
  train(plain, 0, 5);
  plain.recalibrate(range(8), 4);
  assert.notDeepEqual(plain.predict(range(8)), logits);
  executable.restart(7, 0);
  assert.deepEqual(executable.predict(range(8)), (await made('sgd')).predict(range(8)), 'before its first step it predicts by its weights');
});

test('statistics of batch norms are those of the averages', async () => {
  const executable = await made('adam', 0.9);
  train(executable, 0, 5);
  executable.recalibrate(range(8), 4);
  const other = await made('sgd');
  other.load(inferenceState(executable.state()));
  other.recalibrate(range(8), 4);
  const [found, expected] = [executable, other].map((one) => tensorsOf(one.state()));
  for (const name of ['layer1/moving_mean', 'layer1/moving_variance']) assert.deepEqual(found?.get(name), expected?.get(name), name);
});
