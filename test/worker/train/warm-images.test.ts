import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EpochSettings, ImageTrajectory } from '../../../proto/work.js';
import type { Engine } from '../../../worker/engine/engine.js';
import { createWasmEngine } from '../../../worker/engine/wasm/engine.js';
import type { TrainOrder } from '../../../worker/train/protocol.js';
import { WarmImages } from '../../../worker/train/warm-images.js';
import { imageSettings } from '../../support/settings.js';
import { garthTrajectory, SIZE } from '../agent/data-set.js';
import { images, range } from '../engine/support.js';

const SETTINGS = imageSettings({ batch: 4 });

function orderOf(more: Partial<ImageTrajectory> = {}, settings: EpochSettings = SETTINGS): TrainOrder {
  const trajectory = { ...garthTrajectory({ manifest: { format: 1, digest: 'noise', classes: ['a', 'b'], packs: [], files: [] }, blob: '' }), ...more };
  const work = { trajectory, from: 0, to: 1, epochs: [settings], awaitFrom: 0, keep: [], evaluate: [], checkpointEveryMs: 1e9 } as unknown as TrainOrder['work'];
  return { kind: 'train', attempt: 'a', start: { from: 'nothing' }, pixels: null, program: null, folder: '', prefix: '', memoryBytes: 1e12, work };
}

/** Counts what is compiled. */
async function warm(): Promise<{ readonly images: WarmImages; readonly compiled: () => number }> {
  const engine = await createWasmEngine();
  let count = 0;
  const counting: Engine = { numerics: engine.numerics, estimate: (...args) => engine.estimate(...args), compile: (...args) => { count += 1; return engine.compile(...args); } };
  const source = images(20, [SIZE, SIZE, 1], 2, 3);
  const parts = { train: range(14), val: range(6, 14), test: new Int32Array() };
  return { images: new WarmImages(counting, () => ({ source, parts, normalisation: { mean: null, deviation: null }, close: () => undefined })), compiled: () => count };
}

async function stateAfter(child: WarmImages, order: TrainOrder): Promise<Uint8Array> {
  const trainer = await child.prepare(order);
  await trainer.train(0, order.work.epochs[0]!, { interrupted: () => false, interruption: new Promise(() => undefined), release: new Promise(() => undefined), step: () => undefined });
  return (await trainer.state()) as Uint8Array;
}

test('a trial of the same model compiles nothing and gets the weights of a child that has just started', async () => {
  const used = await warm();
  await stateAfter(used.images, orderOf());
  for (const more of [{ initSeed: 5 }, { replicate: 2 }, { initSeed: 5, salt: 9 }]) {
    const other = await stateAfter(used.images, orderOf(more));
    assert.deepEqual(other, await stateAfter((await warm()).images, orderOf(more)), JSON.stringify(more));
  }
  assert.equal(used.compiled(), 1);
});

test('replicates train to other weights, each to the same in every child', async () => {
  const settings = imageSettings({ batch: 4, dropout: 0.5 });
  const used = await warm();
  const states: Uint8Array[] = [];
  for (const replicate of [0, 1, 2]) states.push(await stateAfter(used.images, orderOf({ replicate }, settings)));
  assert.equal(new Set(states.map((state) => Buffer.from(state).toString('base64'))).size, 3);
  for (const [replicate, state] of states.entries()) assert.deepEqual(await stateAfter((await warm()).images, orderOf({ replicate }, settings)), state);
});

test('another model, and more room than there is, are compiled', async () => {
  const used = await warm();
  await stateAfter(used.images, orderOf());
  await stateAfter(used.images, orderOf({ optimizer: { name: 'sgd' } }));
  await stateAfter(used.images, orderOf({ optimizer: { name: 'sgd' } }, imageSettings({ batch: 7 })));
  await stateAfter(used.images, orderOf({ optimizer: { name: 'sgd' } }, imageSettings({ batch: 3 })));
  assert.equal(used.compiled(), 3);
});

test('a state that was in memory is gone when another trial has begun', async () => {
  const used = await warm();
  await stateAfter(used.images, orderOf());
  await stateAfter(used.images, orderOf({ initSeed: 5 }));
  await assert.rejects(used.images.prepare({ ...orderOf(), start: { from: 'held' } }), /the state that was to be in memory is not there/);
  await used.images.prepare({ ...orderOf({ initSeed: 5 }), start: { from: 'held' } });
});
