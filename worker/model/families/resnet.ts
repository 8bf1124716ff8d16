import type { ModelBuilders } from '../builders.js';
import type { Knobs } from '../knobs.js';
import type { Input } from '../layers.js';
import { headOf, Network } from '../network.js';
import type { Output } from '../output.js';
import type { Topology } from '../topology.js';

/** One residual block on `from`; its layers are called `name`_1_conv and so on, and its output `name`_out. */
type Block = (model: Network, name: string, from: string, filters: number, strides: number, projects: boolean) => string;

/**
 * Three convolutions, 1 x 1 (with the stride), 3 x 3, 1 x 1 to four times `filters`: names, biases and epsilon
 * are those of ResNet50 and ResNet101 of Keras Applications.
 */
const bottleneck: Block = (model, name, from, filters, strides, projects) => {
  const epsilon = 1.001e-5;
  const convolved = (part: string, value: string, count: number, window: number, stride = 1): string =>
    model.batchNorm(`${name}_${part}_bn`, model.conv(`${name}_${part}_conv`, value, count, window, { strides: stride }), epsilon);
  const shortcut = projects ? convolved('0', from, 4 * filters, 1, strides) : from;
  const first = model.activation(`${name}_1_relu`, convolved('1', from, filters, 1, strides), 'relu');
  const second = model.activation(`${name}_2_relu`, convolved('2', first, filters, 3), 'relu');
  return model.activation(`${name}_out`, model.sum(`${name}_add`, shortcut, convolved('3', second, 4 * filters, 1)), 'relu');
};

/**
 * Two 3 x 3 convolutions, the first with the stride: paddings, epsilon and no biases as torchvision's
 * ResNet-18, which Keras Applications lacks; names in the pattern of the others.
 */
const basic: Block = (model, name, from, filters, strides, projects) => {
  const epsilon = 1e-5;
  const convolved = (part: string, value: string, window: number, stride: number): string => {
    // Keras' padding of an even size by a stride of 2 is all on one side, torchvision's is not.
    const padded = window > 1 && stride > 1 ? model.zeroPad(`${name}_${part}_pad`, value, 1) : value;
    const conv = model.conv(`${name}_${part}_conv`, padded, filters, window, { strides: stride, padding: padded === value ? 'same' : 'valid', bias: false });
    return model.batchNorm(`${name}_${part}_bn`, conv, epsilon);
  };
  const shortcut = projects ? convolved('0', from, 1, strides) : from;
  const first = model.activation(`${name}_1_relu`, convolved('1', from, 3, strides), 'relu');
  return model.activation(`${name}_out`, model.sum(`${name}_add`, shortcut, convolved('2', first, 3, 1)), 'relu');
};

interface Shape {
  readonly block: Block;
  /** Blocks of each stage. */
  readonly stages: readonly number[];
  /** Whether the first convolution has a bias, and the epsilon of its batch norm. */
  readonly bias: boolean;
  readonly epsilon: number;
}

const BASIC = { block: basic, bias: false, epsilon: 1e-5 };
const BOTTLENECK = { block: bottleneck, bias: true, epsilon: 1.001e-5 };

/** 7 x 7 with stride 2, pool of 3 by 2, four stages of blocks that double their filters and, from the second on, halve the image. */
function resnet(name: string, { block, stages, bias, epsilon }: Shape, knobs: Knobs, input: Input, output: Output): Topology {
  const model = new Network(name, input);
  const width = knobs.whole('width', 1);
  const stem = model.conv('conv1_conv', model.zeroPad('conv1_pad', model.image, 3), width, 7, { strides: 2, padding: 'valid', bias });
  const active = model.activation('conv1_relu', model.batchNorm('conv1_bn', stem, epsilon), 'relu');
  let value = model.maxPool('pool1_pool', model.zeroPad('pool1_pad', active, 1), 3, 2);
  stages.forEach((blocks, stage) => {
    for (let nth = 1; nth <= blocks; nth++) {
      const strides = stage > 0 && nth === 1 ? 2 : 1;
      // The first stage of basic blocks has as many channels as the stem: nothing to project.
      const projects = nth === 1 && (stage > 0 || block === bottleneck);
      value = block(model, `conv${String(stage + 2)}_block${String(nth)}`, value, width * 2 ** stage, strides, projects);
    }
  });
  return model.head(value, headOf(knobs, output));
}

export const RESNET_BUILDERS: ModelBuilders = {
  resnet18: (knobs, input, output) => resnet('resnet18', { ...BASIC, stages: [2, 2, 2, 2] }, knobs, input, output),
  resnet50: (knobs, input, output) => resnet('resnet50', { ...BOTTLENECK, stages: [3, 4, 6, 3] }, knobs, input, output),
  resnet101: (knobs, input, output) => resnet('resnet101', { ...BOTTLENECK, stages: [3, 4, 23, 3] }, knobs, input, output),
};
