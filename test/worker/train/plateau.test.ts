import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { PlateauRule } from '../../../proto/work.js';
import { scheduleIn } from '../../../worker/engine/state.js';
import { createWasmEngine } from '../../../worker/engine/wasm/engine.js';
import { plateauAfter, plateauBegin, plateauFrom } from '../../../worker/train/plateau.js';
import type { TrainOrder } from '../../../worker/train/protocol.js';
import type { Trainer } from '../../../worker/train/trainer.js';
import { WarmImages } from '../../../worker/train/warm-images.js';
import { imageSettings } from '../../support/settings.js';
import { garthTrajectory, SIZE } from '../agent/data-set.js';
import { images, range } from '../engine/support.js';

const RULE: PlateauRule = { monitor: 'val.loss', factor: 0.5, patience: 2, minDelta: 0.0001, cooldown: 0, final: 0 };

/** The rate in force in each epoch. */
function ratesOver(rule: PlateauRule, initial: number, values: readonly (number | null)[]): number[] {
  let state = plateauBegin(Math.fround(initial));
  return values.map((value) => {
    const { rate } = state;
    state = plateauAfter(rule, state, { metrics: value === null ? {} : { [rule.monitor]: value } });
    return rate;
  });
}

test("a reduced rate is that of Keras' ReduceLROnPlateau, epoch by epoch", () => {
  // Keras 3.15.1: keras.callbacks.ReduceLROnPlateau on these values, the optimizer's rate before each epoch.
  assert.deepEqual(ratesOver(RULE, 0.1, [1, 0.9, 0.9, 0.9, 0.9, 0.95, 0.95, 0.95, 0.3, 0.4, 0.4]), [0.1, 0.1, 0.1, 0.1, 0.05, 0.05, 0.025, 0.025, 0.0125, 0.0125, 0.0125].map(Math.fround));
  const cooled = { ...RULE, factor: 0.1, minDelta: 0, cooldown: 2, final: 0.0005 };
  assert.deepEqual(ratesOver(cooled, 0.1, Array.from({ length: 11 }, () => 1)), [0.1, 0.1, 0.1, 0.00999999978, 0.00999999978, 0.00999999978, 0.000999999931, 0.000999999931, 0.000999999931, 0.0005, 0.0005].map(Math.fround));
  const upwards: PlateauRule = { ...RULE, monitor: 'val.accuracy', factor: 0.3, minDelta: 0.01, cooldown: 1 };
  assert.deepEqual(ratesOver(upwards, 0.01, [0.5, 0.505, 0.509, 0.52, 0.52, 0.52, 0.52, 0.6, 0.61]), [0.01, 0.01, 0.01, 0.003, 0.003, 0.003, 0.0009, 0.0009, 0.0009].map(Math.fround).map((rate, epoch) => (epoch < 6 ? rate : Math.fround(Math.fround(0.003) * 0.3))));
});

test('an epoch without the metric counts as one that did not improve', () => {
  assert.deepEqual(ratesOver(RULE, 1, [1, null, null, 1]), [1, 1, 1, 0.5]);
});

// Losses of noise move by less, so that every second epoch reduces the rate.
const SETTINGS = { ...imageSettings({ batch: 4, lr: Math.fround(0.01), lrFrom: Math.fround(0.01) }), plateau: { ...RULE, patience: 1, minDelta: 10 } };
const EPOCHS = 5;
const WATCH = { interrupted: () => false, interruption: new Promise<void>(() => undefined), release: new Promise<void>(() => undefined), step: () => undefined };

async function child(): Promise<WarmImages> {
  const source = images(20, [SIZE, SIZE, 1], 2, 3);
  const parts = { train: range(14), val: range(6, 14), test: new Int32Array() };
  return new WarmImages(await createWasmEngine(), () => ({ source, parts, normalisation: { mean: null, deviation: null }, close: () => undefined }));
}

function order(start: TrainOrder['start'], batch = 4): TrainOrder {
  const trajectory = garthTrajectory({ manifest: { format: 1, digest: 'noise', classes: ['a', 'b'], packs: [], files: [] }, blob: '' });
  const work = { trajectory, from: 0, to: EPOCHS, epochs: [{ ...SETTINGS, batch }], awaitFrom: 0, keep: [], evaluate: [], checkpointEveryMs: 1e9 } as unknown as TrainOrder['work'];
  return { kind: 'train', attempt: 'a', start, pixels: null, program: null, folder: '', prefix: '', memoryBytes: 1e12, work };
}

interface Run {
  readonly rates: number[];
  readonly states: Uint8Array[];
}

async function run(trainer: Trainer, from: number, to: number, into: Run): Promise<void> {
  for (let epoch = from; epoch < to; epoch++) {
    const trained = await trainer.train(epoch, SETTINGS, WATCH);
    into.rates.push(trained?.result.metrics['train.lr'] ?? NaN);
    into.states.push((await trainer.state() as Uint8Array).slice());
  }
}

test('a training with a reduced rate, cut after any epoch and gone on with in memory or from its checkpoint, ends in the same bytes', async (t) => {
  const whole: Run = { rates: [], states: [] };
  await run(await (await child()).prepare(order({ from: 'nothing' })), 0, EPOCHS, whole);
  // The first epoch is the first improvement; from then on each one halves the rate.
  assert.deepEqual(whole.rates, [0.01, 0.01, 0.005, 0.0025, 0.00125].map(Math.fround));
  const folder = await mkdtemp(join(tmpdir(), 'plateau-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  for (const cut of [1, 2, 3, 4]) {
    const path = join(folder, `${cut}.state`);
    await writeFile(path, whole.states[cut - 1]!);
    const elsewhere: Run = { rates: [], states: [] };
    await run(await (await child()).prepare(order({ from: 'file', path })), cut, EPOCHS, elsewhere);
    assert.deepEqual(elsewhere.rates, whole.rates.slice(cut), `from the checkpoint of epoch ${cut - 1}`);
    assert.deepEqual(elsewhere.states.at(-1), whole.states.at(-1));
    // The second room is larger, so that the state in memory moves to another model.
    for (const batch of [4, 9]) {
      const here = await child();
      const held: Run = { rates: [], states: [] };
      await run(await here.prepare(order({ from: 'nothing' })), 0, cut, held);
      await run(await here.prepare(order({ from: 'held' }, batch)), cut, EPOCHS, held);
      assert.deepEqual(held, whole, `in memory after epoch ${cut - 1}, with room for ${batch}`);
    }
  }
});

test('a checkpoint says what its rate goes on from, and one that does not say it wholly is refused', async () => {
  const begun: Run = { rates: [], states: [] };
  await run(await (await child()).prepare(order({ from: 'nothing' })), 0, 2, begun);
  const state = plateauFrom(scheduleIn(begun.states[1]!));
  assert.deepEqual({ rate: state.rate, wait: state.wait, cooldown: state.cooldown }, { rate: Math.fround(0.005), wait: 0, cooldown: 0 });
  assert.throws(() => plateauFrom({ rate: 0.1 }), /does not say how its learning rate was reduced/);
});
