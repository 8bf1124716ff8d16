import type { Input } from '../layers.js';
import { type Head, Network } from '../network.js';
import type { Topology } from '../topology.js';

/** Filters of the separable convolutions of each block that ends in a pool (Chollet 2017, figure 5). */
const ENTRY = [128, 256, 728];
const MIDDLE = { blocks: 8, filters: 728, convolutions: 3 };

/**
 * Xception with the layers and names of Keras Applications; the four convolutions beside the pools, which
 * have none there, are numbered as it does: conv2d_1 to conv2d_4, batch_normalization_1 to _4, add_1 to add_12.
 */
export function xception(input: Input, head: Head): Topology {
  const model = new Network('xception', input);
  const relu = (name: string, from: string): string => model.activation(`${name}_act`, from, 'relu');
  const plain = (name: string, from: string, filters: number, strides: number): string =>
    relu(name, model.batchNorm(`${name}_bn`, model.conv(name, from, filters, 3, { strides, padding: 'valid', bias: false })));
  const separable = (name: string, from: string, filters: number): string => model.batchNorm(`${name}_bn`, model.separable(name, from, filters, 3));
  let sums = 0;
  let shortcuts = 0;
  const sum = (...values: readonly string[]): string => model.sum(`add_${String((sums += 1))}`, ...values);
  /** Two separable convolutions and a pool, beside a convolution of stride 2. */
  const reduction = (block: number, from: string, filters: readonly [number, number]): string => {
    shortcuts += 1;
    const shortcut = model.batchNorm(`batch_normalization_${String(shortcuts)}`, model.conv(`conv2d_${String(shortcuts)}`, from, filters[1], 1, { strides: 2, bias: false }));
    let value = from;
    filters.forEach((count, index) => {
      const name = `block${String(block)}_sepconv${String(index + 1)}`;
      // The first block begins where an activation has just been.
      if (block > 2 || index > 0) value = relu(name, value);
      value = separable(name, value, count);
    });
    return sum(model.maxPool(`block${String(block)}_pool`, value, 3, 2, 'same'), shortcut);
  };
  let value = plain('block1_conv2', plain('block1_conv1', model.image, 32, 2), 64, 1);
  ENTRY.forEach((filters, index) => (value = reduction(index + 2, value, [filters, filters])));
  for (let block = 5; block < 5 + MIDDLE.blocks; block++) {
    const before = value;
    for (let nth = 1; nth <= MIDDLE.convolutions; nth++) {
      const name = `block${String(block)}_sepconv${String(nth)}`;
      value = separable(name, relu(name, value), MIDDLE.filters);
    }
    value = sum(value, before);
  }
  value = reduction(13, value, [MIDDLE.filters, 1024]);
  for (const [index, filters] of [1536, 2048].entries()) {
    const name = `block14_sepconv${String(index + 1)}`;
    value = relu(name, separable(name, value, filters));
  }
  return model.head(value, head);
}
