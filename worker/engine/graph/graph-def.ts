/**
 * TensorFlow's GraphDef, as far as it is written here: field numbers are those of
 * tensorflow/core/framework/{graph,node_def,attr_value,tensor,tensor_shape,types}.proto and
 * tensorflow/core/protobuf/{meta_graph,saved_model}.proto.
 */
import { bytesField, type Encoded, floatField, varintField } from './protobuf.js';

/** types.proto */
export const TYPE = { float: 1, double: 2, int32: 3, uint8: 4, int16: 5, bool: 10, uint32: 22, uint64: 23 } as const;
export type Type = (typeof TYPE)[keyof typeof TYPE];

/** -1 for a dimension that is not known. */
export type Dimensions = readonly number[];

/** Raised by nobody who writes graphs: above every version that TensorFlow still converts. */
const PRODUCER = 1000;

const shapeFields = (shape: Dimensions): Encoded[] => shape.map((size) => bytesField(2, [varintField(1, size)]));

/** Values of a node's attributes (attr_value.proto). */
export const attribute = {
  type: (type: Type): Encoded => varintField(6, type),
  int: (value: number): Encoded => varintField(3, value),
  float: (value: number): Encoded => floatField(4, value),
  flag: (value: boolean): Encoded => varintField(5, value ? 1 : 0),
  text: (value: string): Encoded => bytesField(2, value),
  shape: (shape: Dimensions): Encoded => bytesField(7, shapeFields(shape)),
  ints: (values: readonly number[]): Encoded => bytesField(1, values.map((value) => varintField(3, value))),
  tensor: (type: Type, shape: Dimensions, values: Float32Array | Float64Array | Int32Array): Encoded =>
    bytesField(8, [varintField(1, type), bytesField(2, shapeFields(shape)), bytesField(4, new Uint8Array(values.buffer, values.byteOffset, values.byteLength))]),
};

export type Attributes = Readonly<Record<string, Encoded>>;

/** `inputs` are `NODE`, `NODE:OUTPUT`, or `^NODE` for one that must only have run. */
export function nodeDef(name: string, operation: string, inputs: readonly string[], attributes: Attributes): Encoded {
  const entries = Object.entries(attributes).map(([key, value]) => bytesField(5, [bytesField(1, key), bytesField(2, value)]));
  return bytesField(1, [bytesField(1, name), bytesField(2, operation), ...inputs.map((input) => bytesField(3, input)), ...entries]);
}

/** The tag under which a graph is stored and loaded. */
export const GRAPH_TAG = 'trawl';

/** `saved_model.pb` of one graph without variables of its own: those it has are filled after loading. */
export function savedModel(nodes: readonly Encoded[]): Uint8Array {
  const graph = bytesField(2, [...nodes, bytesField(4, [varintField(1, PRODUCER)])]);
  const information = bytesField(1, [bytesField(4, GRAPH_TAG)]);
  return Buffer.concat([varintField(1, 1), bytesField(2, [information, graph])]);
}
