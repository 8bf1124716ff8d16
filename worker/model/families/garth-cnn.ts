import { Builder, type Input } from '../layers.js';
import type { Output } from '../output.js';
import type { Topology } from '../topology.js';

/**
 * The pneumonia study's network (MATLAB, 2018; 17 layers with fcWidth above 0): three 3 x 3
 * convolutions with batch norm and ReLU, dropout after the first, pools of 2 after the first two
 * (a last odd row or column is left out, as MATLAB's), FC `fcWidth` (0 leaves it out), the output layer.
 */
export function garthCnn([first, second, third]: readonly number[], fcWidth: number, input: Input, output: Output): Topology {
  const model = new Builder('garth-cnn', input);
  model.conv(first!, 3, 'same').batchNorm().relu().dropout().maxPool(2);
  model.conv(second!, 3, 'same').batchNorm().relu().maxPool(2);
  model.conv(third!, 3, 'same').batchNorm().relu().flatten();
  if (fcWidth > 0) model.dense(fcWidth);
  return model.dense(output.units).activation(output.activation).topology();
}
