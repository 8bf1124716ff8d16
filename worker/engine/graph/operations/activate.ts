import type { Curve, Operation } from '../../program.js';
import { attribute, TYPE, type Type } from '../graph-def.js';
import type { GraphBuilder, Ref } from '../graph-builder.js';
import { type DropoutInputs, elements, type Lowered, type Pass, type Value } from './lowering.js';

type ReluOperation = Extract<Operation, { kind: 'relu' }>;

/** min(max(x, 0), cap). */
export function lowerRelu(operation: ReluOperation, pass: Pass, input: Value): Lowered {
  const { graph } = pass;
  const { cap } = operation;
  if (cap === null) {
    const y = graph.op('Relu', [input.ref]);
    return { output: { ref: y, flat: input.flat }, backward: (gradient) => ({ inputs: [graph.op('ReluGrad', [gradient, y])], parameters: [] }) };
  }
  if (cap === 6) {
    const y = graph.op('Relu6', [input.ref]);
    return { output: { ref: y, flat: input.flat }, backward: (gradient) => ({ inputs: [graph.op('Relu6Grad', [gradient, y])], parameters: [] }) };
  }
  const rectified = graph.op('Relu', [input.ref]);
  const y = graph.op('Minimum', [rectified, graph.scalar(cap)]);
  return {
    output: { ref: y, flat: input.flat },
    backward: (gradient) => {
      const below = graph.cast(graph.op('Less', [rectified, graph.scalar(cap)]), TYPE.bool, TYPE.float);
      return { inputs: [graph.op('ReluGrad', [graph.multiply(gradient, below), rectified])], parameters: [] };
    },
  };
}

/** Elu with alpha 1, the hyperbolic tangent, the logistic function; gradients are worked out from the output. */
const CURVE_NODES: { readonly [curve in Curve]: { readonly forward: string; readonly back: (gradient: Ref, y: Ref) => { readonly operation: string; readonly inputs: readonly Ref[] } } } = {
  elu: { forward: 'Elu', back: (gradient, y) => ({ operation: 'EluGrad', inputs: [gradient, y] }) },
  tanh: { forward: 'Tanh', back: (gradient, y) => ({ operation: 'TanhGrad', inputs: [y, gradient] }) },
  sigmoid: { forward: 'Sigmoid', back: (gradient, y) => ({ operation: 'SigmoidGrad', inputs: [y, gradient] }) },
};

export function lowerCurve(curve: Curve, pass: Pass, input: Value): Lowered {
  const { graph } = pass;
  const { forward, back } = CURVE_NODES[curve];
  const y = graph.op(forward, [input.ref]);
  return {
    output: { ref: y, flat: input.flat },
    backward: (gradient) => {
      const { operation, inputs } = back(gradient, y);
      return { inputs: [graph.op(operation, inputs)], parameters: [] };
    },
  };
}

/** The algorithm number of Philox (tensorflow/core/framework/rng_alg.h). */
const PHILOX = 1;

/** Draws of 16 bits that one count of Philox gives. */
const DRAWS_PER_COUNT = 8;

/** Values that a draw of 16 bits takes. */
const DRAWS = 0x10000;

/**
 * For a rate in [0, 1): the least draw, as int16, that keeps its element, and the factor of what is kept,
 * of the share that these draws do keep. The largest draw always keeps.
 */
export function dropoutDraw(rate: number): { readonly threshold: number; readonly scale: number } {
  const dropped = Math.min(Math.round(rate * DRAWS), DRAWS - 1);
  return { threshold: dropped - DRAWS / 2, scale: DRAWS / (DRAWS - dropped) };
}

/**
 * Inverted dropout. An element is kept where its draw, a whole number of 16 bits, is not below the
 * threshold of `dropoutDraw`: drawing floats would take a quarter of a step. Draws are Philox 4x32-10 (Salmon et
 * al. 2011) with the key (step's seed, layer), each image of the step from a count of its own: they
 * depend neither on what came before nor on the parts of a batch.
 */
export function lowerDropout(operation: Operation, pass: Pass, input: Value): Lowered {
  const { graph, dropout } = pass;
  if (dropout === null) return { output: input, backward: (gradient) => ({ inputs: [gradient], parameters: [] }) };
  const mask = graph.multiply(graph.cast(keptElements(operation, pass.graph, dropout, input), TYPE.bool, TYPE.float), dropout.scale);
  return {
    output: { ref: graph.multiply(input.ref, mask), flat: input.flat },
    backward: (gradient) => ({ inputs: [graph.multiply(gradient, mask)], parameters: [] }),
  };
}

/** bool, of the input's shape. */
function keptElements(operation: Operation, graph: GraphBuilder, dropout: DropoutInputs, input: Value): Ref {
  const size = elements(operation.input);
  const counts = Math.ceil(size / DRAWS_PER_COUNT);
  const integer = (value: number): Ref => graph.scalar(value, TYPE.int32);
  const bitcast = (value: Ref, type: Type): Ref => graph.op('Bitcast', [value], { type: attribute.type(type) }, TYPE.int32);
  const longs = (words: readonly Ref[]): Ref => bitcast(graph.reshape(graph.pack(words, TYPE.int32), [-1, 2], TYPE.int32), TYPE.uint64);
  const key = longs([dropout.seed, integer(operation.layer)]);
  const counter = longs([graph.multiply(dropout.first, integer(counts), TYPE.int32), integer(0), integer(0), integer(0)]);
  const [images = ''] = graph.unpack(graph.shapeOf(input.ref), input.flat ? 2 : 4, TYPE.int32);
  const shape = graph.pack([images, integer((DRAWS_PER_COUNT / 2) * counts)], TYPE.int32);
  const words = graph.node('StatelessRandomUniformFullIntV2', [shape, key, counter, integer(PHILOX)], {
    dtype: attribute.type(TYPE.int32), Tshape: attribute.type(TYPE.int32),
  });
  const draws = graph.reshape(bitcast(words, TYPE.int16), [-1, DRAWS_PER_COUNT * counts], TYPE.int16);
  const own = DRAWS_PER_COUNT * counts === size ? draws : graph.slice(draws, [0, 0], [-1, size], TYPE.int16);
  const { height, width, channels } = operation.input;
  const shaped = input.flat ? own : graph.reshape(own, [-1, height, width, channels], TYPE.int16);
  return graph.op('GreaterEqual', [shaped, graph.cast(dropout.threshold, TYPE.int32, TYPE.int16)], {}, TYPE.int16);
}
