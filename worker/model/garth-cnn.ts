import { Builder, type Input } from './layers.js';
import type { Topology } from './topology.js';

/**
 * The pneumonia study's network (MATLAB, 2018; 17 layers with fcWidth above 0): three 3 x 3
 * convolutions with batch norm and ReLU, dropout after the first, pools of 2 after the first two
 * (a last odd row or column is left out, as MATLAB's), FC `fcWidth` (0 leaves it out), FC classes.
 */
export function garthCnn(filters: readonly [number, number, number], fcWidth: number, input: Input, classes: number): Topology {
  const model = new Builder('garth-cnn', input);
  model.conv(filters[0], 3, 'same').batchNorm().relu().dropout().maxPool(2);
  model.conv(filters[1], 3, 'same').batchNorm().relu().maxPool(2);
  model.conv(filters[2], 3, 'same').batchNorm().relu().flatten();
  if (fcWidth > 0) model.dense(fcWidth);
  return model.dense(classes).softmax().topology();
}
