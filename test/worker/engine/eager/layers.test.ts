/**
 * Layers that only eager knows, beside tensorflow.js' plain back end: another implementation of every
 * kernel. Average pooling over a border, where that one is wrong, is held to float64 in gradients.test.ts.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { buildLayers, describeModel, disposeLayers, variableOf } from '../../../../worker/engine/eager/model.js';
import { withSeeds } from '../../../../worker/engine/eager/seeded.js';
import { BACKEND } from '../../../../worker/engine/eager/tfjs-node.js';
import { UnsupportedLayerError } from '../../../../worker/engine/engine.js';
import type { Topology } from '../../../../worker/model/topology.js';
import { CASES } from '../cases.js';
import { WITHOUT_NATIVE } from '../graph/native.js';
import { functional, images, type LayerSketch, range, sequential, stepSettings, tensorsOf, training, withTensor, generator } from '../support.js';
import { eagerCompiled, eagerUnderTest } from './under-test.js';

const CLASSES = 3;
const BATCH = 4;
const INPUT = [6, 5, 2] as const;
const RGB = [6, 5, 3] as const;

const CLASSES_LAYER: LayerSketch = ['Dense', { units: CLASSES, activation: 'softmax' }];
const END: readonly LayerSketch[] = [['Flatten', {}], CLASSES_LAYER];
/** What gives a vector already. */
const VECTORS = ['GlobalAveragePooling1D', 'GlobalMaxPooling1D', 'GlobalMaxPooling2D', 'GlobalAveragePooling2D', 'SimpleRNN', 'GRU', 'RNN', 'Dot'];
const PROBE: LayerSketch = ['Conv2D', { filters: 3, kernel_size: 1 }];
const ROWS: LayerSketch = ['Reshape', { target_shape: [6, 15] }];
const CUBE: LayerSketch = ['Reshape', { target_shape: [6, 5, 3, 1] }];
const gru = { class_name: 'GRU', config: { name: 'inner', units: 3, reset_after: false, return_sequences: true } };

const CHAINS: readonly (readonly [string, ...LayerSketch[]])[] = [
  ['depthwise convolution', ['DepthwiseConv2D', { kernel_size: 3, depth_multiplier: 2, padding: 'same' }]],
  ['separable convolution', ['SeparableConv2D', { filters: 4, kernel_size: 3, padding: 'same' }]],
  ['separable convolution of two kernels a channel', ['SeparableConv2D', { filters: 4, kernel_size: 3, depth_multiplier: 2, padding: 'same' }]],
  ['separable convolution with strides', ['SeparableConv2D', { filters: 4, kernel_size: 3, strides: 2, padding: 'valid', use_bias: false }]],
  ['transposed convolution', ['Conv2DTranspose', { filters: 2, kernel_size: 3, strides: 2, padding: 'same' }]],
  ['convolution in three dimensions', CUBE, ['Conv3D', { filters: 2, kernel_size: 2, padding: 'same' }], ['MaxPooling3D', { pool_size: [2, 2, 2] }]],
  ['pools in three dimensions', CUBE, ['AveragePooling3D', { pool_size: [2, 2, 1] }]],
  ['convolution in one dimension', ROWS, ['Conv1D', { filters: 4, kernel_size: 3, padding: 'same' }], ['MaxPooling1D', { pool_size: 2 }], ['GlobalAveragePooling1D', {}]],
  ['pools in one dimension', ROWS, ['AveragePooling1D', { pool_size: 2 }], ['GlobalMaxPooling1D', {}]],
  ['layer normalization', ['LayerNormalization', {}]],
  ['global average pooling', ['GlobalAveragePooling2D', {}]],
  ['SimpleRNN', ROWS, ['SimpleRNN', { units: 4 }]],
  ['GRU', ROWS, ['GRU', { units: 4, reset_after: false }]],
  ['LSTM', ROWS, ['LSTM', { units: 4, unit_forget_bias: true, return_sequences: true }]],
  ['RNN of a cell', ROWS, ['RNN', { cell: { class_name: 'LSTMCell', config: { name: 'inner', units: 3 } } }]],
  ['ConvLSTM2D', CUBE, ['ConvLSTM2D', { filters: 2, kernel_size: 2, padding: 'same' }]],
  ['bidirectional GRU', ROWS, ['Bidirectional', { layer: gru, merge_mode: 'concat' }]],
  ['a dense layer for each time', ROWS, ['TimeDistributed', { layer: { class_name: 'Dense', config: { name: 'inner', units: 4 } } }]],
  ['PReLU', ['PReLU', { alpha_initializer: { class_name: 'RandomUniform', config: { minval: 0.1, maxval: 0.4 } } }]],
  ['LeakyReLU', ['LeakyReLU', { alpha: 0.2 }]],
  ['ELU', ['ELU', { alpha: 1 }]],
  ['ReLU with a cap', ['ReLU', { max_value: 0.3 }]],
  ...['selu', 'softplus', 'softsign', 'swish', 'mish', 'gelu', 'hard_sigmoid'].map((activation) => [`activation ${activation}`, ['Activation', { activation }]] as const),
  ['cropping', ['Cropping2D', { cropping: [[1, 2], [2, 1]] }]],
  ['global max pooling', ['GlobalMaxPooling2D', {}]],
  ['permuting and repeating', ['Permute', { dims: [2, 1, 3] }], ['Flatten', {}], ['RepeatVector', { n: 2 }]],
  ['rescaling', ['Rescaling', { scale: 2, offset: 0.5 }]],
  ['a softmax in the middle', ['Softmax', { axis: -1 }]],
];

/** Of two branches. */
const MERGES = ['Multiply', 'Maximum', 'Minimum', 'Average'].map((className) => [
  className,
  functional(
    INPUT,
    { name: 'a', inputs: ['image'], className: 'Conv2D', config: { filters: 3, kernel_size: 1 } },
    { name: 'b', inputs: ['image'], className: 'Conv2D', config: { filters: 3, kernel_size: 1 } },
    { name: 'merged', inputs: ['a', 'b'], className, config: {} },
    { name: 'flat', inputs: ['merged'], className: 'Flatten', config: {} },
    { name: 'out', inputs: ['flat'], className: 'Dense', config: { units: CLASSES, activation: 'softmax' } },
  ),
] as const);

const DOT = functional(
  INPUT,
  ...['a', 'b'].flatMap((name) => [
    { name, inputs: ['image'], className: 'Conv2D', config: { filters: 3, kernel_size: 1 } },
    { name: `${name}Flat`, inputs: [name], className: 'Flatten', config: {} },
  ]),
  { name: 'dot', inputs: ['aFlat', 'bFlat'], className: 'Dot', config: { axes: 1 } },
  { name: 'out', inputs: ['dot'], className: 'Dense', config: { units: CLASSES, activation: 'softmax' } },
);

const chained = (chain: readonly LayerSketch[]): Topology => sequential(INPUT, PROBE, ...chain, ...(VECTORS.includes(chain.at(-1)?.[0] ?? '') ? [CLASSES_LAYER] : END));
const MODELS: readonly (readonly [string, Topology])[] = [...CHAINS.map(([name, ...chain]) => [name, chained(chain)] as const), ...MERGES, ['Dot', DOT]];

for (const [name, topology] of MODELS) {
  test(`values and gradients of ${name} agree with the plain back end`, { skip: WITHOUT_NATIVE }, async () => {
    const source = images(BATCH, INPUT, CLASSES, 3);
    const engine = await eagerCompiled(topology, source, training(CLASSES));
    let state = engine.state();
    const random = generator(5);
    const weights = new Map<string, Float32Array>();
    for (const [tensor, { values }] of tensorsOf(state)) {
      if (/:|moving_/.test(tensor)) continue;
      weights.set(tensor, values.map((value) => value + (random() - 0.5) * 0.4));
      state = withTensor(state, tensor, weights.get(tensor)!);
    }
    engine.load(state);
    const { loss } = engine.step(range(BATCH), stepSettings());
    const expected = await onPlain(topology, weights, source);
    assert.ok(Math.abs(loss - expected.loss) < 1e-5 * Math.max(1, expected.loss), `loss ${String(loss)}, plain ${String(expected.loss)}`);
    const found = tensorsOf(engine.state());
    const largest = Math.max(...[...expected.gradients.values()].flatMap((values) => [...values].map(Math.abs)));
    for (const [tensor, gradient] of expected.gradients) {
      const ours = found.get(`${tensor}:momentum`)?.values ?? new Float32Array();
      gradient.forEach((value, index) => assert.ok(Math.abs((ours[index] ?? NaN) - value) < 1e-3 * Math.abs(value) + 2e-5 * largest, `${tensor}[${String(index)}]: ${String(ours[index])}, plain ${String(value)}`));
    }
    engine.dispose();
  });
}

/** The plain back end's gradient of resizing is wrong for images that are not square; this one is held to differences of the loss. */
for (const interpolation of ['nearest', 'bilinear']) {
  test(`the gradient of upsampling (${interpolation}) is the change of the loss`, { skip: WITHOUT_NATIVE }, async () => {
    const topology = chained([['UpSampling2D', { size: [2, 2], interpolation }], ['Cropping2D', { cropping: [[1, 2], [2, 1]] }]]);
    const engine = await eagerCompiled(topology, images(BATCH, INPUT, CLASSES, 3), training(CLASSES));
    const start = engine.state();
    const lossWith = (name: string, values: ArrayLike<number>): number => {
      engine.load(withTensor(start, name, values));
      return engine.step(range(BATCH), stepSettings()).loss;
    };
    engine.step(range(BATCH), stepSettings());
    const moved = tensorsOf(engine.state());
    for (const name of ['layer0/kernel', 'layer0/bias']) {
      const values = tensorsOf(start).get(name)!.values;
      const gradient = moved.get(`${name}:momentum`)!.values;
      values.forEach((_, index) => {
        const by = (step: number): number => lossWith(name, values.map((value, at) => (at === index ? value + step : value)));
        const difference = (by(1e-2) - by(-1e-2)) / 2e-2;
        assert.ok(Math.abs(difference - gradient[index]!) < 2e-2 * Math.max(...gradient.map(Math.abs)), `${name}[${String(index)}]: ${String(gradient[index])}, difference ${String(difference)}`);
      });
    }
    engine.dispose();
  });
}

/** Loss and gradients by tf.layers on the plain back end. */
async function onPlain(topology: Topology, weights: ReadonlyMap<string, Float32Array>, source: ReturnType<typeof images>): Promise<{ loss: number; gradients: Map<string, Float32Array> }> {
  tf.env().set('IS_NODE', true);
  await tf.setBackend('cpu');
  try {
    const built = withSeeds(1, 0, () => buildLayers(describeModel(topology).layers, false));
    const trained = built.flatMap(({ layer }) => layer?.trainableWeights ?? []);
    for (const weight of trained) tf.tidy(() => void weight.write(tf.tensor(weights.get(weight.originalName) ?? assert.fail(weight.originalName), weight.shape.map((size) => size ?? 1))));
    const inputs = built.find(({ placed }) => placed.inputs.length === 0)!;
    const model = layers.model({ inputs: inputs.layer === null ? inputs.output : (inputs.layer.input), outputs: built.at(-1)!.output });
    const images = tf.tensor(Float32Array.from(source.pixels, (value) => value / 255), [BATCH, source.height, source.width, source.channels]);
    const { value, grads } = tf.variableGrads(() => {
      const logits = model.apply(images, { training: true }) as tf.Tensor;
      return tf.losses.softmaxCrossEntropy<tf.Tensor, tf.Scalar>(tf.oneHot(tf.tensor1d([...source.labels], 'int32'), CLASSES), logits);
    }, trained.map(variableOf));
    const gradients = new Map(trained.map((weight) => [weight.originalName, grads[variableOf(weight).name]!.dataSync() as Float32Array]));
    const loss = value.dataSync()[0] ?? NaN;
    disposeLayers(built);
    return { loss, gradients };
  } finally {
    await tf.setBackend(BACKEND);
  }
}

const MIXED = sequential(
  RGB, ['SeparableConv2D', { filters: 6, kernel_size: 3, padding: 'same' }], ['LayerNormalization', {}], ['PReLU', {}], ['BatchNormalization', {}], ['Dropout', { rate: 0 }],
  ['Reshape', { target_shape: [6, 30] }], ['GRU', { units: 8, reset_after: false }], ['Dense', { units: 2, activation: 'softmax' }],
);

test('a model of layers that only eager knows learns; cut after an epoch and resumed elsewhere, two epochs end where the whole ones do', { skip: WITHOUT_NATIVE }, async () => {
  const source = images(24, RGB, 2, 21, true);
  const epoch = (engine: Awaited<ReturnType<typeof eagerCompiled>>, nth: number): number => {
    let sum = 0;
    for (let step = 0; step < 6; step++) sum += engine.step(range(4, 4 * step), stepSettings({ lr: 0.05, dropout: 0.2, dropoutSeed: 6 * nth + step })).loss;
    engine.recalibrate(range(24), 4);
    return sum;
  };
  const whole = await eagerCompiled(MIXED, source, training(2));
  const losses = [epoch(whole, 0), epoch(whole, 1)];
  const first = await eagerCompiled(MIXED, source, training(2));
  epoch(first, 0);
  const resumed = await eagerCompiled(MIXED, source, training(2, { initSeed: 99 }));
  resumed.load(first.state());
  epoch(resumed, 1);
  const expected = tensorsOf(whole.state());
  for (const [name, { values }] of tensorsOf(resumed.state())) {
    const other = expected.get(name)?.values ?? new Float32Array();
    const largest = other.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-6);
    values.forEach((value, index) => assert.ok(Math.abs(value - (other[index] ?? NaN)) <= 1e-6 * largest, `${name}[${String(index)}]: ${String(value)}, whole ${String(other[index])}`));
  }
  const logits = whole.predict(range(24));
  resumed.predict(range(24)).forEach((value, index) => assert.ok(Math.abs(value - (logits[index] ?? NaN)) < 1e-5));
  for (let nth = 2; nth < 12; nth++) losses.push(epoch(whole, nth));
  assert.ok((losses.at(-1) ?? NaN) < 0.8 * (losses[0] ?? NaN), losses.join(' '));
  for (const engine of [whole, first, resumed]) engine.dispose();
});

test('compiling and letting go leaves no tensor behind', { skip: WITHOUT_NATIVE }, async () => {
  const source = images(8, RGB, 2, 1);
  const before = tf.memory().numTensors;
  const engine = await eagerCompiled(MIXED, source, training(2, { optimizer: { name: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-7 } }));
  engine.step(range(4), stepSettings());
  engine.dispose();
  assert.equal(tf.memory().numTensors, before);
});

const REFUSED: readonly (readonly [string, LayerSketch, RegExp])[] = [
  ['a layer of no library', ['Capsule', { units: 3 }], /eager engine has no layer Capsule \(layer "layer1"\)/],
  ['noise that cannot be drawn again', ['GaussianNoise', { stddev: 0.1 }], /GaussianNoise, whose noise a resumed training could not draw again/],
  ['dropout inside a recurrent layer', ['GRU', { units: 3, dropout: 0.5 }], /GRU with dropout/],
  ['a state between batches', ['GRU', { units: 3, stateful: true }], /GRU with stateful true/],
  ['a regularizer', ['Dense', { units: 3, kernel_regularizer: { class_name: 'L1L2', config: {} } }], /Dense with kernel_regularizer/],
  ['dilation', ['Conv2D', { filters: 4, kernel_size: 3, dilation_rate: [2, 2] }], /Conv2D with dilation_rate, of which tfjs has no gradient/],
  ['batch norm over rows', ['BatchNormalization', { axis: 1 }], /BatchNormalization over axis 1/],
  ['a gradient that tfjs lacks', ['ThresholdedReLU', { theta: 0.1 }], /ThresholdedReLU, of which tf.layers has no gradient/],
  ['groups', ['Conv2D', { filters: 4, kernel_size: 3, groups: 2 }], /Conv2D with groups/],
  ['what tf.layers would pass over', ['LeakyReLU', { negative_slope: 0.2 }], /LeakyReLU with negative_slope/],
  ['dropout inside a wrapper', ['TimeDistributed', { layer: { class_name: 'Dropout', config: { name: 'd', rate: 0.5 } } }], /Dropout inside TimeDistributed/],
];
for (const [what, layer, message] of REFUSED) {
  test(`${what} is refused by the name of its layer`, () => {
    const flat = layer[0] === 'GRU' ? [ROWS] : [];
    const topology = sequential(layer[0] === 'GRU' ? RGB : INPUT, ...(layer[0] === 'GRU' ? flat : [PROBE]), layer, ...END);
    assert.throws(() => describeModel(topology), (error) => error instanceof UnsupportedLayerError && message.test(error.message));
  });
}

test('shapes that do not fit, and activations that tf.layers lacks, are told with the layer', () => {
  assert.throws(() => describeModel(sequential(INPUT, ['DepthwiseConv2D', { kernel_size: 9 }], ...END)), { code: 'ModelError', message: /^layer "layer0": its output of .+ is empty; use larger images$/ });
  assert.throws(() => describeModel(sequential(INPUT, ['Activation', { activation: 'wavelet' }], ...END)), { code: 'ModelError', message: /^layer "layer0": Unknown activation: wavelet\.$/ });
  assert.throws(() => describeModel(sequential(INPUT, ['LayerNormalization', {}])), { code: 'ModelError', message: /must end in a vector/ });
});

test('what is described without a native engine is what is trained with one', { skip: WITHOUT_NATIVE }, async () => {
  const { summaries, classes, input } = describeModel(MIXED);
  const engine = await (await eagerUnderTest()).compile(MIXED, training(2), images(4, RGB, 2, 1));
  assert.deepEqual({ classes, input }, { classes: 2, input: { height: 6, width: 5, channels: 3 } });
  assert.equal(summaries.reduce((sum, { params }) => sum + params, 0), engine.params);
  // By hand: depthwise 27, pointwise 18 and 6 biases; layer norm 12; PReLU 180; batch norm 24; GRU 3 x 8 x (30 + 8 + 1); dense 18.
  assert.equal(engine.params, 27 + 18 + 6 + 12 + 180 + 24 + 936 + 18);
  engine.dispose();
});

test('every layer of tf.layers is trained in these tests, or in those of all executors, or refused by its name', () => {
  const known = tf.serialization.SerializationMap.getMap().classNameMap;
  const all = Object.keys(known).filter((name) => known[name]![0].prototype instanceof layers.layers.Layer && !['Model', 'Functional', 'Sequential', 'InputLayer', 'SeededDropout'].includes(name));
  const named = (topology: Topology): string => JSON.stringify(topology);
  const trained = [...MODELS.map(([, topology]) => named(topology)), ...CASES.map(({ topology }) => named(topology)), '"UpSampling2D"'].join(' ');
  const refused = (className: string): boolean => {
    try {
      describeModel(sequential(INPUT, [className, { units: 3, input_dim: 3, output_dim: 3 }]));
      return false;
    } catch (error) {
      return error instanceof UnsupportedLayerError;
    }
  };
  assert.deepEqual(all.filter((name) => !trained.includes(`"${name}"`) && !refused(name)), []);
});
