/** What the benches `engine` and `zoo` train. keras-engine.py holds the models of `engine`: change both. */
import { namedModel, ZOO } from '../../proto/models.js';
import type { Json, OptimizerChoice } from '../../proto/work.js';
import { outputOf } from '../../worker/model/output.js';
import { transferModel, type TransferModel } from '../../worker/model/transfer.js';
import { buildModel } from '../../worker/model/zoo.js';
import type { Topology } from '../../worker/model/topology.js';
import { functional, type LayerSketch, type NodeSketch, sequential } from '../worker/engine/support.js';

export interface BenchModel {
  readonly name: string;
  readonly size: number;
  readonly channels: 1 | 3;
  readonly batch: number;
  readonly optimizer: OptimizerChoice;
  readonly topology: Topology;
  /** Whether an epoch of 1,000 images takes minutes, and is left out. */
  readonly isSlow?: true;
  /** Where its base is frozen: it is trained as a sweep with `weights` trains it, over features that are computed once and kept. */
  readonly transfer?: TransferModel;
}

export const CLASSES = 2;

/** Where a study or the paper says another input than 64 pixels, three channels. */
const PUBLISHED: { readonly [name: string]: Pick<BenchModel, 'size' | 'channels'> } = {
  'garth-cnn': { size: 100, channels: 1 },
  lenet5: { size: 28, channels: 1 },
  mlp: { size: 28, channels: 1 },
  alexnet: { size: 224, channels: 1 },
  lmap3: { size: 224, channels: 1 },
  ann: { size: 128, channels: 3 },
  'cnn-d': { size: 128, channels: 3 },
  inception: { size: 224, channels: 3 },
};

const MOMENTUM: OptimizerChoice = { name: 'sgdm', momentum: 0.9 };
const ADAM: OptimizerChoice = { name: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };

export const MODELS: readonly BenchModel[] = [
  ...[28, 64, 100].map((size): BenchModel => ({ name: `garth-cnn-${size}`, size, channels: 1, batch: 30, optimizer: MOMENTUM, topology: garth(size) })),
  { name: 'cnn-d-128', size: 128, channels: 3, batch: 44, optimizer: ADAM, topology: cnnD() },
  { name: 'resnet18-64', size: 64, channels: 3, batch: 32, optimizer: MOMENTUM, topology: resnet18() },
  { name: 'vgg16-64', size: 64, channels: 3, batch: 32, optimizer: MOMENTUM, topology: ofZoo('vgg16', 64), isSlow: true },
  ...['mobilenetv2', 'efficientnet-lite0'].map((name): BenchModel => ({ name: `${name}-224`, size: 224, channels: 3, batch: 8, optimizer: MOMENTUM, topology: ofZoo(name, 224), isSlow: true })),
  frozen('efficientnet-lite0', 224),
];

/** Each network of the zoo, its knobs at their defaults. */
export const NETWORKS: readonly BenchModel[] = ZOO.map(({ name }) => {
  const { size, channels } = PUBLISHED[name] ?? { size: 64, channels: 3 };
  return { name, size, channels, batch: 8, optimizer: MOMENTUM, topology: ofZoo(name, size, channels) };
});

/** Throws where no bench trains it. */
export function benchModel(name: string): BenchModel {
  const model = [...MODELS, ...NETWORKS].find((known) => known.name === name);
  if (model === undefined) throw new Error(`no model ${name}`);
  return model;
}

/** All of the base, with the head that a sweep gives it: pooling and the output. */
function frozen(name: string, size: number): BenchModel {
  const whole = ofZoo(name, size);
  const transfer = transferModel(whole, { weights: '', cutAt: null, pooling: 'average', hidden: [] }, outputOf({ name, knobs: {} }, CLASSES));
  return { name: `${name}-${size}-frozen`, size, channels: 3, batch: 8, optimizer: MOMENTUM, topology: transfer.topology, transfer };
}

/** Its knobs at their defaults. */
function ofZoo(name: string, size: number, channels: 1 | 3 = 3): Topology {
  const knobs = Object.fromEntries(namedModel(name).knobs.map((knob) => [knob.name, knob.default]));
  return buildModel({ name, knobs }, { height: size, width: size, channels }, CLASSES);
}

function garth(size: number): Topology {
  return buildModel({ name: 'garth-cnn', knobs: { filters: [8, 16, 49], fcWidth: 100 } }, { height: size, width: size, channels: 1 }, CLASSES);
}

/** The CNN of 3,312,961 parameters in ../shared/facts/studies.md, D, with two logits for its one sigmoid. */
function cnnD(): Topology {
  const blocks = [32, 64, 128].flatMap((filters): LayerSketch[] => [['Conv2D', { filters, kernel_size: 3, activation: 'relu' }], ['MaxPooling2D', { pool_size: 2 }]]);
  const dense = [128, 64].map((units): LayerSketch => ['Dense', { units, activation: 'relu' }]);
  return sequential([128, 128, 3], ...blocks, ['Flatten', {}], ...dense, ['Dense', { units: CLASSES, activation: 'softmax' }]);
}

/** He, Zhang, Ren, Sun 2015, table 1, 18 layers, as Keras writes residual networks: zeros before the first two windows. */
function resnet18(): Topology {
  const nodes: NodeSketch[] = [];
  const put = (className: string, config: { readonly [field: string]: Json }, ...inputs: readonly string[]): string => {
    const name = `n${nodes.length}`;
    nodes.push({ name, inputs, className, config });
    return name;
  };
  const conv = (filters: number, kernel: number, strides: number, padding: string, from: string): string =>
    put('BatchNormalization', {}, put('Conv2D', { filters, kernel_size: kernel, strides, padding, use_bias: false }, from));
  const relu = (from: string): string => put('ReLU', {}, from);
  const zeros = (padding: number, from: string): string => put('ZeroPadding2D', { padding }, from);
  let value = relu(conv(64, 7, 2, 'valid', zeros(3, 'image')));
  value = put('MaxPooling2D', { pool_size: 3, strides: 2 }, zeros(1, value));
  for (const [stage, filters] of [64, 128, 256, 512].entries()) {
    for (const block of [0, 1]) {
      const strides = block === 0 && stage > 0 ? 2 : 1;
      const shortcut = strides === 1 ? value : conv(filters, 1, strides, 'valid', value);
      const first = relu(conv(filters, 3, strides, 'same', value));
      value = relu(put('Add', {}, conv(filters, 3, 1, 'same', first), shortcut));
    }
  }
  put('Dense', { units: CLASSES, activation: 'softmax' }, put('GlobalAveragePooling2D', {}, value));
  return functional([64, 64, 3], ...nodes);
}
