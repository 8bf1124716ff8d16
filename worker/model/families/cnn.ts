import { type Activation, Builder, type Input } from '../layers.js';
import type { Output } from '../output.js';
import type { Topology } from '../topology.js';

export interface CnnKnobs {
  readonly blocks: number;
  readonly filters: number;
  readonly kernel: number;
  readonly pooling: 'max' | 'average';
  readonly activation: Activation;
  readonly batchNorm: boolean;
  readonly fcWidth: number;
}

/**
 * The plain convolutional network with every knob: `blocks` of convolution (`filters`, then twice as
 * many in each next block; same padding), batch norm, activation and a pool of 2; then FC `fcWidth` (0
 * leaves it out) with activation, dropout, the output layer. A block whose image is 1 pixel high or wide
 * does not pool, so that any depth goes with any image.
 */
export function cnn(knobs: CnnKnobs, input: Input, output: Output): Topology {
  const model = new Builder('cnn', input);
  let { height, width } = input;
  for (let block = 0; block < knobs.blocks; block++) {
    model.conv(knobs.filters * 2 ** block, knobs.kernel, 'same');
    if (knobs.batchNorm) model.batchNorm();
    model.activation(knobs.activation);
    if (height < 2 || width < 2) continue;
    if (knobs.pooling === 'max') model.maxPool(2);
    else model.averagePool(2);
    height = Math.floor(height / 2);
    width = Math.floor(width / 2);
  }
  model.flatten();
  if (knobs.fcWidth > 0) model.dense(knobs.fcWidth).activation(knobs.activation);
  return model.dropout().dense(output.units).activation(output.activation).topology();
}
