import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Json } from '../../../proto/work.js';
import { UnsupportedLayerError } from '../../../worker/engine/engine.js';
import { IMAGE, type Program, programOf } from '../../../worker/engine/program.js';
import { ModelError } from '../../../worker/model/model-error.js';
import type { LayerConfig, Topology } from '../../../worker/model/topology.js';

const CONV = { filters: 3, kernel_size: [3, 3], padding: 'same' };

/** image -> a -> b, a + b -> pooled -> classes, with the layers out of order and calls written by `call`. */
function residual(call: (...from: string[]) => Json, outer: { readonly class_name: Topology['class_name']; readonly input: Json; readonly output: Json }): Topology {
  const layer = (class_name: string, name: string, config: { readonly [field: string]: Json }, ...from: string[]): LayerConfig => ({
    class_name, config: { name, ...config }, inbound_nodes: from.length === 0 ? [] : [call(...from)],
  });
  const layers = [
    layer('InputLayer', 'image', { batch_shape: [null, 5, 6, 1] }),
    layer('Add', 'sum', {}, 'b', 'a'),
    layer('Conv2D', 'a', CONV, 'image'),
    layer('Dense', 'classes', { units: 2, activation: 'softmax' }, 'pooled'),
    layer('Conv2D', 'unused', CONV, 'a'),
    layer('Conv2D', 'b', CONV, 'a'),
    layer('GlobalAveragePooling2D', 'pooled', {}, 'sum'),
  ];
  return { class_name: outer.class_name, config: { name: 'm', layers, input_layers: outer.input, output_layers: outer.output } };
}

const keras2 = (...from: string[]): Json => from.map((name) => [name, 0, 0, {}]);
const tensor = (name: string): Json => ({ class_name: '__keras_tensor__', config: { shape: [null, 5, 6, 3], dtype: 'float32', keras_history: [name, 0, 0] } });
const keras3 = (...from: string[]): Json => ({ args: from.length === 1 ? from.map(tensor) : [from.map(tensor)], kwargs: {} });

function summary(program: Program): unknown[] {
  return program.operations.map(({ name, kind, inputs }) => [name, kind, ...inputs]);
}

const EXPECTED = [['a', 'conv', IMAGE], ['b', 'conv', 0], ['sum', 'add', 1, 0], ['pooled', 'averagePool', 2], ['classes', 'dense', 3]];

test('a functional model is walked from its inputs to its output, as tf.layers, Keras 2 and Keras 3 write it', () => {
  const nested = { class_name: 'Model', input: [['image', 0, 0]], output: [['classes', 0, 0]] } as const;
  const flat = { class_name: 'Functional', input: ['image', 0, 0], output: ['classes', 0, 0] } as const;
  assert.deepEqual(summary(programOf(residual(keras2, nested), 'wasm')), EXPECTED);
  assert.deepEqual(summary(programOf(residual(keras3, flat), 'wasm')), EXPECTED);
});

test('seeds go by the position of a layer in the topology, not by the order of work', () => {
  const program = programOf(residual(keras2, { class_name: 'Model', input: [['image', 0, 0]], output: [['classes', 0, 0]] }), 'wasm');
  assert.deepEqual(program.operations.map(({ layer }) => layer), [2, 5, 1, 6, 3]);
});

function broken(change: (layers: LayerConfig[]) => void, output: Json = [['classes', 0, 0]]): () => Program {
  const topology = residual(keras2, { class_name: 'Model', input: [['image', 0, 0]], output });
  const layers = [...topology.config.layers];
  change(layers);
  return () => programOf({ ...topology, config: { ...topology.config, layers } }, 'wasm');
}

const MISTAKES: readonly (readonly [string, () => Program, RegExp])[] = [
  ['an input that is no layer', broken((layers) => (layers[2] = { ...layers[2]!, inbound_nodes: [keras2('picture')] })), /layer "a": found the input "picture", which is no layer/],
  ['a circle', broken((layers) => (layers[2] = { ...layers[2]!, inbound_nodes: [keras2('b')] })), /its inputs go in a circle/],
  ['two outputs', broken(() => undefined, [['classes', 0, 0], ['sum', 0, 0]]), /output_layers: found .*, expected exactly one layer/],
  ['shapes that do not fit', broken((layers) => (layers[5] = { ...layers[5]!, config: { name: 'b', ...CONV, filters: 4 } })), /layer "sum": Add of 5 x 6 x 4 and 5 x 6 x 3: the shapes differ/],
  ['an addition of one', broken((layers) => (layers[1] = { ...layers[1]!, inbound_nodes: [keras2('a')] })), /layer "sum": Add takes two inputs or more/],
  ['a convolution of two', broken((layers) => (layers[5] = { ...layers[5]!, inbound_nodes: [keras2('a', 'image')] })), /layer "b": Conv2D takes one input, found 2/],
  ['nodes that are none', broken((layers) => (layers[5] = { ...layers[5]!, inbound_nodes: ['a'] })), /layer "b": inbound_nodes: found "a", expected/],
];

for (const [what, walk, message] of MISTAKES) {
  test(`${what} is one line that names the layer`, () => {
    assert.throws(walk, (error) => error instanceof ModelError && message.test(error.message) && !error.message.includes('\n'));
  });
}

test('a layer that is called twice is refused, as its weights would be shared', () => {
  const walk = broken((layers) => (layers[5] = { ...layers[5]!, inbound_nodes: [keras2('a'), keras2('sum')] }));
  assert.throws(walk, (error) => error instanceof UnsupportedLayerError && error.message.includes('Conv2D called 2 times (layer "b")'));
});
