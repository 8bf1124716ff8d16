/**
 * What every executor must get right, as data: small networks for each operation and for how operations
 * meet. gradients.test.ts holds each against finite differences in float64.
 */
import type { Topology } from '../../../worker/model/topology.js';
import { functional, type LayerSketch, type NodeSketch, sequential } from './support.js';

export const CLASSES = 3;

export interface Case {
  readonly name: string;
  readonly input: readonly [number, number, number];
  readonly topology: Topology;
  readonly dropout: number;
}

interface Chain {
  readonly name: string;
  readonly input: readonly [number, number, number];
  /** Layers before Flatten and Dense. A leading 1 x 1 convolution makes their input gradient visible. */
  readonly layers: readonly LayerSketch[];
  readonly dropout?: number;
}

const conv = (filters: number, kernel: number | [number, number], strides: number | [number, number] = 1, padding = 'same', more = {}): LayerSketch => ['Conv2D', { filters, kernel_size: kernel, strides, padding, ...more }];
const depthwise = (kernel: number | [number, number], strides = 1, padding = 'same', more = {}): LayerSketch => ['DepthwiseConv2D', { kernel_size: kernel, strides, padding, ...more }];
const separable = (filters: number, kernel: number, strides = 1, padding = 'same', more = {}): LayerSketch => ['SeparableConv2D', { filters, kernel_size: kernel, strides, padding, ...more }];
const norm: LayerSketch = ['BatchNormalization', { epsilon: 1e-3 }];
const relu: LayerSketch = ['Activation', { activation: 'relu' }];
const relu6: LayerSketch = ['ReLU', { max_value: 6 }];
const drop: LayerSketch = ['Dropout', { rate: 0.5 }];
const maxPool = (size: number, strides: number, padding: string): LayerSketch => ['MaxPooling2D', { pool_size: size, strides, padding }];
const averagePool = (size: number, strides: number, padding: string): LayerSketch => ['AveragePooling2D', { pool_size: size, strides, padding }];

const PROBE = conv(2, 1);

const CHAINS: readonly Chain[] = [
  ...[1, 3, 8, 49].map((filters): Chain => ({ name: `conv 3x3 same to ${String(filters)} channels`, input: [6, 5, 1], layers: [PROBE, conv(filters, 3)] })),
  { name: 'conv 3x3 same from 3 channels to 11, no bias', input: [5, 7, 3], layers: [conv(3, 1), conv(11, 3, 1, 'same', { use_bias: false })] },
  { name: 'conv 3x3 same from 8 channels', input: [6, 6, 1], layers: [conv(8, 1), conv(6, 3)] },
  { name: 'conv 3x3 same from 49 channels', input: [4, 4, 1], layers: [conv(49, 1), conv(5, 3)] },
  { name: 'conv 3x3 same from 16 to 24 channels, odd (by tiles that hang over)', input: [9, 11, 1], layers: [conv(16, 1), conv(24, 3), norm, relu, conv(16, 3)] },
  { name: 'conv 3x3 valid from 24 to 16 channels, even', input: [12, 10, 3], layers: [conv(24, 1), conv(16, 3, 1, 'valid'), conv(16, 3, 1, 'same', { use_bias: false }), maxPool(3, 3, 'valid')] },
  { name: 'conv 5x5 valid', input: [8, 9, 3], layers: [PROBE, conv(5, 5, 1, 'valid')] },
  { name: 'conv 2x2 same (the odd zero goes after)', input: [5, 6, 1], layers: [PROBE, conv(4, 2)] },
  { name: 'conv 3x3 stride 2 same, even', input: [8, 6, 1], layers: [PROBE, conv(7, 3, 2)] },
  { name: 'conv 3x3 stride 2 same, odd', input: [7, 9, 3], layers: [PROBE, conv(4, 3, 2)] },
  { name: 'conv 3x3 stride 2 valid with a column left over', input: [8, 8, 1], layers: [PROBE, conv(3, 3, 2, 'valid')] },
  { name: 'conv 2x2 stride 3 valid (windows apart)', input: [9, 9, 1], layers: [PROBE, conv(3, 2, 3, 'valid')] },
  { name: 'conv 5x3 strides 3 and 2 same', input: [10, 7, 1], layers: [PROBE, conv(3, [5, 3], [3, 2])] },
  { name: 'conv 11x11 stride 4 same, odd', input: [13, 15, 1], layers: [PROBE, conv(5, 11, 4)] },
  { name: 'conv 6x6 stride 2 from 16 to 24 channels (each phase by tiles)', input: [17, 18, 1], layers: [conv(16, 1), conv(24, 6, 2)] },
  { name: 'conv 1x1 stride 2', input: [5, 5, 1], layers: [PROBE, conv(3, 1, 2)] },
  { name: 'conv after conv with relu inside', input: [6, 6, 1], layers: [conv(3, 3, 1, 'same', { activation: 'relu' }), conv(4, 3)] },
  { name: 'depthwise 3x3 same', input: [6, 5, 1], layers: [conv(5, 1), depthwise(3)] },
  { name: 'depthwise 3x3 stride 2 same, even', input: [8, 6, 1], layers: [conv(8, 1), depthwise(3, 2)] },
  { name: 'depthwise 3x3 stride 2 same, odd, no bias', input: [7, 9, 3], layers: [conv(6, 1), depthwise(3, 2, 'same', { use_bias: false })] },
  { name: 'depthwise 3x3 valid with strides of 1 and of 2, a column left over', input: [9, 10, 1], layers: [conv(7, 1), depthwise(3, 1, 'valid'), depthwise(3, 2, 'valid')] },
  { name: 'depthwise 5x5 with strides of 1 and of 2, even', input: [10, 8, 1], layers: [conv(4, 1), depthwise(5), depthwise(5, 2), depthwise(5, 2, 'same', { activation: 'relu6' })] },
  { name: 'depthwise 2x5 stride 3 (windows apart)', input: [9, 8, 1], layers: [conv(3, 1), depthwise([2, 5], 3, 'valid')] },
  { name: 'depthwise of the image', input: [6, 7, 3], layers: [depthwise(3, 2), conv(4, 1)] },
  { name: 'zeros before a depthwise convolution of stride 2', input: [8, 7, 1], layers: [conv(6, 1), ['ZeroPadding2D', { padding: [[0, 1], [0, 1]] }], depthwise(3, 2, 'valid', { use_bias: false }), norm, relu6] },
  { name: 'expansion, depthwise, batch norm and relu6', input: [6, 7, 3], layers: [conv(12, 1, 1, 'same', { use_bias: false }), norm, relu6, depthwise(3, 1, 'same', { use_bias: false }), norm, relu6, conv(4, 1, 1, 'same', { use_bias: false }), norm] },
  { name: 'batch norm, relu6 and dropout', input: [5, 6, 1], layers: [conv(6, 3), norm, relu6, drop, conv(3, 1)], dropout: 0.4 },
  { name: 'relu6, pool and dropout after a depthwise convolution', input: [8, 6, 1], layers: [conv(5, 1), depthwise(3), ['ReLU', { max_value: 0.4 }], maxPool(2, 2, 'valid'), drop, conv(3, 1)], dropout: 0.3 },
  { name: 'separable convolutions', input: [7, 8, 3], layers: [separable(6, 3), norm, relu, separable(5, 3, 2, 'same', { use_bias: false }), separable(4, 3, 1, 'valid', { activation: 'relu' })] },
  { name: 'batch norm', input: [5, 6, 1], layers: [conv(5, 3), norm] },
  { name: 'batch norm without scale and center', input: [5, 6, 1], layers: [conv(5, 3), ['BatchNormalization', { scale: false, center: false }]] },
  { name: 'batch norm of the input', input: [5, 6, 3], layers: [norm, conv(4, 3)] },
  { name: 'batch norm after a pool', input: [6, 6, 1], layers: [conv(5, 3), averagePool(2, 2, 'valid'), norm, conv(3, 3)] },
  { name: 'batch norm and relu', input: [5, 6, 1], layers: [conv(7, 3), norm, relu] },
  { name: 'batch norm, relu, pool, even', input: [6, 8, 1], layers: [conv(9, 3), norm, relu, maxPool(2, 2, 'valid'), conv(3, 3)] },
  { name: 'batch norm, relu, pool, a row and a column left over', input: [7, 9, 3], layers: [conv(6, 3), norm, relu, maxPool(2, 2, 'valid'), conv(3, 3)] },
  { name: 'batch norm, relu, dropout, pool', input: [7, 6, 1], layers: [conv(8, 3), norm, relu, drop, maxPool(2, 2, 'valid'), conv(3, 3)], dropout: 0.4 },
  { name: 'batch norm, relu, dropout', input: [5, 5, 1], layers: [conv(5, 3), norm, relu, drop], dropout: 0.3 },
  { name: 'batch norm, dropout', input: [5, 5, 1], layers: [conv(5, 3), norm, drop], dropout: 0.3 },
  { name: 'dropout alone', input: [5, 5, 1], layers: [conv(5, 3), drop, conv(3, 3)], dropout: 0.3 },
  { name: 'dropout of the input', input: [5, 5, 3], layers: [drop, conv(3, 3)], dropout: 0.25 },
  { name: 'dropout after relu', input: [5, 5, 1], layers: [conv(5, 3), relu, drop, conv(3, 3)], dropout: 0.6 },
  { name: 'dropout before relu', input: [5, 5, 1], layers: [conv(5, 3), drop, relu, conv(3, 3)], dropout: 0.5 },
  { name: 'relu and pool without batch norm', input: [7, 6, 1], layers: [conv(6, 3), relu, maxPool(2, 2, 'valid'), conv(3, 3)] },
  { name: 'max-pool 3/2 same', input: [7, 8, 1], layers: [conv(5, 3), maxPool(3, 2, 'same'), conv(3, 3)] },
  { name: 'max-pool 3/1 same (windows overlap)', input: [5, 6, 1], layers: [conv(5, 3), maxPool(3, 1, 'same'), conv(3, 3)] },
  { name: 'max-pool 2/2 same, odd, after relu', input: [7, 5, 1], layers: [conv(5, 3), relu, maxPool(2, 2, 'same'), conv(3, 3)] },
  { name: 'max-pool 2/2 without relu', input: [6, 6, 1], layers: [conv(5, 3), maxPool(2, 2, 'valid'), conv(3, 3)] },
  { name: 'average pool 2/2 valid', input: [7, 6, 1], layers: [conv(5, 3), averagePool(2, 2, 'valid'), conv(3, 3)] },
  { name: 'average pool 3/2 same (overhangs the border)', input: [6, 7, 1], layers: [conv(5, 3), averagePool(3, 2, 'same'), conv(3, 3)] },
  { name: 'average pool 3/1 same', input: [5, 5, 1], layers: [conv(3, 3), averagePool(3, 1, 'same'), conv(3, 3)] },
  { name: 'global max pool', input: [5, 6, 1], layers: [conv(5, 3), norm, relu, ['GlobalMaxPooling2D', {}]] },
  { name: 'global average pool', input: [5, 6, 1], layers: [conv(5, 3), ['GlobalAveragePooling2D', {}]] },
  { name: 'dense, batch norm, relu, dropout, dense', input: [4, 4, 1], layers: [['Flatten', {}], ['Dense', { units: 9 }], norm, relu, drop, ['Dense', { units: 6, activation: 'relu' }]], dropout: 0.2 },
  { name: 'batch norm of a flattened image', input: [3, 3, 1], layers: [conv(4, 3), ['Flatten', {}], norm] },
  { name: 'relu after flatten', input: [4, 4, 1], layers: [conv(3, 3), ['Flatten', {}], relu] },
  ...['elu', 'tanh', 'sigmoid'].map((activation): Chain => ({
    name: `${activation} after convolution, batch norm, dense, with dropout and pools`,
    input: [6, 7, 1],
    layers: [
      conv(5, 3, 1, 'same', { activation }), conv(3, 3), norm, ['Activation', { activation }], averagePool(2, 2, 'valid'), drop,
      ['Flatten', {}], ['Dense', { units: 7, activation }], drop, ['Dense', { units: 5, activation }],
    ],
    dropout: 0.3,
  })),
  { name: 'relu with a cap, after convolution and dense', input: [5, 6, 1], layers: [conv(6, 3), ['ReLU', { max_value: 0.5 }], norm, ['Activation', { activation: 'relu6' }], ['Flatten', {}], ['Dense', { units: 5 }], ['ReLU', { max_value: 0.25 }]] },
  { name: 'relu with a cap before dropout', input: [5, 6, 1], layers: [conv(6, 3), ['ReLU', { max_value: 0.5 }], drop, conv(3, 3)], dropout: 0.3 },
  { name: 'zeros before a convolution', input: [6, 5, 1], layers: [PROBE, ['ZeroPadding2D', { padding: [[1, 2], [2, 0]] }], conv(4, 3, 2, 'valid'), norm] },
  { name: 'zeros wider than the convolution after them', input: [4, 5, 1], layers: [PROBE, ['ZeroPadding2D', { padding: 2 }], conv(4, 1), relu] },
  { name: 'zeros before a pool', input: [6, 5, 1], layers: [conv(4, 3), relu, ['ZeroPadding2D', { padding: [1, 1] }], maxPool(3, 2, 'valid'), conv(3, 3)] },
  { name: 'zeros at the end', input: [3, 3, 1], layers: [conv(3, 3), ['ZeroPadding2D', { padding: 1 }]] },
  { name: 'garth-cnn in small', input: [6, 7, 1], layers: [conv(8, 3), norm, relu, drop, maxPool(2, 2, 'valid'), conv(5, 3), norm, relu, maxPool(2, 2, 'valid'), conv(6, 3), norm, relu], dropout: 0.5 },
];

function topologyOf({ input, layers }: Chain): Topology {
  const flat = layers.some(([className]) => className === 'Flatten' || className.startsWith('Global'));
  return sequential(input, ...layers, ...(flat ? [] : [['Flatten', {}] as const]), ['Dense', { units: CLASSES, activation: 'softmax' }]);
}

interface Graph {
  readonly name: string;
  readonly input: readonly [number, number, number];
  /** From 'image' on; the last is followed by global pooling, or by nothing where it gives a vector, and Dense. */
  readonly nodes: readonly NodeSketch[];
  readonly vector?: boolean;
  readonly dropout?: number;
}

const node = (name: string, inputs: string | readonly string[], [className, config]: LayerSketch): NodeSketch => ({ name, inputs: typeof inputs === 'string' ? [inputs] : inputs, className, config });
const add: LayerSketch = ['Add', {}];
const concat: LayerSketch = ['Concatenate', { axis: -1 }];
const flatten: LayerSketch = ['Flatten', {}];

const GRAPHS: readonly Graph[] = [
  {
    name: 'residual block', input: [6, 5, 1],
    nodes: [
      node('stem', 'image', conv(5, 3)), node('n0', 'stem', norm), node('r0', 'n0', relu),
      node('c1', 'r0', conv(5, 3)), node('n1', 'c1', norm), node('r1', 'n1', relu), node('c2', 'r1', conv(5, 3)), node('n2', 'c2', norm),
      node('sum', ['n2', 'r0'], add), node('out', 'sum', relu),
    ],
  },
  {
    name: 'two residual blocks, the second with stride 2 and a projection, dropout', input: [7, 6, 3], dropout: 0.3,
    nodes: [
      node('stem', 'image', conv(4, 3)), node('r0', 'stem', relu), node('c1', 'r0', conv(4, 3)), node('n1', 'c1', norm),
      node('sum1', ['r0', 'n1'], add), node('out1', 'sum1', relu), node('d1', 'out1', drop),
      node('c2', 'd1', conv(6, 3, 2)), node('n2', 'c2', norm), node('r2', 'n2', relu), node('c3', 'r2', conv(6, 3)), node('n3', 'c3', norm),
      node('short', 'd1', conv(6, 1, 2)), node('ns', 'short', norm), node('sum2', ['n3', 'ns'], add), node('out2', 'sum2', relu),
    ],
  },
  {
    name: 'blocks that normalise first (the sum goes on as it is)', input: [6, 6, 1],
    nodes: [
      node('stem', 'image', conv(4, 3)), node('n1', 'stem', norm), node('r1', 'n1', relu), node('c1', 'r1', conv(4, 3)), node('s1', ['stem', 'c1'], add),
      node('n2', 's1', norm), node('r2', 'n2', relu), node('c2', 'r2', conv(4, 3)), node('s2', ['s1', 'c2'], add), node('n3', 's2', norm), node('r3', 'n3', relu),
    ],
  },
  { name: 'a value added to itself', input: [5, 5, 1], nodes: [node('c', 'image', conv(3, 3)), node('twice', ['c', 'c'], add), node('c2', 'twice', conv(4, 3))] },
  {
    name: 'one sum of three, taken three times', input: [5, 4, 1],
    nodes: [
      node('a', 'image', conv(3, 3)), node('b', 'image', conv(3, 1)), node('e', 'a', ['Activation', { activation: 'tanh' }]), node('s', ['a', 'b', 'e'], add),
      node('p', 's', relu), node('q', 's', ['Activation', { activation: 'elu' }]), node('t', ['p', 's', 'q'], add), node('u', 't', conv(3, 3)),
    ],
  },
  {
    name: 'two branches of sums with sums of each other', input: [4, 4, 1],
    nodes: [
      node('a', 'image', conv(3, 3)), node('b', 'image', conv(3, 1)), node('s', ['a', 'b'], add), node('ca', 'a', conv(3, 3)), node('cb', 'b', conv(3, 3)),
      node('t', ['s', 'ca', 'cb'], add), node('r', 't', relu),
    ],
  },
  {
    name: 'concatenation of branches of different widths, a pool among them', input: [6, 7, 1],
    nodes: [
      node('a', 'image', conv(5, 3)), node('r', 'a', relu), node('b', 'r', conv(3, 3)), node('p', 'r', maxPool(3, 1, 'same')), node('j', ['r', 'b', 'p'], concat),
      node('n', 'j', norm), node('c', 'n', conv(4, 1)),
    ],
  },
  {
    name: 'concatenation of vectors, and a sum of vectors', input: [4, 4, 1], vector: true,
    nodes: [
      node('a', 'image', conv(3, 3)), node('f', 'a', flatten), node('g', 'a', ['GlobalAveragePooling2D', {}]), node('d', 'f', ['Dense', { units: 3 }]),
      node('s', ['d', 'g'], add), node('j', ['s', 'g', 'd'], concat), node('r', 'j', relu),
    ],
  },
  {
    name: 'one image for a convolution and for Flatten', input: [4, 5, 1], vector: true,
    nodes: [
      node('a', 'image', conv(3, 3)), node('f', 'a', flatten), node('fr', 'f', relu), node('c', 'a', conv(2, 3)), node('cf', 'c', flatten),
      node('x', 'image', flatten), node('j', ['fr', 'cf', 'x'], concat),
    ],
  },
  {
    name: 'activations of one value that others take too', input: [5, 5, 1], dropout: 0.4,
    nodes: [
      node('a', 'image', conv(4, 3)), node('r', 'a', relu), node('d', 'a', drop), node('m', 'a', ['ReLU', { max_value: 0.3 }]), node('z', 'r', ['ZeroPadding2D', { padding: 1 }]),
      node('cz', 'z', conv(4, 3, 1, 'valid')), node('s', ['cz', 'd', 'm', 'r'], add), node('n', 's', norm), node('rp', 'n', relu), node('p', 'rp', maxPool(2, 2, 'valid')),
    ],
  },
];

function graphTopology({ input, nodes, vector }: Graph): Topology {
  const last = nodes.at(-1)?.name ?? 'image';
  const pooled = vector === true ? [] : [node('pooled', last, ['GlobalAveragePooling2D', {}])];
  return functional(input, ...nodes, ...pooled, node('classes', vector === true ? last : 'pooled', ['Dense', { units: CLASSES, activation: 'softmax' }]));
}

/** Of two classes: one unit with a sigmoid, written in each of the ways. */
const SIGMOIDS: readonly Case[] = [
  { name: 'one unit with a sigmoid', input: [5, 6, 1], topology: sequential([5, 6, 1], conv(4, 3), norm, relu, flatten, ['Dense', { units: 1, activation: 'sigmoid' }]), dropout: 0 },
  {
    name: 'one unit, then a sigmoid, after dropout', input: [5, 6, 1], dropout: 0.3,
    topology: sequential([5, 6, 1], conv(4, 3), relu, ['GlobalMaxPooling2D', {}], drop, ['Dense', { units: 1 }], ['Activation', { activation: 'sigmoid' }]),
  },
  { name: 'the one value of an image with a sigmoid', input: [4, 4, 1], topology: sequential([4, 4, 1], conv(1, 3), ['GlobalAveragePooling2D', {}], ['Activation', { activation: 'sigmoid' }]), dropout: 0 },
];

export const CASES: readonly Case[] = [
  ...SIGMOIDS,
  ...CHAINS.map((chain) => ({ name: chain.name, input: chain.input, topology: topologyOf(chain), dropout: chain.dropout ?? 0 })),
  ...GRAPHS.map((graph) => ({ name: graph.name, input: graph.input, topology: graphTopology(graph), dropout: graph.dropout ?? 0 })),
];
