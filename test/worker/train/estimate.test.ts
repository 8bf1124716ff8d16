import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ImageTrajectory } from '../../../proto/work.js';
import { wasmEngine } from '../../../worker/engine/choose.js';
import { estimateSteps } from '../../../worker/train/estimate.js';

function trajectory(size: number): ImageTrajectory {
  return {
    ...{ format: 1, trainable: 'image-classifier', version: 1, numerics: 'any', data: 'none', classes: 2, loss: 'softmaxCrossEntropy' },
    input: { height: size, width: size, channels: 1, resize: 'stretch', normalisation: 'scale' },
    model: { name: 'garth-cnn', knobs: { filters: [8, 16, 49], fcWidth: 100 } },
    optimizer: { name: 'sgdm', momentum: 0.9 },
    ...{ initSeed: 0, replicate: 0, salt: null },
  };
}

const caseOf = (size: number, batch: number) => ({ trajectory: trajectory(size), settings: { batch, dropout: 0.5, augment: null } });

test('each case is timed, and larger images take more memory', async () => {
  const [small, large, ...more] = await estimateSteps({ engine: wasmEngine(), budgetMs: 60_000, cases: [caseOf(12, 8), caseOf(48, 8)] });
  assert.deepEqual([small?.index, large?.index, more.length], [0, 1, 0]);
  assert.ok(small !== undefined && large !== undefined);
  assert.ok(small.msPerStep > 0 && large.msPerStep > 0, `${small.msPerStep} and ${large.msPerStep} ms`);
  assert.ok(large.bytes > small.bytes, `${large.bytes} and ${small.bytes} bytes`);
});

test('a case that no machine can hold is left out, and those after it are timed', async () => {
  const estimates = await estimateSteps({ engine: wasmEngine(), budgetMs: 60_000, cases: [caseOf(4_000, 4_000), caseOf(12, 2)] });
  assert.deepEqual(estimates.map(({ index }) => index), [1]);
});

test('a budget that is used up begins no further case', async () => {
  assert.deepEqual(await estimateSteps({ engine: wasmEngine(), budgetMs: 0, cases: [caseOf(12, 2)] }), []);
  assert.deepEqual(await estimateSteps({ engine: wasmEngine(), budgetMs: 1_000, cases: [] }), []);
});

test('whoever no longer wants to know gets the reason', async () => {
  const controller = new AbortController();
  const asked = estimateSteps({ engine: wasmEngine(), budgetMs: 60_000, cases: [caseOf(12, 2)] }, controller.signal);
  controller.abort(new Error('changed my mind'));
  await assert.rejects(asked, /changed my mind/);
});

test('a head over kept features is timed without its base, whose features are timed once', async () => {
  const model = { name: 'vgg16', knobs: { filters: [8, 8, 16, 16, 16], inputNorm: false, pooling: 'average', hidden: [] }, transfer: { weights: '', cutAt: null, pooling: 'average', hidden: [8] } } as const;
  const transfer: ImageTrajectory = { ...trajectory(64), model };
  const settings = (freeze: 'all' | 'none') => ({ batch: 8, dropout: 0.5, augment: null, base: { freeze } });
  const [head, whole] = await estimateSteps({ engine: wasmEngine(), budgetMs: 60_000, cases: [{ trajectory: transfer, settings: settings('all') }, { trajectory: transfer, settings: settings('none') }] });
  assert.ok(head !== undefined && whole !== undefined);
  assert.ok(head.msPerImageOnce > 0 && whole.msPerImageOnce === 0, JSON.stringify([head, whole]));
  // By hand: 16 x 8 + 8 x 2 multiply-adds an image against some 4 million.
  assert.ok(10 * head.msPerStep < whole.msPerStep, `${head.msPerStep} ms of the head, ${whole.msPerStep} ms of all`);
});
