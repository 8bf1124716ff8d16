import type { Input } from '../layers.js';
import { type Head, Network } from '../network.js';
import type { Topology } from '../topology.js';

/** Expansion, repeats, stride of the first, kernel and filters of each group (Tan and Le 2019, table 1, without squeeze and excitation). */
const GROUPS: readonly (readonly [expansion: number, repeats: number, strides: 1 | 2, kernel: number, filters: number])[] = [
  [1, 1, 1, 3, 16], [6, 2, 2, 3, 24], [6, 2, 2, 5, 40], [6, 3, 2, 3, 80], [6, 3, 1, 5, 112], [6, 4, 2, 5, 192], [6, 1, 1, 3, 320],
];

/**
 * EfficientNet-Lite0 (Liu 2020: EfficientNet-B0 with ReLU6 in place of swish, without squeeze and
 * excitation): `same` padding as TensorFlow's, batch norm with epsilon 1e-3. Layers have the names of
 * Keras Applications' EfficientNetB0: `stem_conv`, `block2b_expand_conv`, `block2b_dwconv`, `top_conv`.
 */
export function efficientNetLite0(input: Input, head: Head): Topology {
  const model = new Network('efficientnet-lite0', input);
  const convolved = (prefix: string, from: string, filters: number, kernel: number, strides = 1): string =>
    model.batchNorm(`${prefix}bn`, model.conv(`${prefix}conv`, from, filters, kernel, { strides, bias: false }));
  let channels = 32;
  let value = model.relu6('stem_activation', convolved('stem_', model.image, channels, 3, 2));
  GROUPS.forEach(([expansion, repeats, groupStrides, kernel, filters], group) => {
    for (let repeat = 0; repeat < repeats; repeat++) {
      const prefix = `block${String(group + 1)}${'abcd'.charAt(repeat)}_`;
      const strides = repeat === 0 ? groupStrides : 1;
      const before = value;
      if (expansion > 1) value = model.relu6(`${prefix}expand_activation`, convolved(`${prefix}expand_`, value, expansion * channels, 1));
      value = model.relu6(`${prefix}activation`, model.batchNorm(`${prefix}bn`, model.depthwise(`${prefix}dwconv`, value, kernel, strides)));
      value = convolved(`${prefix}project_`, value, filters, 1);
      if (strides === 1 && filters === channels) value = model.sum(`${prefix}add`, value, before);
      channels = filters;
    }
  });
  return model.head(model.relu6('top_activation', convolved('top_', value, 1280, 1)), head);
}
