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
  const timed = [{ pixels: 400, kind: '', msPerImage: 2, msPerImageOnce: 0 }];
  const work = [
    { trajectory: trajectory(20), epochs: 3, settings: { augment: null } },
    { trajectory: trajectory(40), epochs: 1, settings: { augment: null } },
  ];
  // 100 trained and a third of 20 + 100 predicted: 140 images an epoch; 3 x 140 x 2 ms, and 4 times the pixels once: 140 x 8 ms.
  assert.equal(wallMs(work, timed, data, 1), 3 * 280 + 1_120);
});

it('slots share the work, as far as there are cores', () => {
  const work = [{ trajectory: trajectory(20), epochs: 1, settings: { augment: null } }];
  const timed = [{ pixels: 400, kind: '', msPerImage: 2, msPerImageOnce: 0 }];
  assert.equal(wallMs(work, timed, data, 1_000), wallMs(work, timed, data, 1) / availableParallelism());
});

it('with a frozen base epochs cost what the head costs, and features are computed once for all trials of one base', () => {
  const base = { ...trajectory(20), model: { name: 'vgg16', knobs: {}, transfer: { weights: '', cutAt: null, pooling: 'average', hidden: [] } } } as const;
  const frozen = { base: { freeze: 'all' }, augment: null } as const;
  const wider = { ...base, model: { ...base.model, transfer: { ...base.model.transfer, hidden: [8] } } };
  const timed = [{ pixels: 400, kind: '["all",true]', msPerImage: 0.1, msPerImageOnce: 5 }, { pixels: 400, kind: '["none",true]', msPerImage: 20, msPerImageOnce: 0 }];
  // 140 images an epoch, as above, at 0.1 ms; all 140 images of the data set once at 5 ms.
  const heads = wallMs([{ trajectory: base, epochs: 4, settings: frozen }, { trajectory: wider, epochs: 6, settings: frozen }], timed, data, 1);
  assert.ok(Math.abs(heads - (10 * 14 + 140 * 5)) < 1e-6, String(heads));
  // What is trained whole costs 140 images at 20 ms.
  assert.ok(Math.abs(wallMs([{ trajectory: base, epochs: 1, settings: { base: { freeze: 'none' }, augment: null } }], timed, data, 1) - 2_800) < 1e-6);
});

it('kinds that were not timed cost their passes through the base: three to train it, one where it is frozen and images are augmented', () => {
  const base = { ...trajectory(20), model: { name: 'vgg16', knobs: {}, transfer: { weights: '', cutAt: null, pooling: 'average', hidden: [] } } } as const;
  const frozen = { base: { freeze: 'all' }, augment: null } as const;
  const tuned = { base: { freeze: 'none' }, augment: null } as const;
  const augmented = { base: { freeze: 'all' }, augment: { flip: 'horizontal' } } as const;
  const close = (actual: number, expected: number): void => assert.ok(Math.abs(actual - expected) < 1e-6, `${actual}, not ${expected}`);
  const one = (settings: typeof frozen | typeof tuned | typeof augmented, timed: Parameters<typeof wallMs>[1]): number => wallMs([{ trajectory: base, epochs: 1, settings: settings as never }], timed, data, 1);
  const features = [{ pixels: 400, kind: '["all",true]', msPerImage: 0.1, msPerImageOnce: 5 }];
  // 140 images an epoch, as above, at 3 x 5 ms; and 100 trained and 120 predicted at one pass each.
  close(one(tuned, features), 140 * 15);
  close(one(augmented, features), 220 * 5);
  // The other way round: a third of a step of the whole base, for the 140 images of the data set.
  const whole = [{ pixels: 100, kind: '["none",true]', msPerImage: 6, msPerImageOnce: 0 }];
  close(one(frozen, whole), 140 * ((6 / 3) * 4));
  close(one(augmented, [{ pixels: 400, kind: '["all",false]', msPerImage: 5, msPerImageOnce: 0 }]), 220 * 5);
});
