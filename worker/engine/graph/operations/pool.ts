import type { Operation } from '../../program.js';
import { attribute, TYPE } from '../graph-def.js';
import { asImage, likeRank, type Lowered, type Pass, type Value } from './lowering.js';
import { isSame, paddingAttributes, windowAttributes } from './window.js';

type PoolOperation = Extract<Operation, { kind: 'maxPool' | 'averagePool' }>;

/** The largest value of each window; of equal ones the first takes the gradient. */
export function lowerMaxPool(operation: PoolOperation, pass: Pass, input: Value): Lowered {
  const { graph } = pass;
  const { window } = operation;
  const x = asImage(graph, input, operation.input);
  const attributes = {
    ...windowAttributes(window), ...paddingAttributes(window, operation.input), ksize: attribute.ints([1, window.rows, window.columns, 1]),
  };
  const y = graph.op('MaxPool', [x], attributes);
  return {
    output: { ref: y, flat: false },
    backward: (gradient) => ({
      inputs: [likeRank(graph, graph.op('MaxPoolGrad', [x, y, gradient], attributes), false, input.flat, operation.input)],
      parameters: [],
    }),
  };
}

/** The mean of each window's pixels, those of the border not counted. Of the whole image it is a plain mean. */
export function lowerAveragePool(operation: PoolOperation, pass: Pass, input: Value): Lowered {
  const { graph } = pass;
  const { window } = operation;
  const { height, width } = operation.input;
  const x = asImage(graph, input, operation.input);
  if (window.rows === height && window.columns === width && window.top + window.bottom + window.left + window.right === 0) {
    return {
      output: { ref: graph.reduce('Mean', x, [1, 2], true), flat: false },
      backward: (gradient) => {
        const share = graph.multiply(gradient, graph.scalar(1 / (height * width)));
        const spread = graph.op('BroadcastTo', [share, graph.shapeOf(x)], { Tidx: attribute.type(TYPE.int32) });
        return { inputs: [likeRank(graph, spread, false, input.flat, operation.input)], parameters: [] };
      },
    };
  }
  const same = isSame(window, operation.input);
  const plain = window.top + window.bottom + window.left + window.right === 0;
  if (!same && !plain) throw new RangeError(`layer "${operation.name}": average pooling over zeros of its own making`);
  const attributes = {
    ...windowAttributes(window), padding: attribute.text(plain ? 'VALID' : 'SAME'), ksize: attribute.ints([1, window.rows, window.columns, 1]),
  };
  return {
    output: { ref: graph.op('AvgPool', [x], attributes), flat: false },
    backward: (gradient) => ({
      inputs: [likeRank(graph, graph.op('AvgPoolGrad', [graph.shapeOf(x), gradient], attributes), false, input.flat, operation.input)],
      parameters: [],
    }),
  };
}
