/** Conditions of clipping and augmentation; their numbers are compared with Keras' in test/golden. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildModel } from '../../../worker/model/zoo.js';
import { compiled, images, range, sequential, stepSettings, training } from './support.js';

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
  const topology = sequential([1, 3, 1], ['Flatten', {}], ['Dense', { units: 3, activation: 'softmax' }]);
  const engine = await compiled(topology, images(4, [1, 3, 1], 3, 1), training(3));
  assert.throws(() => engine.step(range(4), stepSettings({ clipNorm: 1 })), /without room for clipping/);
  const transform = { matrix: [1, 0, 0, 0, 1, 0], fill: 'nearest', contrast: 1, brightness: 1 } as const;
  assert.throws(() => engine.step(range(1), stepSettings({ augment: [transform] })), /without room for augmentation/);
});
