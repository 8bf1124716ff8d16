import type { Input } from '../layers.js';
import { type Head, Network } from '../network.js';
import type { Topology } from '../topology.js';

/** Filters of an inception module's convolutions. */
interface Module {
  readonly one: number;
  readonly threeReduce: number;
  readonly three: number;
  readonly fiveReduce: number;
  readonly five: number;
  readonly pool: number;
}

const module = (one: number, threeReduce: number, three: number, fiveReduce: number, five: number, pool: number): Module => ({ one, threeReduce, three, fiveReduce, five, pool });

/** Szegedy et al. 2015, "Going deeper with convolutions", table 1: the modules between one pool and the next. */
const STAGES: readonly { readonly [name: string]: Module }[] = [
  { '3a': module(64, 96, 128, 16, 32, 32), '3b': module(128, 128, 192, 32, 96, 64) },
  {
    '4a': module(192, 96, 208, 16, 48, 64), '4b': module(160, 112, 224, 24, 64, 64), '4c': module(128, 128, 256, 24, 64, 64),
    '4d': module(112, 144, 288, 32, 64, 64), '4e': module(256, 160, 320, 32, 128, 128),
  },
  { '5a': module(256, 160, 320, 32, 128, 128), '5b': module(384, 192, 384, 48, 128, 128) },
];

/**
 * GoogLeNet without its two auxiliary heads and its local response normalisation. `batchNorm` puts batch
 * norm between each convolution, which then has no bias, and its ReLU. Layers are named
 * `inception_3a_3x3_reduce` and so on, with `_bn` and `_relu` behind a convolution's name.
 */
export function inception(batchNorm: boolean, input: Input, head: Head): Topology {
  const model = new Network('inception', input);
  const conv = (name: string, from: string, filters: number, window: number, strides = 1): string => {
    const value = model.conv(name, from, filters, window, { strides, bias: !batchNorm });
    return model.activation(`${name}_relu`, batchNorm ? model.batchNorm(`${name}_bn`, value) : value, 'relu');
  };
  const pool = (name: string, from: string): string => model.maxPool(name, from, 3, 2, 'same');
  const branches = (prefix: string, from: string, filters: Module): string => {
    const named = (part: string): string => `inception_${prefix}_${part}`;
    return model.concat(
      named('output'),
      conv(named('1x1'), from, filters.one, 1),
      conv(named('3x3'), conv(named('3x3_reduce'), from, filters.threeReduce, 1), filters.three, 3),
      conv(named('5x5'), conv(named('5x5_reduce'), from, filters.fiveReduce, 1), filters.five, 5),
      conv(named('pool_proj'), model.maxPool(named('pool'), from, 3, 1, 'same'), filters.pool, 1),
    );
  };
  let value = pool('pool1_3x3_s2', conv('conv1_7x7_s2', model.image, 64, 7, 2));
  value = conv('conv2_3x3', conv('conv2_3x3_reduce', value, 64, 1), 192, 3);
  STAGES.forEach((modules, index) => {
    value = pool(`pool${String(index + 2)}_3x3_s2`, value);
    for (const [name, filters] of Object.entries(modules)) value = branches(name, value, filters);
  });
  return model.head(value, head);
}
