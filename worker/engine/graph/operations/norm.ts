import type { Operation } from '../../program.js';
import { attribute, type Attributes, TYPE } from '../graph-def.js';
import { type GraphBuilder, output, type Ref } from '../graph-builder.js';
import type { Shape } from '../../parameter.js';
import { asImage, likeRank, type Lowered, type ParameterGradient, type Pass, type Value } from './lowering.js';

type NormOperation = Extract<Operation, { kind: 'batchNorm' }>;

function attributesOf(epsilon: number, training: boolean): Attributes {
  return {
    U: attribute.type(TYPE.float), epsilon: attribute.float(epsilon), data_format: attribute.text('NHWC'), is_training: attribute.flag(training),
  };
}

/** FusedBatchNorm wants images; a vector is one of a single pixel. */
const pixels = (graph: GraphBuilder, value: Value, shape: Shape): Ref =>
  value.flat ? graph.reshape(value.ref, [-1, 1, 1, shape.height * shape.width * shape.channels]) : asImage(graph, value, shape);

/** Batch normalisation over all but the channels, with the batch's biased variance in training. */
export function lowerNorm(operation: NormOperation, pass: Pass, input: Value): Lowered {
  const { graph } = pass;
  const { channels } = operation.input;
  const moving = pass.statistics(operation);
  const training = moving === null;
  const gamma = operation.gamma === null ? graph.constant(new Float32Array(channels).fill(1), [channels]) : pass.weight(operation.gamma);
  const beta = operation.beta === null ? graph.constant(new Float32Array(channels), [channels]) : pass.weight(operation.beta);
  const x = pixels(graph, input, operation.input);
  const { mean, variance } = moving ?? { mean: graph.constant([], [0]), variance: graph.constant([], [0]) };
  const attributes = attributesOf(operation.epsilon, training);
  const node = graph.op('FusedBatchNormV3', [x, gamma, beta, mean, variance], { ...attributes, exponential_avg_factor: attribute.float(1) });
  return {
    output: { ref: likeRank(graph, node, false, input.flat, operation.input), flat: input.flat },
    ...(training ? { moments: { mean: output(node, 1), variance: output(node, 2) } } : {}),
    backward: (gradient) => {
      const dy = pixels(graph, { ref: gradient, flat: input.flat }, operation.input);
      const back = graph.op('FusedBatchNormGradV3', [dy, x, gamma, output(node, 3), output(node, 4), output(node, 5)], attributes);
      const parameters: ParameterGradient[] = [];
      if (operation.gamma !== null) parameters.push({ parameter: operation.gamma, gradient: output(back, 1), readers: [back] });
      if (operation.beta !== null) parameters.push({ parameter: operation.beta, gradient: output(back, 2), readers: [] });
      return { inputs: [likeRank(graph, back, false, input.flat, operation.input)], parameters };
    },
  };
}
