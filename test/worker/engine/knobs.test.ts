/** L2, label smoothing and clipping against Keras, and their conditions. The numbers are those of keras-step.py (Keras 3.15). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Executable, ImageSource } from '../../../worker/engine/engine.js';
import { buildModel } from '../../../worker/model/zoo.js';
import { compiled, images, range, sequential, stepSettings, tensorsOf, training, withTensor } from './support.js';

const PIXELS = Uint8Array.of(0, 51, 102, 255, 204, 0, 153, 51, 255, 102, 102, 102);
const SOURCE: ImageSource = {
  count: 4, height: 1, width: 3, channels: 1, labels: Uint16Array.of(0, 1, 2, 1),
  read: (indices, into) => indices.forEach((index, position) => into.set(PIXELS.subarray(3 * index, 3 * index + 3), 3 * position)),
};
const KNOBS = { lr: 0.5, l2: 0.05, labelSmoothing: 0.2 };

async function started(clips: boolean): Promise<Executable> {
  const topology = sequential([1, 3, 1], ['Flatten', {}], ['Dense', { units: 3, activation: 'softmax' }]);
  const engine = await compiled(topology, SOURCE, training(3, { clips }));
  const kernel = withTensor(engine.state(), 'layer1/kernel', [0.5, -0.2, 0.1, 0.3, 0.8, -0.6, -0.4, 0.1, 0.9]);
  engine.load(withTensor(kernel, 'layer1/bias', [0.1, 0, -0.1]));
  return engine;
}

function near(found: ArrayLike<number> | undefined, expected: readonly number[]): void {
  assert.ok(found !== undefined);
  assert.equal(found.length, expected.length);
  expected.forEach((value, index) => assert.ok(Math.abs((found[index] ?? NaN) - value) < 2e-6, `[${index}]: ${found[index]}, Keras ${value}`));
}

test('l2 and label smoothing move weights and loss as in Keras', async () => {
  const engine = await started(false);
  near([engine.step(range(4), stepSettings(KNOBS)).loss], [1.152007818222046]);
  const first = tensorsOf(engine.state());
  near(first.get('layer1/kernel')?.values, [0.391051, -0.114574, 0.103523, 0.23553, 0.825036, -0.585566, -0.388251, 0.080544, 0.877708]);
  near(first.get('layer1/bias')?.values, [0.056902, 0.066508, -0.12341]);
  engine.step(range(4), stepSettings(KNOBS));
  near(tensorsOf(engine.state()).get('layer1/kernel')?.values, [0.203064, 0.029118, 0.110819, 0.127057, 0.86005, -0.558356, -0.361303, 0.037077, 0.838727]);
});

test('clipping scales all gradients together, the penalty among them, as Keras\' global_clipnorm', async () => {
  const engine = await started(true);
  const settings = stepSettings({ ...KNOBS, clipNorm: 0.25 });
  engine.step(range(4), settings);
  const first = tensorsOf(engine.state());
  near(first.get('layer1/kernel')?.values, [0.423886, -0.14032, 0.102461, 0.25496, 0.817491, -0.589916, -0.391792, 0.086407, 0.884426]);
  near(first.get('layer1/bias')?.values, [0.069891, 0.046464, -0.116355]);
  engine.step(range(4), settings);
  near(tensorsOf(engine.state()).get('layer1/kernel')?.values, [0.276608, -0.026903, 0.107852, 0.169402, 0.846674, -0.56913, -0.372058, 0.054443, 0.85395]);
});

test('a norm that is never reached changes nothing, in a network with batch norm and large dense layers', async () => {
  const model = buildModel({ name: 'garth-cnn', knobs: { filters: [4, 6, 9], fcWidth: 300 } }, { height: 24, width: 25, channels: 1 }, 2);
  const source = images(8, [24, 25, 1], 2, 21);
  const [plain, clipped] = await Promise.all([compiled(model, source, training(2)), compiled(model, source, training(2, { clips: true }))]);
  for (const step of [0, 1, 2]) {
    const settings = stepSettings({ dropout: 0.5, dropoutSeed: step, l2: 0.001 });
    const loss = plain.step(range(4, step), settings).loss;
    assert.equal(clipped.step(range(4, step), { ...settings, clipNorm: 1e9 }).loss, loss);
  }
  assert.deepEqual(clipped.state(), plain.state());
});

test('clipping and augmentation are refused where no room was planned for them', async () => {
  const engine = await started(false);
  assert.throws(() => engine.step(range(4), stepSettings({ clipNorm: 1 })), /without room for clipping/);
  const transform = { matrix: [1, 0, 0, 0, 1, 0], fill: 'nearest', contrast: 1, brightness: 1 } as const;
  assert.throws(() => engine.step(range(1), stepSettings({ augment: [transform] })), /without room for augmentation/);
});
