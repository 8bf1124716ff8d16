import type { Curve, Operation } from '../../program.js';
import { attribute, TYPE } from '../graph-def.js';
import type { Ref } from '../graph-builder.js';
import { elements, likeRank, type Lowered, type Pass, type Value } from './lowering.js';

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

/** Values that one step of Philox's counter gives. */
const DRAWS_PER_COUNT = 4;

/**
 * Inverted dropout. An element is kept where its draw, uniform in [0, 1), is not below the rate. Draws
 * are Philox 4x32-10 (Salmon et al. 2011) with the key (step's seed, layer), each image of the step from
 * a count of its own: they depend neither on what came before nor on the parts of a batch.
 */
export function lowerDropout(operation: Operation, pass: Pass, input: Value): Lowered {
  const { graph, dropout } = pass;
  if (dropout === null) return { output: input, backward: (gradient) => ({ inputs: [gradient], parameters: [] }) };
  const size = elements(operation.input);
  const counts = Math.ceil(size / DRAWS_PER_COUNT);
  const integer = (value: number): Ref => graph.scalar(value, TYPE.int32);
  const bitcast = (words: readonly Ref[]): Ref => graph.op('Bitcast', [graph.reshape(graph.pack(words, TYPE.int32), [-1, 2], TYPE.int32)], { type: attribute.type(TYPE.uint64) }, TYPE.int32);
  const key = bitcast([dropout.seed, integer(operation.layer)]);
  const counter = bitcast([graph.multiply(dropout.first, integer(counts), TYPE.int32), integer(0), integer(0), integer(0)]);
  const aligned = size % DRAWS_PER_COUNT === 0;
  const [images = ''] = graph.unpack(graph.shapeOf(input.ref), input.flat ? 2 : 4, TYPE.int32);
  const shape = aligned ? graph.shapeOf(input.ref) : graph.pack([images, integer(DRAWS_PER_COUNT * counts)], TYPE.int32);
  const draws = graph.node('StatelessRandomUniformV2', [shape, key, counter, integer(PHILOX)], {
    dtype: attribute.type(TYPE.float), Tshape: attribute.type(TYPE.int32),
  });
  const own = aligned ? draws : likeRank(graph, graph.slice(draws, [0, 0], [-1, size]), true, input.flat, operation.input);
  const kept = graph.cast(graph.op('GreaterEqual', [own, dropout.rate]), TYPE.bool, TYPE.float);
  const mask = graph.multiply(kept, dropout.scale);
  return {
    output: { ref: graph.multiply(input.ref, mask), flat: input.flat },
    backward: (gradient) => ({ inputs: [graph.multiply(gradient, mask)], parameters: [] }),
  };
}
