import type { Operation } from '../../program.js';
import type { Shape } from '../../parameter.js';
import { attribute, TYPE } from '../graph-def.js';
import { output } from '../graph-builder.js';
import { asImage, likeRank, type Lowered, type Pass, type Value } from './lowering.js';

type PadOperation = Extract<Operation, { kind: 'zeroPad' }>;

/** The sum of several values of one shape. */
export function lowerAdd(operation: Operation, pass: Pass, inputs: readonly Value[]): Lowered {
  const { graph } = pass;
  const flat = inputs.every((input) => input.flat);
  const values = inputs.map((input) => likeRank(graph, input.ref, input.flat, flat, operation.output));
  return {
    output: { ref: values.length === 2 ? graph.op('AddV2', values) : graph.total(values), flat },
    backward: (gradient) => ({ inputs: inputs.map((input) => likeRank(graph, gradient, flat, input.flat, operation.output)), parameters: [] }),
  };
}

/** Channels of several values behind each other; `shapes` are those of the inputs. */
export function lowerConcat(pass: Pass, inputs: readonly Value[], shapes: readonly Shape[]): Lowered {
  const { graph } = pass;
  const flat = inputs.every((input) => input.flat);
  const axis = graph.scalar(flat ? 1 : 3, TYPE.int32);
  const values = inputs.map((input, index) => likeRank(graph, input.ref, input.flat, flat, shapes[index]!));
  const joined = graph.op('ConcatV2', [...values, axis], { N: attribute.int(values.length), Tidx: attribute.type(TYPE.int32) });
  return {
    output: { ref: joined, flat },
    backward: (gradient) => {
      const sizes = graph.integers(...shapes.map(({ channels }) => channels));
      const parts = graph.op('SplitV', [gradient, sizes, axis], { num_split: attribute.int(values.length), Tlen: attribute.type(TYPE.int32) });
      return { inputs: inputs.map((input, index) => likeRank(graph, output(parts, index), flat, input.flat, shapes[index]!)), parameters: [] };
    },
  };
}

/** Zeros round an image. */
export function lowerZeroPad(operation: PadOperation, pass: Pass, input: Value): Lowered {
  const { graph } = pass;
  const { top, bottom, left, right } = operation.zeros;
  const { height, width } = operation.input;
  const paddings = graph.constant([0, 0, top, bottom, left, right, 0, 0], [4, 2], TYPE.int32);
  const padded = graph.op('Pad', [asImage(graph, input, operation.input), paddings], { Tpaddings: attribute.type(TYPE.int32) });
  return {
    output: { ref: padded, flat: false },
    backward: (gradient) => {
      const inner = graph.slice(gradient, [0, top, left, 0], [-1, height, width, -1]);
      return { inputs: [likeRank(graph, inner, false, input.flat, operation.input)], parameters: [] };
    },
  };
}
