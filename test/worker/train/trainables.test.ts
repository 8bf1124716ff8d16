import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { SyntheticTrajectory } from '../../../proto/work.js';
import { littleEndian } from '../../../worker/train/hand-over.js';
import { outcomeOf } from '../../../worker/train/failure.js';
import { dropoutSeed, epochOrder, RECALIBRATION_IMAGES, recalibrationImages } from '../../../worker/train/order.js';
import { SyntheticTrainer } from '../../../worker/train/synthetic.js';
import type { EpochWatch } from '../../../worker/train/trainer.js';

const quiet: EpochWatch = { interrupted: () => false, interruption: new Promise(() => undefined), release: new Promise(() => undefined), step: () => undefined };
const synthetic = (metrics: { readonly [metric: string]: string }, epochMs = 0): SyntheticTrainer => {
  const trajectory: SyntheticTrajectory = { format: 1, trainable: 'synthetic', version: 1, numerics: 'none', epochMs, metrics, salt: null };
  return new SyntheticTrainer(trajectory);
};

describe('the synthetic trainable', () => {
  it('reports its formulas over the epoch and the hyperparameters in force', async () => {
    const trained = await synthetic({ 'val.loss': 'lr * 2 + epoch', 'val.auc': 'fast ? 1 : 0' }).train(3, { values: { lr: 0.25, fast: true, name: 'ignored' } }, quiet);
    assert.deepEqual(trained?.result, { metrics: { 'val.loss': 3.5, 'val.auc': 1 }, confusion: null, diverged: false });
  });

  it('takes a formula that is not finite for divergence', async () => {
    const trained = await synthetic({ 'val.loss': '1 / (epoch - 2)', 'val.auc': '0.5' }).train(2, { values: {} }, quiet);
    assert.deepEqual(trained?.result, { metrics: { 'val.auc': 0.5 }, confusion: null, diverged: true });
  });

  it('arms no timer where an epoch takes no time', () => {
    assert.ok(!(synthetic({}).train(0, { values: {} }, quiet) instanceof Promise));
  });

  it('wakes from its sleep when nobody wants the epoch any more', async () => {
    const watch = { ...quiet, interrupted: () => true, interruption: Promise.resolve() };
    assert.equal(await synthetic({}, 3_600_000).train(0, { values: {} }, watch), null);
  });

  it('refuses a formula it cannot read before the first epoch', () => {
    assert.throws(() => synthetic({ 'val.loss': 'process.exit(1)' }), { code: 'BadExpression' });
  });
});

describe('which images a step sees', () => {
  const images = Int32Array.from({ length: 700 }, (_, index) => 3 * index);

  it('is another order in each epoch and replicate, of the same images', () => {
    const orders = [[0, 0, 0], [0, 0, 1], [0, 1, 0], [1, 0, 0]].map(([seed, replicate, epoch]) => epochOrder(images, seed!, replicate!, epoch!));
    assert.equal(new Set(orders.map((order) => order.join())).size, orders.length);
    for (const order of orders) assert.deepEqual(order.slice().sort(), images);
    assert.deepEqual(epochOrder(images, 0, 0, 1), orders[1]);
  });

  it('has dropout of its own in every step', () => {
    const seeds = [dropoutSeed(0, 0, 0, 0), dropoutSeed(0, 0, 0, 1), dropoutSeed(0, 0, 1, 0), dropoutSeed(0, 1, 0, 0), dropoutSeed(1, 0, 0, 0)];
    assert.equal(new Set(seeds).size, seeds.length);
    for (const seed of seeds) assert.ok(Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32);
  });

  it('recalibrates on the same images in every epoch, at most so many', () => {
    const fixed = recalibrationImages(images, 5);
    assert.equal(fixed.length, RECALIBRATION_IMAGES);
    assert.equal(new Set(fixed).size, RECALIBRATION_IMAGES);
    assert.ok(fixed.every((image) => images.includes(image)));
    assert.deepEqual(recalibrationImages(images, 5), fixed);
    assert.notDeepEqual(recalibrationImages(images, 6), fixed);
    assert.deepEqual(recalibrationImages(images.subarray(0, 9), 5), images.slice(0, 9));
  });
});

describe('what is thrown', () => {
  const coded = (code: string, more: object = {}): Error => Object.assign(new Error('what happened'), { code }, more);
  const cases: readonly (readonly [string, unknown, object])[] = [
    ['an engine that does not fit', coded('OutOfMemory', { neededBytes: 7 }), { class: 'OutOfMemory', neededBytes: 7 }],
    ['a WebAssembly memory that cannot grow', new RangeError('WebAssembly.Memory.grow(): Maximum memory size exceeded'), { class: 'OutOfMemory' }],
    ['a buffer that cannot be had', new RangeError('Array buffer allocation failed'), { class: 'OutOfMemory' }],
    ['a full disk', coded('ENOSPC'), { class: 'DiskFull' }],
    ['a used-up quota', coded('EDQUOT'), { class: 'DiskFull' }],
    ['data that cannot be used', coded('DataError'), { class: 'DataError' }],
    ['a GPU that was taken', coded('EngineUnusable'), { class: 'WorkerLost' }],
    ['an error of CUDA', coded('GraphFailed'), { class: 'WorkerLost' }],
    ['anything else', new TypeError('two\n  lines'), { class: 'TrainableError', message: 'two lines' }],
    ['what is no error at all', 'text', { class: 'TrainableError', message: 'text' }],
  ];
  for (const [what, error, expected] of cases) {
    it(`has a class: ${what}`, () => assert.deepEqual({ ...outcomeOf(error), ...expected }, outcomeOf(error)));
  }
});

it('probabilities travel as little-endian float32', () => {
  // IEEE 754: 1 is 3f800000, -2.5 is c0200000.
  assert.deepEqual([...littleEndian(Float32Array.of(1, -2.5))], [0, 0, 0x80, 0x3f, 0, 0, 0x20, 0xc0]);
});
