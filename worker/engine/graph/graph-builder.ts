import { attribute, type Attributes, type Dimensions, nodeDef, savedModel, TYPE, type Type } from './graph-def.js';
import type { Encoded } from './protobuf.js';

/** A node's output: `NODE` for the first, `NODE:1` for the second. */
export type Ref = string;

/** Values that live in the session from run to run. */
export interface Variable {
  readonly name: string;
  readonly shape: Dimensions;
  readonly handle: Ref;
  /** The value before this run's updates, unless an update was made to come first. */
  readonly value: Ref;
}

export function output(node: Ref, index: number): Ref {
  return index === 0 ? node : `${node}:${String(index)}`;
}

/** The node of an output, to be waited for. */
function nodeOf(ref: Ref): string {
  return ref.split(':')[0] ?? ref;
}

/** Longest constant that is looked for among those there are. */
const SHARED_VALUES = 64;

/** Collects the nodes of one graph. Most operations are of float32; helpers are named for what they compute. */
export class GraphBuilder {
  private readonly nodes: Encoded[] = [];
  private readonly constants = new Map<string, Ref>();
  private serial = 0;

  get size(): number {
    return this.nodes.length;
  }

  savedModel(): Uint8Array {
    return savedModel(this.nodes);
  }

  /** A node; `after` must have run before it does. */
  node(operation: string, inputs: readonly Ref[], attributes: Attributes, { name, after = [] }: { readonly name?: string; readonly after?: readonly Ref[] } = {}): Ref {
    const own = name ?? `${operation}_${String(this.serial++)}`;
    this.nodes.push(nodeDef(own, operation, [...inputs, ...after.map((ref) => `^${nodeOf(ref)}`)], attributes));
    return own;
  }

  /** An operation whose values are all of one type `T`, float32 unless said. */
  op(operation: string, inputs: readonly Ref[], attributes: Attributes = {}, type: Type = TYPE.float): Ref {
    return this.node(operation, inputs, { T: attribute.type(type), ...attributes });
  }

  placeholder(name: string, type: Type, shape: Dimensions): Ref {
    return this.node('Placeholder', [], { dtype: attribute.type(type), shape: attribute.shape(shape) }, { name });
  }

  scalar(value: number, type: Type = TYPE.float): Ref {
    return this.constant([value], [], type);
  }

  /** Equal small constants are one node. */
  constant(values: ArrayLike<number>, shape: Dimensions, type: Type = TYPE.float): Ref {
    if (values.length > SHARED_VALUES) return this.makeConstant(values, shape, type);
    const key = `${String(type)}/${shape.join('x')}/${Array.from(values).join(',')}`;
    const ref = this.constants.get(key) ?? this.makeConstant(values, shape, type);
    this.constants.set(key, ref);
    return ref;
  }

  private makeConstant(values: ArrayLike<number>, shape: Dimensions, type: Type): Ref {
    const typed = type === TYPE.float ? Float32Array.from(values) : type === TYPE.double ? Float64Array.from(values) : Int32Array.from(values);
    return this.node('Const', [], { dtype: attribute.type(type), value: attribute.tensor(type, shape, typed) });
  }

  integers(...values: readonly number[]): Ref {
    return this.constant(values, [values.length], TYPE.int32);
  }

  variable(name: string, shape: Dimensions): Variable {
    const dtype = attribute.type(TYPE.float);
    const own = `variable_${String(this.serial++)}`;
    const handle = this.node('VarHandleOp', [], { dtype, shape: attribute.shape(shape), shared_name: attribute.text(own), container: attribute.text('') }, { name: own });
    return { name, shape, handle, value: this.node('ReadVariableOp', [handle], { dtype }) };
  }

  assign(variable: Variable, value: Ref): Ref {
    const attributes = { dtype: attribute.type(TYPE.float), validate_shape: attribute.flag(false) };
    return this.node('AssignVariableOp', [variable.handle, value], attributes);
  }

  add(a: Ref, b: Ref, type: Type = TYPE.float): Ref {
    return this.op('AddV2', [a, b], {}, type);
  }

  multiply(a: Ref, b: Ref, type: Type = TYPE.float): Ref {
    return this.op('Mul', [a, b], {}, type);
  }

  subtract(a: Ref, b: Ref, type: Type = TYPE.float): Ref {
    return this.op('Sub', [a, b], {}, type);
  }

  divide(a: Ref, b: Ref, type: Type = TYPE.float): Ref {
    return this.op('RealDiv', [a, b], {}, type);
  }

  /** The sum of one or more values of one shape. */
  total(values: readonly Ref[]): Ref {
    const [first] = values;
    if (first === undefined) throw new RangeError('a sum needs at least one value');
    return values.length === 1 ? first : this.op('AddN', values, { N: attribute.int(values.length) });
  }

  cast(value: Ref, from: Type, to: Type): Ref {
    return this.node('Cast', [value], { SrcT: attribute.type(from), DstT: attribute.type(to), Truncate: attribute.flag(false) });
  }

  reshape(value: Ref, shape: Dimensions, type: Type = TYPE.float): Ref {
    return this.op('Reshape', [value, this.integers(...shape)], { Tshape: attribute.type(TYPE.int32) }, type);
  }

  /** `sizes` of -1 for all that is left. */
  slice(value: Ref, begin: Dimensions, sizes: Dimensions, type: Type = TYPE.float): Ref {
    return this.op('Slice', [value, this.integers(...begin), this.integers(...sizes)], { Index: attribute.type(TYPE.int32) }, type);
  }

  shapeOf(value: Ref): Ref {
    return this.op('Shape', [value], { out_type: attribute.type(TYPE.int32) });
  }

  /** `Sum` or `Mean` over `axes`. */
  reduce(operation: 'Sum' | 'Mean', value: Ref, axes: readonly number[], keepDimensions = false, type: Type = TYPE.float): Ref {
    return this.op(operation, [value, this.integers(...axes)], { Tidx: attribute.type(TYPE.int32), keep_dims: attribute.flag(keepDimensions) }, type);
  }

  /** Rows of `table` along its first axis. */
  gather(table: Ref, indices: Ref): Ref {
    return this.node('GatherV2', [table, indices, this.scalar(0, TYPE.int32)], {
      Tparams: attribute.type(TYPE.float), Tindices: attribute.type(TYPE.int32), Taxis: attribute.type(TYPE.int32), batch_dims: attribute.int(0),
    });
  }

  /** The elements of a vector, one by one. */
  unpack(vector: Ref, count: number, type: Type = TYPE.float): Ref[] {
    const node = this.op('Unpack', [vector], { num: attribute.int(count), axis: attribute.int(0) }, type);
    return Array.from({ length: count }, (_, index) => output(node, index));
  }

  /** Vectors behind each other. */
  concat(vectors: readonly Ref[]): Ref {
    return this.node('ConcatV2', [...vectors, this.scalar(0, TYPE.int32)], { T: attribute.type(TYPE.float), N: attribute.int(vectors.length), Tidx: attribute.type(TYPE.int32) });
  }

  pack(values: readonly Ref[], type: Type = TYPE.float): Ref {
    return this.op('Pack', values, { N: attribute.int(values.length), axis: attribute.int(0) }, type);
  }
}
