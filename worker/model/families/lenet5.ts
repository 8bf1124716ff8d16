import { Builder, type Input } from '../layers.js';
import type { Output } from '../output.js';
import type { Topology } from '../topology.js';

/**
 * LeNet-5 (LeCun, Bottou, Bengio, Haffner 1998, figure 2) with today's ReLU and max-pool: conv 6 and
 * 16 of 5 x 5, dense `fcWidth` (120 in the paper), 84 and the output layer; dropout before the output.
 */
export function lenet5(fcWidth: number, input: Input, output: Output): Topology {
  const model = new Builder('lenet5', input);
  model.conv(6, 5, 'same', 'relu').maxPool(2);
  model.conv(16, 5, 'valid', 'relu').maxPool(2).flatten();
  return model.dense(fcWidth, 'relu').dense(84, 'relu').dropout().output(output);
}
