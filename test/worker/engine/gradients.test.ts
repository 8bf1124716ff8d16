import assert from 'node:assert/strict';
import { test } from 'node:test';
import { programOf } from '../../../worker/engine/program.js';
import type { Topology } from '../../../worker/model/topology.js';
import { finiteDifferences, logitsOf, lossOf, type ReferenceStep, type Weights } from './reference.js';
import { compiled, generator, images, type LayerSketch, range, sequential, stepSettings, tensorsOf, training, withTensor } from './support.js';

const CLASSES = 3;
const BATCH = 4;

interface Case {
  readonly name: string;
  readonly input: readonly [number, number, number];
  /** Layers before Flatten and Dense. A leading 1 x 1 convolution makes their input gradient visible. */
  readonly layers: readonly LayerSketch[];
  readonly dropout?: number;
}

const conv = (filters: number, kernel: number | [number, number], strides: number | [number, number] = 1, padding = 'same', more = {}): LayerSketch => ['Conv2D', { filters, kernel_size: kernel, strides, padding, ...more }];
const norm: LayerSketch = ['BatchNormalization', { epsilon: 1e-3 }];
const relu: LayerSketch = ['Activation', { activation: 'relu' }];
const drop: LayerSketch = ['Dropout', { rate: 0.5 }];
const maxPool = (size: number, strides: number, padding: string): LayerSketch => ['MaxPooling2D', { pool_size: size, strides, padding }];
const averagePool = (size: number, strides: number, padding: string): LayerSketch => ['AveragePooling2D', { pool_size: size, strides, padding }];

const PROBE = conv(2, 1);

const CASES: readonly Case[] = [
  ...[1, 3, 8, 49].map((filters): Case => ({ name: `conv 3x3 same to ${String(filters)} channels`, input: [6, 5, 1], layers: [PROBE, conv(filters, 3)] })),
  { name: 'conv 3x3 same from 3 channels to 11, no bias', input: [5, 7, 3], layers: [conv(3, 1), conv(11, 3, 1, 'same', { use_bias: false })] },
  { name: 'conv 3x3 same from 8 channels', input: [6, 6, 1], layers: [conv(8, 1), conv(6, 3)] },
  { name: 'conv 3x3 same from 49 channels', input: [4, 4, 1], layers: [conv(49, 1), conv(5, 3)] },
  { name: 'conv 5x5 valid', input: [8, 9, 3], layers: [PROBE, conv(5, 5, 1, 'valid')] },
  { name: 'conv 2x2 same (the odd zero goes after)', input: [5, 6, 1], layers: [PROBE, conv(4, 2)] },
  { name: 'conv 3x3 stride 2 same, even', input: [8, 6, 1], layers: [PROBE, conv(7, 3, 2)] },
  { name: 'conv 3x3 stride 2 same, odd', input: [7, 9, 3], layers: [PROBE, conv(4, 3, 2)] },
  { name: 'conv 3x3 stride 2 valid with a column left over', input: [8, 8, 1], layers: [PROBE, conv(3, 3, 2, 'valid')] },
  { name: 'conv 2x2 stride 3 valid (windows apart)', input: [9, 9, 1], layers: [PROBE, conv(3, 2, 3, 'valid')] },
  { name: 'conv 5x3 strides 3 and 2 same', input: [10, 7, 1], layers: [PROBE, conv(3, [5, 3], [3, 2])] },
  { name: 'conv 1x1 stride 2', input: [5, 5, 1], layers: [PROBE, conv(3, 1, 2)] },
  { name: 'conv after conv with relu inside', input: [6, 6, 1], layers: [conv(3, 3, 1, 'same', { activation: 'relu' }), conv(4, 3)] },
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
  { name: 'global average pool', input: [5, 6, 1], layers: [conv(5, 3), ['GlobalAveragePooling2D', {}]] },
  { name: 'dense, batch norm, relu, dropout, dense', input: [4, 4, 1], layers: [['Flatten', {}], ['Dense', { units: 9 }], norm, relu, drop, ['Dense', { units: 6, activation: 'relu' }]], dropout: 0.2 },
  { name: 'batch norm of a flattened image', input: [3, 3, 1], layers: [conv(4, 3), ['Flatten', {}], norm] },
  { name: 'relu after flatten', input: [4, 4, 1], layers: [conv(3, 3), ['Flatten', {}], relu] },
  ...['elu', 'tanh', 'sigmoid'].map((activation): Case => ({
    name: `${activation} after convolution, batch norm, dense, with dropout and pools`,
    input: [6, 7, 1],
    layers: [
      conv(5, 3, 1, 'same', { activation }), conv(3, 3), norm, ['Activation', { activation }], averagePool(2, 2, 'valid'), drop,
      ['Flatten', {}], ['Dense', { units: 7, activation }], drop, ['Dense', { units: 5, activation }],
    ],
    dropout: 0.3,
  })),
  { name: 'garth-cnn in small', input: [6, 7, 1], layers: [conv(8, 3), norm, relu, drop, maxPool(2, 2, 'valid'), conv(5, 3), norm, relu, maxPool(2, 2, 'valid'), conv(6, 3), norm, relu], dropout: 0.5 },
];

function topologyOf({ input, layers }: Case): Topology {
  const flat = layers.some(([className]) => className === 'Flatten' || className === 'GlobalAveragePooling2D');
  return sequential(input, ...layers, ...(flat ? [] : [['Flatten', {}] as const]), ['Dense', { units: CLASSES, activation: 'softmax' }]);
}

for (const one of CASES) {
  test(`values and gradients agree with float64: ${one.name}`, async () => {
    const topology = topologyOf(one);
    const program = programOf(topology, 'wasm');
    const source = images(BATCH, one.input, CLASSES, 11);
    const engine = await compiled(topology, source, training(CLASSES, { maxBatch: BATCH }));
    const random = generator(5);
    let state = engine.state();
    const weights: Weights = new Map();
    for (const { name, count } of program.parameters) {
      // Every parameter random, so that a gradient of bias or beta that is ignored shows in the values too.
      const gamma = name.endsWith('gamma') ? 1 : 0;
      const values = Float32Array.from({ length: count }, () => gamma + (random() - 0.5) * 0.8);
      weights.set(name, Float64Array.from(values));
      state = withTensor(state, name, values);
    }
    engine.load(state);
    const classWeights = [0.5, 1.25, 2];
    const dropout = one.dropout ?? 0;
    const result = engine.step(range(BATCH), stepSettings({ dropout, classWeights, dropoutSeed: 99 }));
    const bytes = one.input[0] * one.input[1] * one.input[2];
    const step: ReferenceStep = {
      images: [...range(BATCH)].map((n) => Float64Array.from(source.pixels.subarray(n * bytes, (n + 1) * bytes), (v) => Math.fround(v / 255))),
      labels: [...source.labels], classWeights, dropout, dropoutSeed: 99,
    };
    const expected = lossOf(program, weights, step);
    assert.ok(Math.abs(result.loss - expected) < 1e-5 * Math.max(1, expected), `loss ${String(result.loss)}, expected ${String(expected)}`);
    const logits = logitsOf(program, weights, step);
    assert.equal(result.correct, logits.filter((values, n) => values.indexOf(Math.max(...values)) === source.labels[n]).length);
    // After the first step from rest the momentum is the gradient itself.
    const tensors = tensorsOf(engine.state());
    const all = new Map(program.parameters.map(({ name }) => [name, finiteDifferences(program, weights, step, name, 25)]));
    const largest = Math.max(...[...all.values()].flatMap((differences) => [...differences.values()].map(Math.abs)));
    for (const [name, differences] of all) {
      const gradient = tensors.get(`${name}:momentum`)?.values ?? new Float32Array();
      for (const [index, difference] of differences) {
        const found = gradient[index] ?? NaN;
        assert.ok(
          Math.abs(found - difference) < 2e-4 * Math.abs(difference) + 2e-5 * largest,
          `${name}[${String(index)}]: gradient ${String(found)}, finite difference ${String(difference)}`,
        );
      }
    }
    engine.dispose();
  });
}
