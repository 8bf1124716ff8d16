import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CLASSICAL, CLASSICAL_VERSION } from '../../../proto/models.js';
import type { ClassicalEpochSettings, ClassicalTrajectory } from '../../../proto/work.js';
import { OutOfMemoryError } from '../../../worker/engine/engine.js';
import { ClassicalTrainer } from '../../../worker/train/classical.js';
import type { ImageData } from '../../../worker/train/image-data.js';
import { classicalNumerics } from '../../../worker/train/numerics.js';
import type { EpochWatch } from '../../../worker/train/trainer.js';
import { KNOBS, noise } from '../classical/support.js';

const SETTINGS: ClassicalEpochSettings = { classWeights: null, trainFraction: 1, dataSeed: 0 };
const NOBODY: EpochWatch = { interrupted: () => false, interruption: new Promise(() => undefined), release: new Promise(() => undefined), step: () => undefined };
const ROOM = 2 ** 32;

/** 40 images to train on, 12 and 8 to judge by. */
function data(): ImageData {
  const { images: { count, size, bytes }, labels } = noise('knn');
  const read = (indices: Int32Array, into: Uint8Array): void => indices.forEach((image, place) => into.set(bytes.subarray(image * size, (image + 1) * size), place * size));
  const range = (from: number, to: number) => Int32Array.from({ length: to - from }, (_, offset) => from + offset);
  return { source: { count, height: 3, width: 3, channels: 1, labels, read }, parts: { train: range(0, 40), val: range(40, 52), test: range(52, 60) }, normalisation: { mean: null, deviation: null }, close: () => undefined };
}

function trajectory(name: string): ClassicalTrajectory {
  return {
    format: 1, trainable: 'classical', version: CLASSICAL_VERSION, numerics: classicalNumerics(), data: 'd'.repeat(64), classes: 2,
    input: { height: 3, width: 3, channels: 1, resize: 'stretch', normalisation: 'scale' }, model: { name, knobs: KNOBS[name]! }, seed: 0, replicate: 0, salt: null,
  };
}

for (const { name } of CLASSICAL) {
  describe(`${name} as a trainer`, () => {
    it('reports an epoch as every classifier does, and is evaluated alike from its checkpoint', async () => {
      const trainer = new ClassicalTrainer(trajectory(name), data(), null, ROOM);
      const trained = await trainer.train(0, SETTINGS, NOBODY);
      assert.ok(trained);
      assert.deepEqual(Object.keys(trained.result.metrics).sort(), ['train.accuracy', 'train.loss', 'val.accuracy', 'val.auc', 'val.loss']);
      assert.equal(trained.result.diverged, false);
      assert.ok(trained.cost.params > 0);
      const restored = new ClassicalTrainer(trajectory(name), data(), trainer.state(), ROOM);
      for (const part of ['val', 'test'] as const) {
        const [now, later] = [await trainer.evaluate(part), await restored.evaluate(part)];
        assert.deepEqual([later?.metrics, later?.confusion, later?.probabilities], [now?.metrics, now?.confusion, now?.probabilities]);
      }
    });

    it('refuses to be fitted where memory is short, and says how much it takes', async () => {
      const trainer = new ClassicalTrainer(trajectory(name), data(), null, 100);
      await assert.rejects(async () => trainer.train(0, SETTINGS, NOBODY), (error: unknown) => error instanceof OutOfMemoryError && error.message.includes(`fitting ${name} to 40 images`) && (error.neededBytes ?? 0) > 100);
    });
  });
}

it('a share of the images is all that a model is fitted to', async () => {
  const trainer = new ClassicalTrainer(trajectory('knn'), data(), null, ROOM);
  const trained = await trainer.train(0, { ...SETTINGS, trainFraction: 0.5 }, NOBODY);
  // 20 of 40 images of 9 values are kept.
  assert.equal(trained?.cost.params, 180);
});

it('a fit that nobody wants any more ends without a result', async () => {
  const trainer = new ClassicalTrainer({ ...trajectory('random-forest'), model: { name: 'random-forest', knobs: { ...KNOBS['random-forest'], trees: 10_000 } } }, data(), null, ROOM);
  assert.equal(await trainer.train(0, SETTINGS, { ...NOBODY, interrupted: () => true }), null);
});
