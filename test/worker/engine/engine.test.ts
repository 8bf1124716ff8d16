import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { IMAGE_CLASSIFIER_VERSION } from '../../../proto/models.js';
import { packageRoot } from '../../../proto/package-root.js';
import { DataError } from '../../../worker/data/data-error.js';
import { type Executable, OutOfMemoryError, UnsupportedLayerError } from '../../../worker/engine/engine.js';
import { createWasmEngine } from '../../../worker/engine/wasm/engine.js';
import { kernelFile } from '../../../worker/engine/wasm/kernels.js';
import { wasmNumerics } from '../../../worker/engine/wasm/numerics.js';
import { buildModel } from '../../../worker/model/zoo.js';
import { ADAM, compiled, images, range, sequential, SGDM, stepSettings, tensorsOf, training } from './support.js';

const INPUT = [12, 13, 1] as const;
const SIZE = { height: 12, width: 13, channels: 1 };
const GARTH = buildModel({ name: 'garth-cnn', knobs: { filters: [4, 6, 9], fcWidth: 8 } }, SIZE, 2);
const SOURCE = images(24, INPUT, 2, 21, true);

/** Steps `from` to `to` - 1 of six batches of four, round and round, with dropout. */
function train(engine: Executable, from: number, to: number, lr = 0.01): number[] {
  const losses: number[] = [];
  for (let step = from; step < to; step++) {
    losses.push(engine.step(range(4, (step % 6) * 4), stepSettings({ lr, dropout: 0.5, dropoutSeed: 1000 + step })).loss);
  }
  return losses;
}

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 16);
}

test('two runs from the same seeds give the same bytes', async () => {
  const first = await compiled(GARTH, SOURCE, training(2));
  const second = await compiled(GARTH, SOURCE, training(2));
  assert.deepEqual(train(first, 0, 12), train(second, 0, 12));
  assert.equal(digest(first.state()), digest(second.state()));
});

test('initial weights differ by seed and by replicate, and not by batch', async () => {
  const states = await Promise.all([{}, { maxBatch: 9 }, { initSeed: 8 }, { replicate: 1 }].map(async (more) => digest((await compiled(GARTH, SOURCE, training(2, more))).state())));
  assert.equal(states[0], states[1]);
  assert.equal(new Set(states).size, 3);
});

test('initial kernels are Glorot uniform: inside the limit, of its variance, without a mean', async () => {
  const model = buildModel({ name: 'garth-cnn', knobs: { filters: [8, 16, 49], fcWidth: 100 } }, SIZE, 2);
  const kernel = tensorsOf((await compiled(model, SOURCE, training(2))).state()).get('dense_1/kernel');
  assert.ok(kernel);
  const limit = Math.sqrt(6 / ((kernel.shape[0] ?? 0) + (kernel.shape[1] ?? 0)));
  const mean = kernel.values.reduce((sum, value) => sum + value, 0) / kernel.values.length;
  const variance = kernel.values.reduce((sum, value) => sum + value * value, 0) / kernel.values.length;
  assert.ok(kernel.values.every((value) => Math.abs(value) <= limit));
  // Of n draws the mean has deviation limit / sqrt(3 n), the variance about limit^2 / 3 * sqrt(0.8 / n).
  assert.ok(Math.abs(mean) < (5 * limit) / Math.sqrt(3 * kernel.values.length), String(mean));
  assert.ok(Math.abs((variance * 3) / limit ** 2 - 1) < 5 * Math.sqrt(0.8 / kernel.values.length), String(variance));
});

for (const optimizer of [SGDM, ADAM]) {
  test(`a run cut after any step and resumed elsewhere ends in the same bytes (${optimizer.name})`, async () => {
    const whole = await compiled(GARTH, SOURCE, training(2, { optimizer }));
    train(whole, 0, 8);
    for (const cut of [1, 5]) {
      const before = await compiled(GARTH, SOURCE, training(2, { optimizer }));
      train(before, 0, cut);
      // Evaluation in between, and other room for batches, must leave no trace.
      before.recalibrate(range(6), 3);
      before.predict(range(5));
      const after = await compiled(GARTH, SOURCE, training(2, { optimizer, initSeed: 99, maxBatch: 7 }));
      after.load(before.state());
      train(after, cut, 8);
      whole.recalibrate(range(6), 4);
      after.recalibrate(range(6), 4);
      assert.equal(digest(after.state()), digest(whole.state()), `cut at ${String(cut)}`);
    }
  });
}

for (const optimizer of [SGDM, ADAM]) {
  test(`a training that begins anew in the same memory gives the bytes of one that was just compiled (${optimizer.name})`, async () => {
    const used = await compiled(GARTH, SOURCE, training(2, { optimizer, accumulate: 2 }));
    train(used, 0, 5);
    used.recalibrate(range(6), 2);
    used.restart(11, 3);
    const fresh = await compiled(GARTH, SOURCE, training(2, { optimizer, accumulate: 2, initSeed: 11, replicate: 3 }));
    assert.equal(digest(used.state()), digest(fresh.state()));
    assert.deepEqual(train(used, 0, 3), train(fresh, 0, 3));
    assert.equal(digest(used.state()), digest(fresh.state()));
  });
}

test('the weights after two epochs are those of this version of the trainable', async () => {
  // Moves with every change of kernels, order of calls, seeds or formulas: raise IMAGE_CLASSIFIER_VERSION
  // with it, since recorded epochs of the old version can no longer be reproduced.
  const engine = await compiled(GARTH, SOURCE, training(2));
  train(engine, 0, 12);
  engine.recalibrate(range(24), 4);
  assert.deepEqual({ version: IMAGE_CLASSIFIER_VERSION, digest: digest(engine.state()) }, { version: 4, digest: 'b84d0892d82ed0cf' });
});

test('garth-cnn learns what can be learned, and predicts it with recalibrated statistics', async () => {
  const engine = await compiled(GARTH, SOURCE, training(2));
  const losses = train(engine, 0, 60);
  const last = losses.slice(-6).reduce((sum, loss) => sum + loss, 0) / 6;
  assert.ok(last < 0.35, `loss of the last epoch ${String(last)}`);
  engine.recalibrate(range(24), 4);
  const logits = engine.predict(range(24));
  const right = [...SOURCE.labels].filter((label, n) => Number((logits[2 * n + 1] ?? 0) > (logits[2 * n] ?? 0)) === label).length;
  assert.ok(right >= 22, `${String(right)} of 24 right`);
});

test('an image has the same logits in any company', async () => {
  const engine = await compiled(GARTH, SOURCE, training(2, { maxBatch: 4 }));
  const roomy = await compiled(GARTH, SOURCE, training(2, { maxBatch: 24 }));
  train(engine, 0, 6);
  engine.recalibrate(range(24), 4);
  roomy.load(engine.state());
  const all = engine.predict(range(24));
  assert.deepEqual(roomy.predict(range(24)), all);
  assert.deepEqual(engine.predict(range(1, 13)), all.slice(26, 28));
});

test('recalibration is a pure function of weights, images and batch, whatever room there is, and it leaves training alone', async () => {
  const engine = await compiled(GARTH, SOURCE, training(2, { maxBatch: 4 }));
  const roomy = await compiled(GARTH, SOURCE, training(2, { maxBatch: 24 }));
  train(engine, 0, 3);
  roomy.load(engine.state());
  engine.recalibrate(range(10), 4);
  roomy.recalibrate(range(24), 24);
  roomy.recalibrate(range(10), 4);
  assert.equal(digest(engine.state()), digest(roomy.state()));
  assert.throws(() => engine.recalibrate(range(10), 5), /5 images at a time, where there is room for 4/);
  // Batches are even: 5 of 24 come to five batches of 4 or 5, 8 to three of 8.
  roomy.recalibrate(range(24), 8);
  const eights = digest(roomy.state());
  roomy.recalibrate(range(24), 11);
  assert.equal(digest(roomy.state()), eights);
});

test('statistics over several batches are those of each batch, joined by the law of total variance', async () => {
  const engine = await compiled(GARTH, SOURCE, training(2, { maxBatch: 8 }));
  train(engine, 0, 6);
  const statistics = (of: Int32Array): Map<string, Float32Array> => {
    engine.recalibrate(of, 8);
    return new Map([...tensorsOf(engine.state())].filter(([name]) => name.includes('/moving_')).map(([name, { values }]) => [name, Float32Array.from(values)]));
  };
  const batches = [0, 8, 16].map((from) => statistics(range(8, from)));
  const together = statistics(range(24));
  assert.equal(together.size, 6);
  for (const [name, values] of together) {
    const layer = name.slice(0, name.lastIndexOf('/'));
    values.forEach((value, channel) => {
      const of = (kind: string): number[] => batches.map((batch) => batch.get(`${layer}/moving_${kind}`)![channel]!);
      const average = (numbers: readonly number[]): number => numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
      const mean = average(of('mean'));
      const expected = name.endsWith('mean') ? mean : average(of('variance')) + average(of('mean').map((one) => (one - mean) ** 2));
      assert.ok(Math.abs(value - expected) <= 1e-6 + 1e-5 * Math.abs(expected), `${name}[${String(channel)}]: ${String(value)}, expected ${String(expected)}`);
    });
  }
});

test('recalibrated statistics of the first batch norm are those of its input', async () => {
  // A 1 x 1 convolution of one channel: mean and variance follow from the pixels by hand.
  const topology = sequential([3, 3, 1], ['Conv2D', { filters: 1, kernel_size: 1 }], ['BatchNormalization', {}], ['Flatten', {}], ['Dense', { units: 2, activation: 'softmax' }]);
  const source = images(5, [3, 3, 1], 2, 4);
  const engine = await compiled(topology, source, training(2, { maxBatch: 2 }));
  const kernel = tensorsOf(engine.state()).get('layer0/kernel')?.values[0] ?? 0;
  engine.recalibrate(range(5), 2);
  const values = [...source.pixels].map((v) => (v / 255) * kernel);
  const mean = values.reduce((a, b) => a + b) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  const tensors = tensorsOf(engine.state());
  assert.ok(Math.abs((tensors.get('layer1/moving_mean')?.values[0] ?? NaN) - mean) < 1e-6);
  assert.ok(Math.abs((tensors.get('layer1/moving_variance')?.values[0] ?? NaN) - variance) < 1e-6);
});

test('normalisation takes off the mean and divides by the deviation, element by element', async () => {
  const topology = sequential([1, 2, 1], ['Flatten', {}], ['Dense', { units: 2, activation: 'softmax' }]);
  const source = { ...images(1, [1, 2, 1], 2, 4), read: (_: Int32Array, into: Uint8Array) => { into.set([51, 255]); } };
  const normalisation = { mean: Float32Array.of(0.1, 0.5), deviation: Float32Array.of(0.5, 0.25) };
  const engine = await compiled(topology, source, training(2, { normalisation }));
  const kernel = tensorsOf(engine.state()).get('layer1/kernel')?.values ?? new Float32Array(4);
  const x = [(0.2 - 0.1) / 0.5, (1 - 0.5) / 0.25]; // 51 / 255 = 0.2
  const logits = engine.predict(range(1));
  for (const unit of [0, 1]) {
    const expected = (x[0] ?? 0) * (kernel[unit] ?? 0) + (x[1] ?? 0) * (kernel[2 + unit] ?? 0);
    assert.ok(Math.abs((logits[unit] ?? NaN) - expected) < 1e-6, `${String(logits[unit])}, expected ${String(expected)}`);
  }
});

test('the estimate is what compile takes, and a limit below it is refused before anything is taken', async () => {
  const engine = await createWasmEngine();
  const needed = engine.estimate(GARTH, training(2));
  assert.equal((await engine.compile(GARTH, training(2, { memoryBytes: needed }), SOURCE)).memoryBytes, needed);
  await assert.rejects(engine.compile(GARTH, training(2, { memoryBytes: needed - 1 }), SOURCE), (error) => error instanceof OutOfMemoryError && error.neededBytes === needed);
});

test('more than 4 GiB is OutOfMemory', async () => {
  const model = buildModel({ name: 'garth-cnn', knobs: { filters: [8, 16, 49], fcWidth: 100 } }, { height: 1000, width: 1000, channels: 1 }, 2);
  const source = { ...SOURCE, height: 1000, width: 1000 };
  await assert.rejects(compiled(model, source, training(2, { maxBatch: 512 })), OutOfMemoryError);
});

test('a layer that the engine does not know is named', async () => {
  const topology = sequential(INPUT, ['Conv2D', { filters: 2, kernel_size: 3 }], ['LSTM', { units: 3 }]);
  await assert.rejects(compiled(topology, SOURCE, training(2)), (error) => error instanceof UnsupportedLayerError && error.message.includes('LSTM') && error.message.includes('layer1'));
});

for (const [what, config] of [['dilation_rate', { dilation_rate: [2, 2] }], ['activation softplus', { activation: 'softplus' }], ['kernel_initializer', { kernel_initializer: { class_name: 'Orthogonal', config: {} } }]] as const) {
  test(`a Conv2D with ${what} is refused, not computed wrongly`, async () => {
    await assert.rejects(compiled(sequential(INPUT, ['Conv2D', { filters: 2, kernel_size: 3, ...config }]), SOURCE, training(2)), (error) => error instanceof UnsupportedLayerError && error.message.includes(what));
  });
}

for (const [className, what, config] of [
  ['BatchNormalization', 'gamma_regularizer', { gamma_regularizer: { class_name: 'L1L2', config: { l1: 0, l2: 0.1 } } }],
  ['BatchNormalization', 'beta_constraint', { beta_constraint: { class_name: 'NonNeg', config: {} } }],
  ['Flatten', 'data_format', { data_format: 'channels_first' }],
  ['GlobalAveragePooling2D', 'data_format', { data_format: 'channels_first' }],
  ['GlobalAveragePooling2D', 'keepdims', { keepdims: true }],
  ['Dropout', 'noise_shape', { noise_shape: [null, 1, 1, 3] }],
] as const) {
  test(`a ${className} with ${what} is refused, not computed as if it did not say so`, async () => {
    const topology = sequential(INPUT, ['Conv2D', { filters: 3, kernel_size: 3 }], [className, config], ['Flatten', {}], ['Dense', { units: 2, activation: 'softmax' }]);
    await assert.rejects(compiled(topology, SOURCE, training(2)), (error) => error instanceof UnsupportedLayerError && error.message.includes(what));
  });
}

test('a checkpoint of another model, optimizer or nature is DataError and changes nothing', async () => {
  const engine = await compiled(GARTH, SOURCE, training(2));
  const other = buildModel({ name: 'garth-cnn', knobs: { filters: [4, 6, 9], fcWidth: 9 } }, SIZE, 2);
  const before = digest(engine.state());
  const states = [
    (await compiled(other, SOURCE, training(2))).state(),
    (await compiled(GARTH, SOURCE, training(2, { optimizer: ADAM }))).state(),
    engine.state().subarray(0, 400),
    engine.state().subarray(0, -4),
    new Uint8Array(3),
  ];
  for (const state of states) assert.throws(() => { engine.load(state); }, DataError);
  assert.equal(digest(engine.state()), before);
});

test('class weights multiply each image\'s part of the loss', async () => {
  const engine = await compiled(GARTH, SOURCE, training(2));
  const plain = await compiled(GARTH, SOURCE, training(2));
  const settings = stepSettings();
  const weighted = engine.step(range(4), { ...settings, classWeights: [3, 3] }).loss;
  const loss = plain.step(range(4), { ...settings, classWeights: null }).loss;
  assert.ok(Math.abs(weighted - 3 * loss) < 1e-6);
});

test('a loss that is no longer finite is reported as such', async () => {
  const engine = await compiled(GARTH, SOURCE, training(2));
  const losses = train(engine, 0, 8, 1e30);
  assert.ok(losses.some((loss) => !Number.isFinite(loss)), losses.join(' '));
});

test('kernels.wasm was built from the C sources beside it', () => {
  const folder = join(packageRoot(), 'worker/engine/wasm/kernels');
  const hash = createHash('sha256');
  for (const name of readdirSync(folder).sort()) hash.update(`${name}\n`).update(readFileSync(join(folder, name)));
  const [section] = WebAssembly.Module.customSections(new WebAssembly.Module(new Uint8Array(kernelFile())), 'sources');
  assert.equal(Buffer.from(section ?? new ArrayBuffer(0)).toString('hex'), hash.digest('hex'), 'run tools/build-kernels.sh worker/engine/wasm and commit kernels.wasm');
});

test('numerics name the kernel file', () => {
  assert.equal(wasmNumerics(), `wasm:${createHash('sha256').update(kernelFile()).digest('hex').slice(0, 16)}:plain`);
});
