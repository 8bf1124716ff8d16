/** The models of a transfer: what trains which epoch, from what, and that kept features change nothing. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { OPTIMIZERS, namedModel } from '../../../proto/models.js';
import type { BaseSettings, EvaluateWork, ImageEpochSettings, ImageTrajectory, OptimizerChoice, TrainWork } from '../../../proto/work.js';
import type { PixelTable } from '../../../worker/data/pixel-table.js';
import { programOf } from '../../../worker/engine/program.js';
import { createWasmEngine } from '../../../worker/engine/wasm/engine.js';
import { writeSafetensors, type NamedTensor } from '../../../worker/model/safetensors.js';
import { frozenTopology } from '../../../worker/model/transfer.js';
import { buildModel, transferOf } from '../../../worker/model/zoo.js';
import { openImageData } from '../../../worker/train/image-data.js';
import { ImageClassifier } from '../../../worker/train/image-classifier.js';
import { soleModel } from '../../../worker/train/models.js';
import { imageNumerics } from '../../../worker/train/numerics.js';
import type { EvaluateOrder, Start, TrainOrder } from '../../../worker/train/protocol.js';
import type { EpochWatch, Trainer } from '../../../worker/train/trainer.js';
import { WarmImages } from '../../../worker/train/warm-images.js';
import { generator, tensorsOf } from '../engine/support.js';

const folder = mkdtempSync(join(tmpdir(), 'trawl-transfer-'));
after(() => rmSync(folder, { recursive: true }));

const SIZE = 12;
const COUNT = 40;
const engine = await createWasmEngine();

function table(name: string): PixelTable {
  const random = generator(3);
  const path = join(folder, `${name}.pixels`);
  writeFileSync(path, Uint8Array.from({ length: COUNT * SIZE * SIZE * 3 }, () => Math.floor(random() * 256)));
  return {
    path, height: SIZE, width: SIZE, channels: 3, classes: 2, slots: Array.from({ length: COUNT }, (_, index) => index), labels: Array.from({ length: COUNT }, (_, index) => index % 2),
    parts: { train: { from: 0, to: 24 }, val: { from: 24, to: 32 }, test: { from: 32, to: 40 } },
  };
}

const MODEL = { name: 'cnn', knobs: { blocks: 2, filters: 4, kernel: 3, pooling: 'max', activation: 'relu', batchNorm: true, fcWidth: 0 } };

function trajectory(optimizer: OptimizerChoice = OPTIMIZERS.adam, replicate = 0): ImageTrajectory {
  return {
    format: 1, trainable: 'image-classifier', version: 1, numerics: imageNumerics(engine.numerics), data: 'd'.repeat(64), classes: 2,
    input: { height: SIZE, width: SIZE, channels: 3, resize: 'stretch', normalisation: 'zerocenter' },
    model: { ...MODEL, transfer: { weights: 'a'.repeat(64), cutAt: null, pooling: 'average', hidden: [6] } },
    optimizer, loss: 'softmaxCrossEntropy', initSeed: 5, replicate, salt: null,
  };
}

/** Of the base alone, as a weight file has them: nothing like what initializers draw. */
function weights(): NamedTensor[] {
  const random = generator(11);
  const { model, input, classes } = trajectory();
  const whole = transferOf(model, input, classes);
  const names = new Set(whole.topology.config.layers.slice(0, whole.base).map(({ config }) => config.name));
  return stateNames().filter(({ name }) => names.has(name.slice(0, name.lastIndexOf('/')))).map(({ name, shape }) => {
    const count = shape.reduce((product, extent) => product * extent, 1);
    return { name, shape, values: Float32Array.from({ length: count }, () => (name.endsWith('variance') ? 0.5 + random() : random() - 0.5)) };
  });
}

function stateNames(): { readonly name: string; readonly shape: readonly number[] }[] {
  return [...INITIAL].map(([name, { shape }]) => ({ name, shape }));
}

const DATA = table('plain');
const opened = openImageData(DATA, 'zerocenter');
const INITIAL = tensorsOf((await engine.compile(buildModel(trajectory().model, trajectory().input, 2), training(OPTIMIZERS.sgd), opened.source)).state());
const WEIGHTS = weights();
const FILE = join(folder, 'base.safetensors');
writeFileSync(FILE, writeSafetensors(WEIGHTS));

function training(optimizer: OptimizerChoice) {
  return { optimizer, classes: 2, normalisation: opened.normalisation, initSeed: 5, replicate: 0, maxBatch: 8, accumulate: 1, clips: false, augments: false, memoryBytes: null };
}

const settings = (base: BaseSettings, more: Partial<ImageEpochSettings> = {}): ImageEpochSettings => ({
  lr: 0.01, lrFrom: 0.01, batch: 8, accumulate: 1, dropout: 0.3, classWeights: null, l2: 0.001, labelSmoothing: 0, clipNorm: null, trainFraction: 1, augment: null, base, dataSeed: 1, ...more,
});

const NOBODY: EpochWatch = { interrupted: () => false, interruption: new Promise(() => undefined), release: new Promise(() => undefined), step: () => undefined };

function order(epochs: readonly ImageEpochSettings[], start: Start, from = 0, pixels = DATA, of = trajectory()): TrainOrder {
  const work: TrainWork = {
    kind: 'train', trajectory: of, from, to: from + epochs.length, keys: [], epochs, checkpoint: null, keep: [], evaluate: [], awaitFrom: 0,
    dataset: 'e'.repeat(64), memoryBytes: null, timeoutMs: null, silenceMs: null, checkpointEveryMs: 1e9,
  };
  return { kind: 'train', attempt: 'a', start, pixels, program: null, weights: FILE, folder, prefix: '', memoryBytes: 1e12, work };
}

function predictions(epoch: number, start: Start, of: ImageTrajectory): EvaluateOrder {
  const work: EvaluateWork = { kind: 'evaluate', trajectory: of, epoch, key: 'c'.repeat(64), checkpoint: 'b'.repeat(64), parts: ['val'], dataset: 'e'.repeat(64), memoryBytes: null, timeoutMs: null };
  return { kind: 'evaluate', attempt: 'a', start, pixels: DATA, program: null, weights: FILE, folder, prefix: '', memoryBytes: 1e12, work };
}

const warm = (pixels = DATA): WarmImages => new WarmImages(engine, () => openImageData(pixels, 'zerocenter'));

async function stateAfter(trainer: Trainer): Promise<Uint8Array> {
  const state = await trainer.state();
  return state instanceof Uint8Array ? state : assert.fail('a state in memory');
}

async function train(trainer: Trainer, epochs: readonly ImageEpochSettings[], from = 0): Promise<{ metrics: object[]; state: Uint8Array }> {
  const metrics: object[] = [];
  for (const [index, one] of epochs.entries()) metrics.push((await trainer.train(from + index, one, NOBODY))?.result.metrics ?? assert.fail('interrupted'));
  return { metrics, state: await stateAfter(trainer) };
}

const trainerOf = (children: WarmImages, given: TrainOrder): Promise<Trainer> => children.prepare(given);

test('a training begins with the weights of the file, and a head as its seeds draw it', async () => {
  const state = tensorsOf(await stateAfter(await trainerOf(warm(), order([settings({ freeze: 'none' })], { from: 'nothing' }))));
  for (const { name, values } of WEIGHTS) assert.deepEqual(state.get(name)?.values, values, name);
  for (const name of ['head_dense_1/kernel', 'head_output/kernel']) assert.deepEqual(state.get(name), INITIAL.get(name), name);
});

for (const optimizer of [OPTIMIZERS.sgdm, OPTIMIZERS.adam, { ...OPTIMIZERS.adam, ema: 0.9 }] satisfies OptimizerChoice[]) {
  test(`kept features change no bit of metrics, checkpoints and predictions (${Object.values(optimizer).join(' ')})`, async () => {
    const epochs = [0, 1, 2].map(() => settings({ freeze: 'all' }));
    const of = trajectory(optimizer);
    const { topology, base } = transferOf(of.model, of.input, 2);
    const executable = await engine.compile(frozenTopology(topology, base), { ...training(optimizer), baseLayers: base }, opened.source);
    const begun = warm();
    executable.load(await stateAfter(await trainerOf(begun, order(epochs, { from: 'nothing' }, 0, DATA, of))));
    const whole = new ImageClassifier(of, soleModel(executable, opened.source), opened.parts);
    const expected = await train(whole, epochs);
    const kept = await trainerOf(begun, order(epochs, { from: 'nothing' }, 0, DATA, of));
    const found = await train(kept, epochs);
    assert.deepEqual(found.metrics, expected.metrics);
    assert.deepEqual(Buffer.from(found.state), Buffer.from(expected.state));
    for (const part of ['val', 'test'] as const) assert.deepEqual((await kept.evaluate(part))?.probabilities, (await whole.evaluate(part))?.probabilities);
    assert.equal(readdirSync(folder).filter((name) => name.endsWith('.features')).length, 1);
    assert.equal(readdirSync(folder).filter((name) => /\.(lock|tmp)$/.test(name)).length, 0);
  });
}

for (const optimizer of [OPTIMIZERS.adam, { ...OPTIMIZERS.adam, ema: 0.9 }] satisfies OptimizerChoice[]) test(`a span cut anywhere, also where the base thaws, ends in the bytes of the whole one (${Object.values(optimizer).join(' ')})`, async () => {
  const of = trajectory(optimizer);
  // The fourth layer, a pooling, has nothing that is trained.
  const epochs = [settings({ freeze: 'all' }), settings({ freeze: 'all' }), settings({ freeze: 4, lrFactor: 0.1 }), settings({ freeze: 3, lrFactor: 0.1 }), settings({ freeze: 'none', lr: 0.001 })];
  const whole = await train(await trainerOf(warm(), order(epochs, { from: 'nothing' }, 0, DATA, of)), epochs);
  for (const cut of [1, 2, 3, 4]) {
    const first = await train(await trainerOf(warm(), order(epochs.slice(0, cut), { from: 'nothing' }, 0, DATA, of)), epochs.slice(0, cut));
    const path = join(folder, `cut-${cut}.state`);
    writeFileSync(path, first.state);
    const second = await train(await trainerOf(warm(), order(epochs.slice(cut), { from: 'file', path }, cut, DATA, of)), epochs.slice(cut), cut);
    assert.deepEqual([...first.metrics, ...second.metrics], whole.metrics, `cut at ${cut}`);
    assert.deepEqual(Buffer.from(second.state), Buffer.from(whole.state), `cut at ${cut}`);
  }
});

test('where the base thaws, averages of weights begin anew with the optimizer, for all that is trained from then on', async () => {
  const of = trajectory({ ...OPTIMIZERS.adam, ema: 0.9 });
  // One step an epoch.
  const epochs = [settings({ freeze: 'all' }, { batch: 24 }), ...[0, 1, 2].map(() => settings({ freeze: 'none', lrFactor: 0.1 }, { batch: 24 }))];
  const states: ReturnType<typeof tensorsOf>[] = [];
  for (const length of [2, 3, 4]) states.push(tensorsOf((await train(await trainerOf(warm(), order(epochs.slice(0, length), { from: 'nothing' }, 0, DATA, of)), epochs.slice(0, length))).state));
  const trained = [...states[0]!.keys()].filter((name) => name.endsWith(':average')).map((name) => name.slice(0, -':average'.length));
  assert.deepEqual(trained.toSorted(), stateNames().map(({ name }) => name).filter((name) => !/:|moving_/.test(name)).toSorted());
  for (const name of trained) {
    const weights = states.map((state) => state.get(name)!.values);
    const averages = states.map((state) => state.get(`${name}:average`)!.values);
    // By the definition: w after the first step, then 0.9 a + 0.1 w.
    let expected = Float64Array.from(weights[0]!);
    averages.forEach((average, epoch) => {
      if (epoch > 0) expected = expected.map((value, at) => 0.9 * value + 0.1 * weights[epoch]![at]!);
      average.forEach((value, at) => assert.ok(Math.abs(value - expected[at]!) < 1e-6, `${name}[${at}] after thawed epoch ${epoch}: ${value}, expected ${expected[at]}`));
    });
  }
});

test('a child that holds the state goes on from it, whatever it trained before', async () => {
  const epochs = [settings({ freeze: 'all' }), settings({ freeze: 'none', lrFactor: 0.1 })];
  const whole = await train(await trainerOf(warm(), order(epochs, { from: 'nothing' })), epochs);
  const child = warm();
  await train(await trainerOf(child, order(epochs, { from: 'nothing' }, 0, DATA, trajectory(OPTIMIZERS.sgd))), epochs);
  await train(await trainerOf(child, order(epochs.slice(0, 1), { from: 'nothing' })), epochs.slice(0, 1));
  const held = await train(await trainerOf(child, order(epochs.slice(1), { from: 'held' }, 1)), epochs.slice(1), 1);
  assert.deepEqual(Buffer.from(held.state), Buffer.from(whole.state));
});

test('a child that has predicted from a checkpoint goes on from it as from the file', async () => {
  for (const optimizer of [OPTIMIZERS.adam, { ...OPTIMIZERS.sgdm, ema: 0.9 }] satisfies OptimizerChoice[]) {
    const of = trajectory(optimizer);
    const epochs = [settings({ freeze: 'all' }), settings({ freeze: 'all' }), settings({ freeze: 'none', lrFactor: 0.1 })];
    const whole = await train(await trainerOf(warm(), order(epochs, { from: 'nothing' }, 0, DATA, of)), epochs);
    for (const cut of [1, 2]) {
      const first = await train(await trainerOf(warm(), order(epochs.slice(0, cut), { from: 'nothing' }, 0, DATA, of)), epochs.slice(0, cut));
      const path = join(folder, `predicted-${cut}.state`);
      writeFileSync(path, first.state);
      const child = warm();
      for (const start of [{ from: 'file', path }, { from: 'held' }] satisfies Start[]) await (await child.prepare(predictions(cut - 1, start, of))).evaluate('val');
      const held = await train(await trainerOf(child, order(epochs.slice(cut), { from: 'held' }, cut, DATA, of)), epochs.slice(cut), cut);
      assert.deepEqual(Buffer.from(held.state), Buffer.from(whole.state), `${optimizer.name}, cut at ${cut}`);
    }
  }
});

test('what is frozen stays as the file has it; what is not is trained, and statistics move with it', async () => {
  const { state } = await train(await trainerOf(warm(), order([settings({ freeze: 'batch_normalization_1' })], { from: 'nothing' })), [settings({ freeze: 'batch_normalization_1' })]);
  const after = tensorsOf(state);
  for (const { name, values } of WEIGHTS) {
    const frozen = /^(conv2d_1|batch_normalization_1)\//.test(name);
    assert.equal(Buffer.from(after.get(name)!.values.buffer).equals(Buffer.from(values.buffer)), frozen, name);
  }
});

test('dropout in what is frozen drops nothing', async () => {
  const lmap = { ...trajectory(), model: { name: 'lmap3', knobs: Object.fromEntries(namedModel('lmap3').knobs.map((knob) => [knob.name, knob.default])), transfer: trajectory().model.transfer! } };
  const whole = transferOf(lmap.model, { height: 224, width: 224, channels: 3 }, 2);
  const kinds = (frozen: number): string[] => programOf(frozenTopology(whole.topology, frozen), 'wasm').operations.filter(({ kind }) => kind === 'dropout').map(({ name }) => name);
  assert.deepEqual(kinds(whole.base), ['head_dropout_1', 'head_dropout']);
  assert.ok(kinds(0).length > 2);
});

test('augmentation keeps the whole model in training, and no features', async () => {
  const augment = { rotation: 10, shiftHorizontal: 0, shiftVertical: 0, shear: 0, zoom: 0, flip: 'none', contrast: 0, brightness: 0, crop: 0, fill: 'nearest' } as const;
  const pixels = table('augmented');
  const before = readdirSync(folder).length;
  const one = settings({ freeze: 'all' }, { augment });
  await train(await trainerOf(warm(pixels), order([one], { from: 'nothing' }, 0, pixels)), [one]);
  assert.equal(readdirSync(folder).length, before);
});

test('features of another input or of other weights of the base are others, as far as their last layer', async () => {
  const one = settings({ freeze: 'all' });
  const pixels = table('others');
  const keptAfter = async (of: ImageTrajectory, file = FILE): Promise<number> => {
    await train(await trainerOf(warm(pixels), { ...order([one], { from: 'nothing' }, 0, pixels, of), weights: file }), [one]);
    return readdirSync(folder).filter((name) => name.endsWith('.features')).length;
  };
  const first = trajectory();
  const before = await keptAfter(first);
  assert.equal(await keptAfter(trajectory(OPTIMIZERS.sgd, 1)), before);
  assert.equal(await keptAfter({ ...first, input: { ...first.input, normalisation: 'scale' } }), before + 1);
  const last = WEIGHTS.at(-1) ?? assert.fail('no weights');
  const other = join(folder, 'other.safetensors');
  writeFileSync(other, writeSafetensors([...WEIGHTS.slice(0, -1), { ...last, values: last.values.map((value) => value + 1) }]));
  assert.equal(await keptAfter(first, other), before + 2);
});

test('a base of which the file lacks a tensor is not trained from random weights', async () => {
  const lacking = join(folder, 'lacking.safetensors');
  writeFileSync(lacking, writeSafetensors(WEIGHTS.filter(({ name }) => name !== 'conv2d_2/bias')));
  await assert.rejects(trainerOf(warm(), { ...order([settings({ freeze: 'none' })], { from: 'nothing' }), weights: lacking }), { code: 'DataError', message: /no conv2d_2\/bias/ });
});

test('an epoch that is interrupted while features are computed leaves no file, and the state as it was', async () => {
  const pixels = table('interrupted');
  const other = { ...trajectory(), data: 'f'.repeat(64) };
  const one = settings({ freeze: 'all' });
  const trainer = await trainerOf(warm(pixels), order([one], { from: 'nothing' }, 0, pixels, other));
  const before = readdirSync(folder).sort();
  assert.equal(await trainer.train(0, one, { ...NOBODY, interrupted: () => true }), null);
  assert.deepEqual(readdirSync(folder).sort(), before);
});
