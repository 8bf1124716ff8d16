/**
 * Whole models against tensorflow.js' plain back end, an independent implementation of the same
 * layers: one step of training from the same weights moves them by the same amounts. Dropout is 0,
 * because its masks are our own; where the plain back end is known to be wrong (average pooling over
 * a border) the finite differences of gradients.test.ts stand alone.
 */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import type { OptimizerChoice } from '../../../proto/work.js';
import { buildModel } from '../../../worker/model/zoo.js';
import type { Executable } from '../../../worker/engine/engine.js';
import type { Topology } from '../../../worker/model/topology.js';
import { ADAM, compiled, generator, images, range, sequential, SGDM, stepSettings, tensorsOf, training, withTensor, type LayerSketch } from './support.js';

type Source = ReturnType<typeof images>;

const CLASSES = 3;
const BATCH = 4;
const RATE = 0.01;

before(async () => {
  tf.env().set('IS_NODE', true);
  await tf.setBackend('cpu');
});

const MODELS = [
  { name: 'garth-cnn', knobs: { filters: [8, 16, 49], fcWidth: 10 }, input: [13, 12, 1] as const },
  { name: 'garth-cnn', knobs: { filters: [3, 5, 6], fcWidth: 0 }, input: [9, 8, 3] as const },
  { name: 'cnn', knobs: { blocks: 2, filters: 5, kernel: 3, pooling: 'average', activation: 'elu', batchNorm: true, fcWidth: 7 }, input: [9, 10, 1] as const },
  { name: 'cnn', knobs: { blocks: 3, filters: 4, kernel: 4, pooling: 'max', activation: 'tanh', batchNorm: false, fcWidth: 0 }, input: [5, 6, 3] as const },
  { name: 'mlp', knobs: { hidden: [9, 6], activation: 'sigmoid' }, input: [5, 4, 1] as const },
  { name: 'lenet5', knobs: { fcWidth: 20 }, input: [15, 14, 1] as const },
];

function optimizerOf(choice: OptimizerChoice): tf.Optimizer {
  if (choice.name === 'sgdm') return tf.train.momentum(RATE, choice.momentum);
  if (choice.name !== 'adam') throw new RangeError(`${choice.name} is compared with Keras, in test/golden`);
  // Keras adds epsilon to sqrt(v), tensorflow.js to sqrt(v / (1 - beta2^t)): the same at t = 1 with this epsilon.
  return tf.train.adam(RATE, choice.beta1, choice.beta2, choice.epsilon / Math.sqrt(1 - choice.beta2));
}

for (const { name, knobs, input } of MODELS) {
  for (const optimizer of [SGDM, ADAM]) {
    test(`${name} ${JSON.stringify(knobs)} with ${optimizer.name}: one step moves the weights as tf.layers does`, async () => {
      const [height, width, channels] = input;
      const topology = buildModel({ name, knobs }, { height, width, channels }, CLASSES);
      const source = images(BATCH, input, CLASSES, 3);
      const engine = await compiled(topology, source, training(CLASSES, { optimizer }));
      await compareStep(topology, engine, source, input, optimizer);
    });
  }
}

/** One step from the same weights, ours and tf.layers': the loss and every weight's move. */
async function compareStep(topology: Topology, engine: Executable, source: Source, [height, width, channels]: readonly [number, number, number], optimizer: OptimizerChoice): Promise<void> {
  const start = tensorsOf(engine.state());
  const model = await layers.loadLayersModel(tf.io.fromMemory({ modelTopology: topology }));
  for (const weight of model.weights) {
    const ours = start.get(weight.originalName);
    assert.ok(ours !== undefined, `no tensor ${weight.originalName}`);
    weight.write(tf.tensor(ours.values, [...ours.shape]));
  }
  model.compile({ optimizer: optimizerOf(optimizer), loss: 'categoricalCrossentropy' });
  const x = tf.tensor4d(Float32Array.from(source.pixels, (v) => v / 255), [BATCH, height, width, channels]);
  const y = tf.oneHot(tf.tensor1d([...source.labels], 'int32'), CLASSES);
  const loss = (await model.trainOnBatch(x, y)) as number;
  const result = engine.step(range(BATCH), stepSettings({ lr: RATE }));
  assert.ok(Math.abs(result.loss - loss) < 1e-5, `loss ${String(result.loss)}, tf.layers ${String(loss)}`);
  const end = tensorsOf(engine.state());
  for (const weight of model.trainableWeights) {
    compareUpdates(weight.originalName, optimizer, start, end, weight.read().dataSync() as Float32Array);
  }
}

const POOLS = [
  { size: 2, strides: 2, padding: 'valid', relu: true },
  { size: 2, strides: 2, padding: 'valid', relu: false },
  { size: 3, strides: 2, padding: 'same', relu: true },
  { size: 3, strides: 1, padding: 'same', relu: false },
];

for (const { size, strides, padding, relu } of POOLS) {
  test(`max-pool ${size}/${strides} ${padding}${relu ? ' after relu' : ''}: of equal values the first in the window takes the gradient, as in tf.layers`, async () => {
    const pool: LayerSketch = ['MaxPooling2D', { pool_size: size, strides, padding }];
    const conv: LayerSketch = ['Conv2D', { filters: 4, kernel_size: 3, strides: 1, padding: 'same' }];
    const topology = sequential([8, 7, 1], conv, ...(relu ? [['Activation', { activation: 'relu' }] as const] : []), pool, ['Flatten', {}], ['Dense', { units: CLASSES, activation: 'softmax' }]);
    const random = generator(8);
    const source = images(BATCH, [8, 7, 1], CLASSES, 3);
    // Black and white, and weights of halves: sums are exact, and most windows hold equal values.
    source.pixels.forEach((value, index) => (source.pixels[index] = value < 128 ? 0 : 255));
    const engine = await compiled(topology, source, training(CLASSES, { optimizer: SGDM }));
    let state = engine.state();
    for (const [name, { values }] of tensorsOf(state)) {
      if (name.endsWith('kernel')) state = withTensor(state, name, values.map(() => (Math.floor(random() * 4) / 2 - 1) * (name.startsWith('layer0/') ? 1 : 1 / 64)));
    }
    engine.load(state);
    await compareStep(topology, engine, source, [8, 7, 1], SGDM);
  });
}

type Tensors = ReturnType<typeof tensorsOf>;

/**
 * A bias before batch norm has a gradient of 0 up to rounding, of which Adam's first step makes +- the
 * rate: elements with gradients below 1e-4 (first moments below 1e-5) are left out for Adam.
 */
function compareUpdates(name: string, optimizer: OptimizerChoice, start: Tensors, end: Tensors, theirs: Float32Array): void {
  const before = start.get(name)?.values ?? new Float32Array();
  const after = end.get(name)?.values ?? new Float32Array();
  const first = end.get(`${name}:m`)?.values ?? new Float32Array();
  after.forEach((value, index) => {
    if (optimizer.name === 'adam' && Math.abs(first[index] ?? 0) < 1e-5) return;
    const moved = value - (before[index] ?? 0);
    const expected = (theirs[index] ?? NaN) - (before[index] ?? 0);
    assert.ok(Math.abs(moved - expected) < 2e-3 * Math.abs(expected) + 3e-7, `${name}[${String(index)}]: moved by ${String(moved)}, tf.layers by ${String(expected)}`);
  });
}
