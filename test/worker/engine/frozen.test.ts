/** Layers that are not trained, and a base with a learning rate of its own, on each executor. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OPTIMIZERS } from '../../../proto/models.js';
import type { Json } from '../../../proto/work.js';
import { type Engine, type ImageSource, UnsupportedLayerError } from '../../../worker/engine/engine.js';
import { createGraphEngine } from '../../../worker/engine/graph/engine.js';
import { programOf } from '../../../worker/engine/program.js';
import { createWasmEngine } from '../../../worker/engine/wasm/engine.js';
import type { LayerConfig, Topology } from '../../../worker/model/topology.js';
import { nativeUnderTest, WITHOUT_NATIVE } from './graph/native.js';
import { images, range, stepSettings, tensorsOf, training } from './support.js';

const INPUT = [8, 9, 3] as const;
const SOURCE = images(12, INPUT, 3, 5, true);
const BASE = 5;

const layer = (class_name: string, name: string, config: { readonly [field: string]: Json } = {}): LayerConfig => ({ class_name, config: { name, ...config } });
const conv = (name: string, filters: number): LayerConfig => layer('Conv2D', name, { filters, kernel_size: [3, 3], padding: 'same', use_bias: false });

const LAYERS: readonly LayerConfig[] = [
  { ...conv('conv', 8), config: { ...conv('conv', 8).config, batch_input_shape: [null, ...INPUT] } },
  layer('BatchNormalization', 'norm'),
  layer('Activation', 'relu', { activation: 'relu' }),
  conv('conv2', 6),
  layer('GlobalAveragePooling2D', 'pool'),
  layer('Dropout', 'dropout', { rate: 0 }),
  layer('Dense', 'hidden', { units: 7, activation: 'relu' }),
  layer('Dense', 'classes', { units: 3, activation: 'softmax' }),
];

/** The first `frozen` layers are not trained. */
function model(frozen: number): Topology {
  const layers = LAYERS.map((one, index) => (index < frozen ? { ...one, config: { ...one.config, trainable: false } } : one));
  return { class_name: 'Sequential', config: { name: 'sketch', layers } };
}

/** What follows the base, as a model of its own over the base's features. */
const HEAD: Topology = {
  class_name: 'Sequential',
  config: {
    name: 'head',
    layers: LAYERS.slice(BASE).map((one, index) => ({ ...one, position: BASE + index, config: { ...one.config, ...(index === 0 ? { batch_input_shape: [null, 1, 1, 6] } : {}) } })),
  },
};

const featureBase: Topology = { class_name: 'Sequential', config: { name: 'base', layers: model(BASE).config.layers.slice(0, BASE) } };

interface Tested {
  readonly name: string;
  readonly skip: string | false;
  readonly engine: () => Promise<Engine>;
  /** Between what is computed at once and in two parts. */
  readonly tolerance: number;
}

const ENGINES: readonly Tested[] = [
  { name: 'wasm', skip: false, engine: createWasmEngine, tolerance: 0 },
  { name: 'graph', skip: WITHOUT_NATIVE, engine: () => createGraphEngine(nativeUnderTest()), tolerance: 1e-5 },
];

function distance(a: Float32Array, b: Float32Array): number {
  return a.reduce((most, value, index) => Math.max(most, Math.abs(value - b[index]!)), 0);
}

for (const { name, skip, engine, tolerance } of ENGINES) {
  for (const optimizer of [OPTIMIZERS.sgdm, OPTIMIZERS.adamw, OPTIMIZERS.rmsprop]) {
    test(`${name}: what is frozen keeps its weights and statistics, and has no optimizer state (${optimizer.name})`, { skip }, async () => {
      const executable = await (await engine()).compile(model(3), training(3, { optimizer, clips: true }), SOURCE);
      const before = tensorsOf(executable.state());
      for (let step = 0; step < 3; step++) executable.step(range(4, 4 * step), stepSettings({ l2: 0.01, clipNorm: 0.5, dropout: 0.3, dropoutSeed: step }));
      executable.recalibrate(range(12), 4);
      const after = tensorsOf(executable.state());
      for (const [tensor, { values }] of after) {
        const frozen = /^(conv|norm)\//.test(tensor);
        assert.equal(distance(values, before.get(tensor)!.values) === 0, frozen, tensor);
      }
      assert.ok([...after.keys()].some((tensor) => tensor.startsWith('conv2/kernel:')));
      assert.ok(![...after.keys()].some((tensor) => /^(conv|norm)\/.*:/.test(tensor)));
      executable.dispose();
    });
  }

  test(`${name}: a head over the base's features trains as it does on the frozen base`, { skip }, async () => {
    const made = await engine();
    const options = training(3, { optimizer: OPTIMIZERS.adam });
    const whole = await made.compile(model(BASE), options, SOURCE);
    const base = await made.compile(featureBase, { ...options, classes: 6 }, SOURCE);
    // The base alone has the same weights: seeds draw from positions.
    const features = base.predict(range(12));
    const source: ImageSource = {
      ...{ count: 12, height: 1, width: 1, channels: 6, labels: SOURCE.labels },
      read: (indices, into) => indices.forEach((index, at) => into.set(new Uint8Array(features.buffer, 24 * index, 24), 24 * at)),
    };
    const head = await made.compile(HEAD, { ...options, features: true }, source);
    for (let step = 0; step < 6; step++) {
      const settings = stepSettings({ dropout: 0.4, dropoutSeed: step, labelSmoothing: 0.1, l2: 0.01 });
      const [one, two] = [whole.step(range(4, 4 * (step % 3)), settings), head.step(range(4, 4 * (step % 3)), settings)];
      assert.ok(Math.abs(one.loss - two.loss) <= tolerance, `step ${String(step)}: ${String(one.loss)} and ${String(two.loss)}`);
    }
    const [wholes, heads] = [tensorsOf(whole.state()), tensorsOf(head.state())];
    for (const [tensor, { values }] of heads) assert.ok(distance(values, wholes.get(tensor)!.values) <= 100 * tolerance, tensor);
    assert.ok(distance(whole.predict(range(12)), head.predict(range(12))) <= 100 * tolerance);
    for (const one of [whole, base, head]) one.dispose();
  });

  for (const accumulate of [1, 2]) {
    test(`${name}: the base has the rate of its own: by sgd a tenth of the rate is a tenth of the way (${String(accumulate)} parts)`, { skip }, async () => {
      const made = await engine();
      const moved = async (baseLr: number): Promise<ReadonlyMap<string, Float32Array>> => {
        const executable = await made.compile(model(0), training(3, { optimizer: OPTIMIZERS.sgd, baseLayers: BASE, accumulate }), SOURCE);
        const before = tensorsOf(executable.state());
        executable.step(range(4), stepSettings({ lr: 0.5, baseLr }));
        const after = tensorsOf(executable.state());
        executable.dispose();
        return new Map([...after].map(([tensor, { values }]) => [tensor, values.map((value, index) => value - before.get(tensor)!.values[index]!)]));
      };
      const [whole, tenth] = [await moved(0.5), await moved(0.05)];
      for (const [tensor, way] of whole) {
        const share = /^(conv|conv2|norm)\//.test(tensor) ? 0.1 : 1;
        assert.ok(distance(way.map((value) => share * value), tenth.get(tensor)!) < 2e-7, tensor);
      }
      assert.ok(whole.get('conv/kernel')!.some((value) => Math.abs(value) > 1e-4));
    });
  }
}

test('a frozen layer above one that is trained is refused by name', () => {
  const layers = LAYERS.map((one, index) => (index === 3 ? { ...one, config: { ...one.config, trainable: false } } : one));
  assert.throws(() => programOf({ class_name: 'Sequential', config: { name: 'sketch', layers } }, 'wasm'), (error: unknown) => error instanceof UnsupportedLayerError && error.message.includes('"conv2"'));
});
