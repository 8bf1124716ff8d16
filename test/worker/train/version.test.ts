import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { IMAGE_CLASSIFIER_VERSION } from '../../../proto/models.js';
import { PURPOSE, RandomStream } from '../../../proto/random.js';
import type { ImageSource } from '../../../worker/engine/engine.js';
import { createWasmEngine } from '../../../worker/engine/wasm/engine.js';
import { wasmNumerics } from '../../../worker/engine/wasm/numerics.js';
import { buildModel } from '../../../worker/model/zoo.js';
import { soleModel } from '../../../worker/train/models.js';
import { ImageClassifier } from '../../../worker/train/image-classifier.js';
import { garthTrajectory, SIZE } from '../agent/data-set.js';
import { imageSettings } from '../../support/settings.js';
import { compiled, images, type LayerSketch, range, sequential, stepSettings, training } from '../engine/support.js';

/**
 * The weights after two epochs, as this version of the trainable and these kernels make them. A
 * change that moves them without new kernels (the choice of a kernel and what is fused are made in TypeScript) must raise IMAGE_CLASSIFIER_VERSION: recorded epochs of
 * the old numbers would otherwise be shared with the new. New kernels change `numerics`, which is part
 * of every key as well. In either case write down here what the new code gives.
 */
const PINNED = {
  version: 4,
  numerics: 'wasm:28e061c977734654:plain',
  weights: 'cce75728f16295db03bab6b7bc0dc467a9ad33129b9dbd3c083dbf7ed17cb3ad',
  /** Of a network whose convolution goes by Winograd's tiles, which garth-cnn's never do. */
  tiles: '1577c578a5aa9c69e67dd49a9810afbe42cadfcd963172af021cdfdd23e084f6',
  /** Of one whose windows move by two pixels, so that each phase of them goes backward by itself. */
  phases: '77c015a848e1f2163258e323e191ff1b4259426ca72bfb08a725b3504e51859b',
};

/** SHA-256 of the checkpoint after three steps of a network from 16 to 16 channels on 64 pixels or more. */
async function digestAtStride(strides: number): Promise<string> {
  const input = [9, 11, 1] as const;
  const conv = (filters: number, stride = 1): LayerSketch => ['Conv2D', { filters, kernel_size: 3, strides: stride, padding: 'same' }];
  const topology = sequential(input, conv(16), conv(16, strides), ['BatchNormalization', {}], ['Activation', { activation: 'relu' }], ['Dropout', { rate: 0.5 }], ['MaxPooling2D', { pool_size: 2 }], ['Flatten', {}], ['Dense', { units: 2, activation: 'softmax' }]);
  const executable = await compiled(topology, images(6, input, 2, 5), training(2));
  for (const step of [0, 1, 2]) executable.step(range(4, step), stepSettings({ dropout: 0.4, dropoutSeed: step, l2: 0.01 }));
  executable.recalibrate(range(6), 4);
  return createHash('sha256').update(executable.state()).digest('hex');
}

function noise(): ImageSource {
  const random = new RandomStream(PURPOSE.shuffle, 1);
  const pixels = Uint8Array.from({ length: 20 * SIZE * SIZE }, () => random.below(256));
  const image = (index: number): Uint8Array => pixels.subarray(index * SIZE * SIZE, (index + 1) * SIZE * SIZE);
  return {
    ...{ count: 20, height: SIZE, width: SIZE, channels: 1, labels: Uint16Array.from({ length: 20 }, (_, index) => index % 2) },
    read: (indices, into) => indices.forEach((index, position) => into.set(image(index), position * SIZE * SIZE)),
  };
}

test('the numbers of the built-in trainable move only with its version or its kernels', async () => {
  const trajectory = garthTrajectory({ manifest: { format: 1, digest: 'noise', classes: ['a', 'b'], packs: [], files: [] }, blob: '' });
  const engine = await createWasmEngine();
  const { optimizer, classes, initSeed, replicate } = trajectory;
  const training = { optimizer, classes, initSeed, replicate, normalisation: { mean: null, deviation: null }, maxBatch: 4, accumulate: 1, clips: false, augments: false, memoryBytes: null };
  const source = noise();
  const executable = await engine.compile(buildModel(trajectory.model, trajectory.input, classes), training, source);
  const indices = (from: number, to: number): Int32Array => Int32Array.from({ length: to - from }, (_, index) => from + index);
  const classifier = new ImageClassifier(trajectory, soleModel(executable, source), { train: indices(0, 14), val: indices(14, 20), test: indices(20, 20) });
  for (const epoch of [0, 1]) {
    const settings = imageSettings({ batch: 4, classWeights: [0.75, 1.5], dataSeed: 11 });
    await classifier.train(epoch, settings, { interrupted: () => false, interruption: new Promise(() => undefined), release: new Promise(() => undefined), step: () => undefined });
  }
  const weights = createHash('sha256').update(classifier.state()).digest('hex');
  assert.deepEqual({ version: IMAGE_CLASSIFIER_VERSION, numerics: wasmNumerics(), weights, tiles: await digestAtStride(1), phases: await digestAtStride(2) }, PINNED);
});
