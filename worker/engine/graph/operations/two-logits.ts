import type { Operation } from '../../program.js';
import { attribute, TYPE } from '../graph-def.js';
import { asFlat, likeRank, type Lowered, type Pass, type Value } from './lowering.js';

/** (0, x) of each image's one value x. */
export function lowerTwoLogits(operation: Operation, pass: Pass, input: Value): Lowered {
  const { graph } = pass;
  const paddings = graph.constant([0, 0, 1, 0], [2, 2], TYPE.int32);
  const both = graph.op('Pad', [asFlat(graph, input, operation.input), paddings], { Tpaddings: attribute.type(TYPE.int32) });
  return {
    output: { ref: both, flat: true },
    backward: (gradient) => ({ inputs: [likeRank(graph, graph.slice(gradient, [0, 1], [-1, 1]), true, input.flat, operation.input)], parameters: [] }),
  };
}
