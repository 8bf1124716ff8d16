import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { it } from 'node:test';
import { wallMs } from '../../../cli/run/estimate.js';
import type { ImageTrajectory } from '../../../proto/work.js';

const trajectory = (size: number): ImageTrajectory => ({
  format: 1,
  trainable: 'image-classifier',
  version: 1,
  numerics: 'wasm',
  data: '',
  classes: 2,
  input: { height: size, width: size, channels: 1, resize: 'stretch', normalisation: 'scale' },
  model: { name: 'lenet5', knobs: {} },
  optimizer: { name: 'sgdm', momentum: 0.9 },
  loss: 'softmaxCrossEntropy',
  initSeed: 0,
  replicate: 0,
  salt: null,
});

const data = { manifest: '', digest: '', images: 140, classes: ['a', 'b'], positive: 1, counts: { train: [50, 50], val: [10, 10], test: [10, 10] }, rejected: [], warnings: [] };

it('time adds up over epochs and images, and sizes not timed go by their pixels', () => {
  const timed = [{ pixels: 400, msPerImage: 2 }];
  const work = [
    { trajectory: trajectory(20), epochs: 3 },
    { trajectory: trajectory(40), epochs: 1 },
  ];
  // 100 trained and a third of 20 + 100 predicted: 140 images an epoch; 3 x 140 x 2 ms, and 4 times the pixels once: 140 x 8 ms.
  assert.equal(wallMs(work, timed, data, 1), 3 * 280 + 1_120);
});

it('slots share the work, as far as there are cores', () => {
  const one = wallMs([{ trajectory: trajectory(20), epochs: 1 }], [{ pixels: 400, msPerImage: 2 }], data, 1);
  assert.equal(wallMs([{ trajectory: trajectory(20), epochs: 1 }], [{ pixels: 400, msPerImage: 2 }], data, 1_000), one / availableParallelism());
});
