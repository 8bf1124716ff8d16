import type { Operation } from '../../program.js';
import { attribute, type Attributes } from '../graph-def.js';
import { asFlat, asImage, likeRank, type Lowered, type ParameterGradient, type Pass, type Value } from './lowering.js';
import { paddingAttributes, windowAttributes } from './window.js';

type ConvOperation = Extract<Operation, { kind: 'conv' }>;
type DepthwiseOperation = Extract<Operation, { kind: 'depthwiseConv' }>;
type DenseOperation = Extract<Operation, { kind: 'dense' }>;

const NHWC = { data_format: attribute.text('NHWC') };

/** 2-D convolution (cross-correlation) with bias. The image's gradient is never worked out: nobody needs it. */
export function lowerConv(operation: ConvOperation, pass: Pass, input: Value): Lowered {
  return lowerConvolution('Conv2D', operation, pass, input, { use_cudnn_on_gpu: attribute.flag(true) });
}

/** The same, of each channel by itself. */
export function lowerDepthwise(operation: DepthwiseOperation, pass: Pass, input: Value): Lowered {
  return lowerConvolution('DepthwiseConv2dNative', operation, pass, input, {});
}

function lowerConvolution(node: string, operation: ConvOperation | DepthwiseOperation, pass: Pass, input: Value, more: Attributes): Lowered {
  const { graph } = pass;
  const { kernel, bias, window } = operation;
  const x = asImage(graph, input, operation.input);
  const weights = pass.weight(kernel);
  const attributes = { ...windowAttributes(window), ...paddingAttributes(window, operation.input), dilations: attribute.ints([1, 1, 1, 1]), ...more };
  const convolved = graph.op(node, [x, weights], attributes);
  const output = bias === null ? convolved : graph.op('BiasAdd', [convolved, pass.weight(bias)], NHWC);
  return {
    output: { ref: output, flat: false },
    backward: (gradient, [wanted]) => {
      const inner = wanted === true ? graph.op(`${node}BackpropInput`, [graph.shapeOf(x), weights, gradient], attributes) : null;
      const readers = inner === null ? [] : [inner];
      const parameters: ParameterGradient[] = [
        { parameter: kernel, gradient: graph.op(`${node}BackpropFilter`, [x, graph.integers(...kernel.shape), gradient], attributes), readers },
      ];
      if (bias !== null) parameters.push({ parameter: bias, gradient: graph.op('BiasAddGrad', [gradient], NHWC), readers: [] });
      return { inputs: [inner === null ? null : likeRank(graph, inner, false, input.flat, operation.input)], parameters };
    },
  };
}

/** Matrix product with bias; the output is flat. */
export function lowerDense(operation: DenseOperation, pass: Pass, input: Value): Lowered {
  const { graph } = pass;
  const { kernel, bias } = operation;
  const x = asFlat(graph, input, operation.input);
  const weights = pass.weight(kernel);
  const product = (a: string, b: string, turnA: boolean, turnB: boolean): string =>
    graph.op('MatMul', [a, b], { transpose_a: attribute.flag(turnA), transpose_b: attribute.flag(turnB) });
  const multiplied = product(x, weights, false, false);
  const output = bias === null ? multiplied : graph.op('BiasAdd', [multiplied, pass.weight(bias)], NHWC);
  return {
    output: { ref: output, flat: true },
    backward: (gradient, [wanted]) => {
      const inner = wanted === true ? product(gradient, weights, false, true) : null;
      const readers = inner === null ? [] : [inner];
      const parameters: ParameterGradient[] = [{ parameter: kernel, gradient: product(x, gradient, true, false), readers }];
      if (bias !== null) parameters.push({ parameter: bias, gradient: graph.op('BiasAddGrad', [gradient], NHWC), readers: [] });
      return { inputs: [inner === null ? null : likeRank(graph, inner, true, input.flat, operation.input)], parameters };
    },
  };
}

/** The value of a layer as one vector per image. */
export function lowerFlatten(operation: Operation, pass: Pass, input: Value): Lowered {
  const { graph } = pass;
  return {
    output: { ref: asFlat(graph, input, operation.input), flat: true },
    backward: (gradient) => ({
      inputs: [likeRank(graph, gradient, true, input.flat, operation.input)],
      parameters: [],
    }),
  };
}
