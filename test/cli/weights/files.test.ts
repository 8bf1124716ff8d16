/** Weight files of each format, against logits that Keras computed with the same weights (test/golden/weights.py). */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import fc from 'fast-check';
import { readWeightFile, type FileTensors } from '../../../cli/weights/file.js';
import { matched, permuted, wantedTensors, type Found } from '../../../cli/weights/match.js';
import { torchLayers } from '../../../cli/weights/torch-names.js';
import { packageRoot } from '../../../proto/package-root.js';
import { DataError } from '../../../worker/data/data-error.js';
import type { ImageSource } from '../../../worker/engine/engine.js';
import { stateOf, tensorsIn } from '../../../worker/engine/state.js';
import { readSafetensors, writeSafetensors, type NamedTensor } from '../../../worker/model/safetensors.js';
import type { Topology } from '../../../worker/model/topology.js';
import { temporaryFolder } from '../../support/images.js';
import { compiled, functional, range, training } from '../../worker/engine/support.js';

const GOLDEN = join(packageRoot(), 'test', 'golden', 'weights');
const golden = JSON.parse(readFileSync(join(GOLDEN, 'logits.json'), 'utf8')) as { readonly pixels: readonly number[]; readonly logits: readonly number[] };
const at = (file: string): string => join(GOLDEN, file);

const node = (name: string, from: string, className: string, config: object): Parameters<typeof functional>[1] => ({ name, inputs: [from], className, config: config as Parameters<typeof functional>[1]['config'] });
const window = { kernel_size: [3, 3], padding: 'same' };
const MODEL: Topology = functional(
  [6, 6, 3],
  node('stem_conv', 'image', 'Conv2D', { ...window, filters: 4, use_bias: false }),
  node('stem_bn', 'stem_conv', 'BatchNormalization', { epsilon: 1e-3 }),
  node('relu', 'stem_bn', 'ReLU', {}),
  node('dw', 'relu', 'DepthwiseConv2D', { ...window, use_bias: false }),
  node('sep', 'dw', 'SeparableConv2D', { ...window, filters: 5 }),
  node('flatten', 'sep', 'Flatten', {}),
  node('fc', 'flatten', 'Dense', { units: 3 }),
);

const SOURCE: ImageSource = {
  ...{ count: 2, height: 6, width: 6, channels: 3, labels: new Uint16Array(2) },
  read: (indices, into) => indices.forEach((index, position) => into.set(golden.pixels.slice(108 * index, 108 * (index + 1)), 108 * position)),
};

function found(file: FileTensors, model = 'a-module', blueFirst = false): NamedTensor[] {
  return matched(wantedTensors(MODEL), file, model, blueFirst).map((one) => (one.kind === 'found' ? one.tensor : assert.fail(JSON.stringify(one))));
}

async function logitsWith(tensors: readonly NamedTensor[]): Promise<Float32Array> {
  const given = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const executable = await compiled(MODEL, SOURCE, training(3));
  executable.load(stateOf(executable.state(), tensorsIn(executable.state()).map((tensor) => given.get(tensor.name) ?? tensor)));
  return executable.predict(range(2));
}

function expectKeras(logits: Float32Array): void {
  golden.logits.forEach((logit, index) => assert.ok(Math.abs(logit - (logits[index] ?? NaN)) < 1e-5 * Math.abs(logit), `${index}: ${String(logits[index])}, expected ${logit}`));
}

for (const file of ['keras3.weights.h5', 'whole.h5', 'keras1.h5']) {
  test(`${file} gives the logits that Keras gave`, async () => {
    expectKeras(await logitsWith(found(await readWeightFile(at(file)))));
  });
}

/** The model's tensors in Keras' layout. */
const keras = found(await readWeightFile(at('whole.h5')));

/** As torch.nn has them, by the definition of its layouts. */
function asTorch(tensors: readonly NamedTensor[]): NamedTensor[] {
  const names: { readonly [own: string]: string } = { kernel: 'weight', depthwise_kernel: 'weight', gamma: 'weight', beta: 'bias', moving_mean: 'running_mean', moving_variance: 'running_var', bias: 'bias' };
  return tensors.map(({ name, shape, values }) => {
    const [layer = '', own = ''] = name.split('/');
    const torch = `${layer}.${names[own] ?? own}`;
    if (own === 'kernel' && shape.length === 4) return { name: torch, shape: [3, 2, 0, 1].map((axis) => shape[axis]!), values: permuted(values, shape, [3, 2, 0, 1]) };
    if (own === 'depthwise_kernel') return { name: torch, shape: [2, 3, 0, 1].map((axis) => shape[axis]!), values: permuted(values, shape, [2, 3, 0, 1]) };
    // Flattened channels first: 6 x 6 pixels of 5 channels to [3, 5 * 6 * 6].
    if (own === 'kernel') return { name: torch, shape: [3, 180], values: permuted(values, [6, 6, 5, 3], [3, 2, 0, 1]) };
    return { name: torch, shape, values };
  });
}

test("PyTorch's layouts become Keras': convolutions, depthwise ones, and a dense layer behind a flattening", async (t) => {
  const path = join(temporaryFolder(t), 'a.safetensors');
  writeFileSync(path, writeSafetensors(asTorch(keras)));
  const file = await readWeightFile(path);
  assert.equal(file.layers, null);
  expectKeras(await logitsWith(found(file)));
});

test('safetensors with the names of Keras need no table', async (t) => {
  const path = join(temporaryFolder(t), 'a.safetensors');
  writeFileSync(path, writeSafetensors(keras));
  expectKeras(await logitsWith(found(await readWeightFile(path))));
});

test('a model.json of TensorFlow.js is read from the files beside it, plain and quantized', async (t) => {
  const folder = temporaryFolder(t);
  const bytes = Buffer.concat(keras.map(({ values }) => Buffer.from(values.buffer, values.byteOffset, values.byteLength)));
  writeFileSync(join(folder, 'one.bin'), bytes.subarray(0, 700));
  writeFileSync(join(folder, 'two.bin'), bytes.subarray(700));
  const weights = keras.map(({ name, shape }) => ({ name, shape, dtype: 'float32' }));
  const path = join(folder, 'model.json');
  writeFileSync(path, JSON.stringify({ modelTopology: {}, weightsManifest: [{ paths: ['one.bin', 'two.bin'], weights }] }));
  expectKeras(await logitsWith(found(await readWeightFile(path))));
  writeFileSync(join(folder, 'q.bin'), Uint8Array.of(0, 128, 255));
  writeFileSync(path, JSON.stringify({ weightsManifest: [{ paths: ['q.bin'], weights: [{ name: 'a/bias', shape: [3], dtype: 'float32', quantization: { dtype: 'uint8', scale: 0.5, min: -1 } }] }] }));
  assert.deepEqual([...((await readWeightFile(path)).tensors.get('a/bias')?.values ?? [])], [-1, 63, 126.5]);
});

test('the first convolution is turned round where blue came first', async () => {
  const turned = new Map(found(await readWeightFile(at('whole.h5')), 'vgg16', true).map((tensor) => [tensor.name, tensor]));
  const plain = new Map(keras.map((tensor) => [tensor.name, tensor]));
  const kernel = (of: ReadonlyMap<string, NamedTensor>, channel: number): number | undefined => of.get('stem_conv/kernel')?.values[channel * 4 + 2];
  assert.deepEqual([0, 1, 2].map((channel) => kernel(turned, channel)), [2, 1, 0].map((channel) => kernel(plain, channel)));
  assert.deepEqual(turned.get('dw/depthwise_kernel'), plain.get('dw/depthwise_kernel'));
});

test('what is missing and what has another shape is told by its name in the file', async (t) => {
  const path = join(temporaryFolder(t), 'a.safetensors');
  writeFileSync(path, writeSafetensors(asTorch(keras).filter(({ name }) => name !== 'fc.bias').map((tensor) => (tensor.name === 'stem_conv.weight' ? { ...tensor, shape: [4, 1, 3, 3], values: tensor.values.slice(0, 36) } : tensor))));
  const results = matched(wantedTensors(MODEL), await readWeightFile(path), 'a-module', false).filter(({ kind }) => kind !== 'found');
  assert.deepEqual(results, [
    { kind: 'misshapen', name: 'stem_conv.weight', shape: [4, 1, 3, 3], expected: [4, 3, 3, 3] },
    { kind: 'missing', name: 'fc.bias', expected: [3] },
  ] satisfies Found[]);
});

for (const name of ['keras3.weights.h5', 'whole.h5', 'keras1.h5']) {
  test(`${name}, cut off anywhere, is told to be so`, async (t) => {
    const bytes = readFileSync(at(name));
    const folder = temporaryFolder(t);
    for (const share of [0.1, 0.5, 0.9, 0.99]) {
      const path = join(folder, `${share}-${basename(name)}`);
      writeFileSync(path, bytes.subarray(0, Math.floor(share * bytes.length)));
      await assert.rejects(readWeightFile(path), (error: unknown) => error instanceof DataError && error.message.includes('cut off'), String(share));
    }
  });
}

test('safetensors cut off anywhere are told to be so, or to be none', () => {
  const bytes = writeSafetensors(keras);
  fc.assert(fc.property(fc.integer({ min: 0, max: bytes.length - 1 }), (length) => {
    assert.throws(() => readSafetensors(bytes.subarray(0, length)), DataError);
  }));
});

test('safetensors give back what was written, whatever the names and shapes', () => {
  const tensor = fc.record({ name: fc.string({ minLength: 1 }).filter((name) => !['__metadata__', '__proto__'].includes(name)), shape: fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 }) });
  fc.assert(fc.property(fc.uniqueArray(tensor, { selector: ({ name }) => name, maxLength: 5 }), (sketches) => {
    const tensors = sketches.map(({ name, shape }): NamedTensor => ({ name, shape, values: Float32Array.from({ length: shape.reduce((product, extent) => product * extent, 1) }, (_, index) => index / 3) }));
    const back = new Map(readSafetensors(writeSafetensors(tensors)).tensors.map((one) => [one.name, one]));
    assert.deepEqual(back, new Map(tensors.map((one) => [one.name, one])));
  }));
});

test('other files are told for what they are', async (t: TestContext) => {
  const folder = temporaryFolder(t);
  const file = (name: string, content: string | Uint8Array): string => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
  await assert.rejects(readWeightFile(file('a.keras', 'PK\u0003\u0004 and more')), /ZIP archive.*save_weights/);
  await assert.rejects(readWeightFile(file('a.h5', 'hello, hello, hello')), /not safetensors/);
  await assert.rejects(readWeightFile(file('empty.h5', '')), /empty/);
  await assert.rejects(readWeightFile(file('a.json', '{"a": 1}')), /no model.json of TensorFlow.js/);
  await assert.rejects(readWeightFile(file('model.json', JSON.stringify({ weightsManifest: [{ paths: ['gone.bin'], weights: [] }] }))), /gone.bin is not beside it/);
});

test("the zoo's layers have PyTorch's names", () => {
  const cases: readonly (readonly [model: string, layer: string, torch: string | null])[] = [
    // efficientnet_pytorch, of the file in question: its groups have 1, 2, 2, 3, 3, 4 and 1 blocks.
    ['efficientnet-lite0', 'stem_conv', '_conv_stem'], ['efficientnet-lite0', 'block1a_dwconv', '_blocks.0._depthwise_conv'], ['efficientnet-lite0', 'block2a_expand_bn', '_blocks.1._bn0'],
    ['efficientnet-lite0', 'block4c_project_conv', '_blocks.7._project_conv'], ['efficientnet-lite0', 'block7a_bn', '_blocks.15._bn1'], ['efficientnet-lite0', 'top_bn', '_bn1'],
    // torchvision.models: the names that its state dicts have.
    ['resnet50', 'conv1_conv', 'conv1'], ['resnet50', 'conv3_block2_3_bn', 'layer2.1.bn3'], ['resnet50', 'conv2_block1_0_conv', 'layer1.0.downsample.0'], ['resnet50', 'conv2_block1_0_bn', 'layer1.0.downsample.1'],
    ['vgg16', 'block1_conv1', 'features.0'], ['vgg16', 'block3_conv3', 'features.14'], ['vgg16', 'block5_conv3', 'features.28'], ['vgg19', 'block5_conv4', 'features.34'], ['vgg16', 'fc2', 'classifier.3'],
    ['mobilenetv2', 'Conv1', 'features.0.0'], ['mobilenetv2', 'expanded_conv_depthwise_BN', 'features.1.conv.0.1'], ['mobilenetv2', 'expanded_conv_project', 'features.1.conv.1'], ['mobilenetv2', 'expanded_conv_project_BN', 'features.1.conv.2'],
    ['mobilenetv2', 'block_1_expand', 'features.2.conv.0.0'], ['mobilenetv2', 'block_16_depthwise', 'features.17.conv.1.0'], ['mobilenetv2', 'block_16_project_BN', 'features.17.conv.3'], ['mobilenetv2', 'Conv_1_bn', 'features.18.1'],
    ['vgg16', 'head_output', null], ['cnn', 'conv2d_1', 'conv2d_1'],
  ];
  for (const [model, layer, torch] of cases) assert.equal(torchLayers(model)(layer), torch, `${model} ${layer}`);
});
