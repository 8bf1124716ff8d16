import type { Input } from '../layers.js';
import { type Head, Network } from '../network.js';
import type { Topology } from '../topology.js';

/** Expansion, filters and stride of each block (Sandler, Howard et al. 2018, table 2). */
const BLOCKS: readonly (readonly [expansion: number, filters: number, strides: 1 | 2])[] = [
  [1, 16, 1],
  [6, 24, 2], [6, 24, 1],
  [6, 32, 2], [6, 32, 1], [6, 32, 1],
  [6, 64, 2], [6, 64, 1], [6, 64, 1], [6, 64, 1],
  [6, 96, 1], [6, 96, 1], [6, 96, 1],
  [6, 160, 2], [6, 160, 1], [6, 160, 1],
  [6, 320, 1],
];
const LAST_FILTERS = 1280;

/**
 * MobileNetV2 with the layers, names and widths of Keras Applications, whose zeros before a stride of 2
 * are those of `same`. `alpha` multiplies all filters; those of the last convolution only above 1.
 */
export function mobileNetV2(alpha: number, input: Input, head: Head): Topology {
  const model = new Network('mobilenetv2', input);
  const norm = (name: string, from: string): string => model.batchNorm(name, from);
  let channels = divisible(32 * alpha);
  let value = model.relu6('Conv1_relu', norm('bn_Conv1', model.conv('Conv1', model.image, channels, 3, { strides: 2, bias: false })));
  BLOCKS.forEach(([expansion, filters, strides], index) => {
    const prefix = index === 0 ? 'expanded_conv_' : `block_${String(index)}_`;
    const before = value;
    if (expansion > 1) {
      value = norm(`${prefix}expand_BN`, model.conv(`${prefix}expand`, value, expansion * channels, 1, { bias: false }));
      value = model.relu6(`${prefix}expand_relu`, value);
    }
    value = norm(`${prefix}depthwise_BN`, model.depthwise(`${prefix}depthwise`, value, 3, strides));
    value = model.relu6(`${prefix}depthwise_relu`, value);
    const outputs = divisible(Math.floor(filters * alpha));
    value = norm(`${prefix}project_BN`, model.conv(`${prefix}project`, value, outputs, 1, { bias: false }));
    if (strides === 1 && outputs === channels) value = model.sum(`${prefix}add`, before, value);
    channels = outputs;
  });
  const last = alpha > 1 ? divisible(LAST_FILTERS * alpha) : LAST_FILTERS;
  return model.head(model.relu6('out_relu', norm('Conv_1_bn', model.conv('Conv_1', value, last, 1, { bias: false }))), head);
}

/** The nearest multiple of 8 that is at least 8 and not below 90 % of `filters`. */
function divisible(filters: number): number {
  const near = Math.max(8, Math.floor((filters + 4) / 8) * 8);
  return near < 0.9 * filters ? near + 8 : near;
}
