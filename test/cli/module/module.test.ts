/** A user's module: what it builds, and each way in which it can be wrong. */
import assert from 'node:assert/strict';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { BadInput } from '../../../cli/exit.js';
import { OpenModule, type ModuleLimits } from '../../../cli/module/model-module.js';
import { packageRoot } from '../../../proto/package-root.js';
import type { Structure } from '../../../proto/model-module.js';
import { readInitializer } from '../../../worker/engine/initializer.js';
import { layerTable } from '../../../worker/model/layer-table.js';
import { temporaryFolder } from '../../support/images.js';

const STRUCTURE: Structure = { settings: { fcWidth: 5 }, input: { height: 8, width: 8, channels: 1, classes: 2 } };

async function open(t: TestContext, code: string, limits?: ModuleLimits): Promise<OpenModule> {
  const folder = temporaryFolder(t);
  symlinkSync(join(packageRoot(), 'node_modules'), join(folder, 'node_modules'));
  const file = join(folder, 'my-model.ts');
  writeFileSync(file, code);
  const module = await OpenModule.open({ file, path: './my-model.ts', ...(limits === undefined ? {} : { limits }) });
  t.after(() => module.close());
  return module;
}

/** The lines that it is refused with, from the file's base name on. */
async function refusal(t: TestContext, code: string, limits?: ModuleLimits): Promise<string> {
  try {
    await (await open(t, code, limits)).build(STRUCTURE);
  } catch (error) {
    assert.ok(error instanceof BadInput, String(error));
    return error.message.split('\n').map((line) => line.replace(/^.*(?=my-model\.ts)/, '')).join('\n');
  }
  return assert.fail('it was accepted');
}

const json = (layers: string): string => `export const build = () => ({ class_name: 'Sequential', config: { layers: [${layers}] } });`;
const FLATTEN = "{ class_name: 'Flatten', config: { batch_input_shape: [null, 8, 8, 1] } }";

const functional = (layers: string, output = 'b'): string =>
  `const node = (class_name: string, name: string, config: object, ...from: string[]) => ({ class_name, config: { name, ...config }, inbound_nodes: from.length === 0 ? [] : [from.map((one) => [one, 0, 0, {}])] });
   export const build = () => ({ class_name: 'Functional', config: { layers: ${layers}, input_layers: [['a', 0, 0]], output_layers: [['${output}', 0, 0]] } });`;

/** A residual block in tf.layers; `twice` holds layers that the pooled features go through, one after another. */
const residual = (twice = ''): string =>
  `import '@tensorflow/tfjs-backend-cpu';
   import { input, layers, model } from '@tensorflow/tfjs-layers';
   export const knobs = { fcWidth: { default: 5, min: 1, max: 9 } };
   export function build({ fcWidth }: any, { height, width, channels, classes }: any) {
     const kernelInitializer = 'glorotUniform';
     const conv = () => layers.conv2d({ filters: 3, kernelSize: 3, padding: 'same', kernelInitializer });
     const image = input({ shape: [height, width, channels] });
     const stem: any = layers.reLU().apply(conv().apply(image));
     conv().apply(stem);
     const sum = layers.add().apply([stem, conv().apply(layers.reLU().apply(conv().apply(stem)) as any) as any]);
     let features: any = layers.globalAveragePooling2d({}).apply(sum as any);
     for (const layer of [layers.dense({ units: 3, kernelInitializer })${twice === '' ? '' : `, ...[${twice.slice(1)}].flat()`}]) features = layer.apply(features);
     return model({ inputs: image, outputs: layers.dense({ units: classes, kernelInitializer, activation: 'softmax' }).apply(features) as any });
   }`;

describe('a module that is right', () => {
  it('may give its topology as JSON', async (t) => {
    const module = await open(
      t,
      `export const knobs = { fcWidth: { default: 5, min: 1, max: 9 } };
       export async function build({ fcWidth }: { fcWidth: number }, { height, width, channels, classes }: { [side: string]: number }) {
         const layer = (class_name: string, config: object) => ({ class_name, config });
         return { class_name: 'Sequential', config: { layers: [
           layer('Flatten', { batch_input_shape: [null, height, width, channels] }), layer('Dense', { units: fcWidth }), layer('Dense', { units: classes }),
         ] } };
       }`,
    );
    assert.deepEqual(module.knobs, [{ name: 'fcWidth', kind: 'int', default: 5, min: 1, max: 9, length: null, meaning: 'a knob of the module' }]);
    const table = layerTable(await module.build(STRUCTURE));
    // 64 pixels and a bias for each of 5 neurons, then 5 and a bias for each of 2.
    assert.deepEqual(table.map(({ name, params }) => [name, params]), [['flatten_1', 0], ['dense_1', 325], ['dense_2', 12]]);
  });

  it('may leave the initialisers of tf.layers as they are, or name another', async (t) => {
    const module = await open(
      t,
      `import '@tensorflow/tfjs-backend-cpu';
       import { layers, sequential } from '@tensorflow/tfjs-layers';
       export function build(_: any, { height, width, channels, classes }: any) {
         return sequential({ layers: [
           layers.conv2d({ filters: 3, kernelSize: 3, inputShape: [height, width, channels] }), layers.conv2d({ filters: 3, kernelSize: 3, kernelInitializer: 'heNormal' }),
           layers.flatten(), layers.dense({ units: 4, kernelInitializer: 'leCunNormal' }), layers.dense({ units: classes }),
         ] });
       }`,
    );
    const { config } = await module.build({ ...STRUCTURE, settings: {} });
    assert.deepEqual(
      config.layers.filter((layer) => layer.class_name !== 'Flatten').map((layer) => readInitializer(layer.config.kernel_initializer)),
      // tf.layers' own documentation: conv2d and dense begin with glorotNormal.
      [['fan_avg', 1], ['fan_in', 2], ['fan_in', 1], ['fan_avg', 1]].map(([mode, scale]) => ({ scale, mode, distribution: 'truncated_normal' })),
    );
  });

  it('may give a model of tf.layers, whose layers have the same names at each build', async (t) => {
    const module = await open(
      t,
      `import '@tensorflow/tfjs-backend-cpu';
       import { layers, sequential } from '@tensorflow/tfjs-layers';
       export const knobs = { fcWidth: { default: 5, min: 1, max: 9 } };
       export function build({ fcWidth }: any, { height, width, channels, classes }: any) {
         const kernelInitializer = 'glorotUniform';
         return sequential({ layers: [
           layers.conv2d({ filters: 3, kernelSize: 3, padding: 'same', inputShape: [height, width, channels], kernelInitializer }),
           layers.batchNormalization(), layers.reLU(), layers.globalAveragePooling2d({}),
           layers.dense({ units: fcWidth, kernelInitializer, activation: 'relu' }), layers.dense({ units: classes, activation: 'softmax', kernelInitializer }),
         ] });
       }`,
    );
    const first = await module.build(STRUCTURE);
    // 9 weights and a bias for each of 3 filters; 4 per channel; 3 x 5 + 5; 5 x 2 + 2.
    assert.deepEqual(layerTable(first).map(({ name, params }) => [name, params]), [
      ['conv2d_1', 30], ['batch_normalization_1', 12], ['relu_1', 0], ['global_average_pooling2d_1', 0], ['dense_1', 20], ['dense_2', 12],
    ]);
    assert.deepEqual(await module.build(STRUCTURE), first);
    const described = await module.describe([STRUCTURE, { ...STRUCTURE, settings: { fcWidth: 6 } }, { ...STRUCTURE, settings: { fcWidth: 5, unused: 1 } }]);
    assert.equal(described.topologies.length, 2, 'equal structures are one');
    assert.deepEqual(Object.values(described.builds), [0, 1, 0]);
  });

  it('may give a functional model, whose layers and calls have the same names at each build', async (t) => {
    const module = await open(t, residual());
    const first = await module.build(STRUCTURE);
    assert.deepEqual(await module.build(STRUCTURE), first);
    // 9 weights and a bias for each of 3 filters of the stem, 27 and a bias in the block; 3 x 3 + 3; 3 x 2 + 2. The branch that leads nowhere is left out.
    assert.deepEqual(layerTable(first).map(({ name, params }) => [name, params]), [
      ['input_layer_1', 0], ['conv2d_1', 30], ['relu_1', 0], ['conv2d_2', 84], ['relu_2', 0], ['conv2d_3', 84], ['add_1', 0], ['global_average_pooling2d_1', 0], ['dense_1', 12], ['dense_2', 8],
    ]);
    const called = Object.fromEntries(first.config.layers.map(({ config, inbound_nodes }) => [config.name, inbound_nodes]));
    assert.deepEqual(called.conv2d_1, [[['input_layer_1', 0, 0, {}]]]);
    assert.deepEqual(called.add_1, [[['relu_1', 0, 0, {}], ['conv2d_3', 0, 0, {}]]]);
    assert.deepEqual([first.config.input_layers, first.config.output_layers], [[['input_layer_1', 0, 0]], [['dense_2', 0, 0]]]);
  });

  it('may give a functional model as Keras 3 writes it: the same topology as in the words of Keras 2', async (t) => {
    const keras2 = "[node('InputLayer', 'a', { batch_shape: [null, 8, 8, 1] }), node('Flatten', 'f', {}, 'a'), node('Dense', 'b', { units: 2 }, 'f')]";
    const keras3 = functional(keras2)
      .replace('from.map((one) => [one, 0, 0, {}])', "{ args: from.map((one) => ({ class_name: '__keras_tensor__', config: { keras_history: [one, 0, 0] } })), kwargs: {} }")
      .replace("[['a', 0, 0]]", "['a', 0, 0]")
      .replace("[['b', 0, 0]]", "['b', 0, 0]");
    assert.notEqual(keras3, functional(keras2));
    const built = await (await open(t, functional(keras2))).build(STRUCTURE);
    assert.deepEqual(await (await open(t, keras3)).build(STRUCTURE), built);
    assert.deepEqual(layerTable(built).map(({ name, params }) => [name, params]), [['input_layer_1', 0], ['flatten_1', 0], ['dense_1', 130]]);
  });
});

describe('a module that is wrong is one line with its place', () => {
  const cases: readonly (readonly [string, string, RegExp])[] = [
    ['a syntax error', 'export const build = () => {\n  let y: number = ;\n};', /^my-model\.ts:2:19: model: found "Unexpected .*expected JavaScript or TypeScript$/],
    ['an import that is not there', "import * as x from './nope.js';\nexport const build = () => x;", /^my-model\.ts:1:20: model: found the import of "\.\/nope\.js", which is not there; mend its path$/],
    ['a package that is not installed', "import x from 'no-such-package';\nexport const build = x;", /^my-model\.ts:1:15: .*npm install no-such-package$/],
    ['no build', 'export const bild = 3;', /^my-model\.ts:1:1: model: found no export build, expected export function build/],
    ['an error while it is loaded', "\nthrow new Error('first\\nsecond');", /^my-model\.ts:2:7: model: found Error: first second thrown while it was loaded, expected a model$/],
    ['an error in build', 'export function build() {\n  return (undefined as any).layers;\n}', /^my-model\.ts:2:29: model: found TypeError: .*thrown in build for 8 x 8 x 1 and 2 classes, fcWidth 5, expected a model$/],
    ['a promise that is rejected', "export const build = async () => { throw 'text'; };", /^my-model\.ts:1:14: model: found text thrown in build/],
    ['an end of its process', 'export const build = () => process.exit(0);', /^my-model\.ts:1:14: model: found a module that ended its process \(exit code 0\) in build/],
    ['nothing', 'export function build() {}', /^my-model\.ts:1:17: model: found nothing, expected a model: tf\.sequential/],
    ['a number', 'export const build = () => 7;', /: model: found a number, expected a model/],
    ['another kind of model', "export const build = () => ({ class_name: 'Mixture', config: {} });", /: model: found a model of class Mixture, expected/],
    ['a functional model without layers', "export const build = () => ({ class_name: 'Functional', config: {} });", /: model: found a Functional without layers that can be read, expected a model: tf\.sequential or tf\.model of/],
    ['a layer that is called twice', residual(", (() => { const twice = layers.dense({ units: 3, kernelInitializer, name: 'twice' }); return [twice, twice]; })()"), /: model: found a model that cannot be trained: .*Dense called 2 times \(layer "twice"\)/],
    ['layers of one name', functional("[node('InputLayer', 'a', { batch_shape: [null, 8, 8, 1] }), node('Flatten', 'b', {}, 'a'), node('Dense', 'b', { units: 2 }, 'b')]"), /: model: found two layers with the name "b", expected names that differ; rename one/],
    ['a sum of what does not fit', functional("[node('InputLayer', 'a', { batch_shape: [null, 8, 8, 1] }), node('Flatten', 'b', {}, 'a'), node('Add', 'c', {}, 'a', 'b')]", 'c'), /: model: found a model that cannot be trained: layer "c": Add of 8 x 8 x 1 and 1 x 1 x 64: the shapes differ/],
    ['other classes', json(`${FLATTEN}, { class_name: 'Dense', config: { units: 3 } }`), /: model: found a model with 3 outputs, expected 2; give its last Dense layer units: classes/],
    ['one output without a sigmoid', json(`${FLATTEN}, { class_name: 'Dense', config: { units: 1 } }`), /: model: found a model with 1 outputs, expected 2/],
    ['another input', json("{ class_name: 'Flatten', config: { batch_input_shape: [null, 9, 8, 1] } }, { class_name: 'Dense', config: { units: 2 } }"), /: model: found a model for 9 x 8 x 1, expected one for 8 x 8 x 1/],
    ['a layer that nobody knows', json(`${FLATTEN}, { class_name: 'LSTM', config: { name: 'mine', units: 2 } }`), /: model: found a model that cannot be trained: .*LSTM \(layer "mine"\)/],
    ['a rate of its own', json(`${FLATTEN}, { class_name: 'Dropout', config: { rate: 0.4 } }, { class_name: 'Dense', config: { units: 2 } }`), /the rate 0\.4, expected the rate 0; .*write dropout: 0\.4 in space/],
    ['a frozen layer', json(`${FLATTEN}, { class_name: 'Dense', config: { units: 2, trainable: false } }`), /with trainable false/],
    ['knobs that are none', 'export const knobs = { batch: { default: 1, min: 1, max: 2 }, a: { default: 3, min: 4, max: 5 }, b: { default: "x" } };\nexport const build = () => 1;', /^(my-model\.ts:1:14: model: knobs\.(batch|a|b): found .*, expected .*(\n|$)){3}$/],
  ];
  for (const [what, code, expected] of cases) it(what, async (t) => assert.match(await refusal(t, code), expected));

  it('an endless loop, and a promise that is never kept', async (t) => {
    const limits = { timeMs: 1_000, memoryBytes: 1024 ** 3 };
    for (const code of ['export const build = () => { for (;;); };', 'export const build = () => new Promise(() => undefined);']) {
      assert.match(await refusal(t, code, limits), /^my-model\.ts:1:14: model: found a module that took longer than 1 s in build/);
    }
  });

  it('endless memory, on the heap and beside it', async (t) => {
    const limits = { timeMs: 60_000, memoryBytes: 256 * 1024 ** 2 };
    for (const item of ['new Array(1e6).fill(1)', 'new Uint8Array(1e7).fill(1)']) {
      const code = `export async function build() { const all = []; for (;;) { all.push(${item}); await new Promise((next) => setImmediate(next)); } }`;
      assert.match(await refusal(t, code, limits), /^my-model\.ts:1:23: model: found a module that (ran out of memory|takes more than 256 MiB of memory) in build/);
    }
  });

  it('what it reads of the environment is no secret', async (t) => {
    process.env.TRAWL_TEST_SECRET = 'secret';
    t.after(() => delete process.env.TRAWL_TEST_SECRET);
    assert.match(await refusal(t, "export const build = () => { throw new Error(`secrets: ${process.env.TRAWL_TEST_SECRET ?? 'none'}`); };"), /secrets: none/);
  });
});
