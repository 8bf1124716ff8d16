import type { ModelBuilders } from '../builders.js';
import { type Activation, ACTIVATIONS, Builder, type Input } from '../layers.js';
import type { Output } from '../output.js';
import type { Topology } from '../topology.js';

/** What a study's network is made of. */
interface Sizes {
  /** Of each convolution. */
  readonly filters: readonly number[];
  /** Neurons of each dense layer before the output. */
  readonly hidden: readonly number[];
}

/** Batch norm of the image; per stage a 3 x 3 convolution (valid, ReLU) and a pool of 2; dropout; dense layers; dropout. */
function lmap3({ filters, hidden }: Sizes, input: Input, output: Output): Topology {
  const model = new Builder('lmap3', input).batchNorm();
  for (const count of filters) model.conv(count, 3, 'valid', 'relu').maxPool(2);
  model.dropout().flatten();
  for (const width of hidden) model.dense(width, 'relu');
  return model.dropout().output(output);
}

/**
 * AlexNet as the chest X-ray study has it: 11 x 11 with stride 4 (224 px to 56), pool of 3 by 2, 5 x 5 with
 * stride 4 (to 7), the same pool, then three 3 x 3 of which the first strides by 4 (to 1); dense layers
 * with dropout after each. All convolutions are padded.
 */
function alexnet({ filters: [first, second, ...others], hidden }: Sizes, input: Input, output: Output): Topology {
  const model = new Builder('alexnet', input).batchNorm();
  model.conv(first!, 11, 'same', 'relu', 4).maxPool(3, 2);
  model.conv(second!, 5, 'same', 'relu', 4).maxPool(3, 2);
  others.forEach((count, index) => model.conv(count, 3, 'same', 'relu', index === 0 ? 4 : 1));
  model.flatten();
  for (const width of hidden) model.dense(width, 'relu').dropout();
  return model.output(output);
}

/** Dense layers on the pixels, with dropout on the pixels and after each. */
function ann(hidden: readonly number[], activation: Activation, input: Input, output: Output): Topology {
  const model = new Builder('ann', input).flatten().dropout();
  for (const width of hidden) model.dense(width).activation(activation).dropout();
  return model.output(output);
}

/** Per stage a 3 x 3 convolution (valid, ReLU), a pool of 2 and dropout; dense layers with dropout. */
function cnnD({ filters, hidden }: Sizes, input: Input, output: Output): Topology {
  const model = new Builder('cnn-d', input);
  for (const count of filters) model.conv(count, 3, 'valid', 'relu').maxPool(2).dropout();
  model.flatten();
  for (const width of hidden) model.dense(width, 'relu').dropout();
  return model.output(output);
}

/** Two 3 x 3 convolutions (valid, ReLU), pool, dropout; twice convolution and pool; dropout; dense layers with dropout. */
function cnnE({ filters: [first, second, ...others], hidden }: Sizes, input: Input, output: Output): Topology {
  const model = new Builder('cnn-e', input);
  model.conv(first!, 3, 'valid', 'relu').conv(second!, 3, 'valid', 'relu').maxPool(2).dropout();
  for (const count of others) model.conv(count, 3, 'valid', 'relu').maxPool(2);
  model.dropout().flatten();
  for (const width of hidden) model.dense(width, 'relu').dropout();
  return model.output(output);
}

export const STUDY_BUILDERS: ModelBuilders = {
  lmap3: (knobs, input, output) => lmap3({ filters: knobs.list('filters'), hidden: knobs.list('hidden') }, input, output),
  alexnet: (knobs, input, output) => alexnet({ filters: knobs.several('filters', 5), hidden: knobs.list('hidden') }, input, output),
  ann: (knobs, input, output) => ann(knobs.list('hidden'), knobs.oneOf('activation', ACTIVATIONS), input, output),
  'cnn-d': (knobs, input, output) => cnnD({ filters: knobs.list('filters'), hidden: knobs.list('hidden') }, input, output),
  'cnn-e': (knobs, input, output) => cnnE({ filters: knobs.several('filters', 4), hidden: knobs.list('hidden') }, input, output),
};
