/**
 * How one operation of a program becomes nodes: forward and backward of each kind stand in one place,
 * and a new kind is one more function.
 */
import type { Parameter, Shape } from '../../parameter.js';
import type { GraphBuilder, Ref } from '../graph-builder.js';

/** [batch, height, width, channels], or flat: [batch, height * width * channels]. */
export interface Value {
  readonly ref: Ref;
  readonly flat: boolean;
}

/** Scalars of a step; `first` is the image of the step that this part of it begins with. */
export interface DropoutInputs {
  readonly scale: Ref;
  /** int32 each; the threshold is that of signed draws of 16 bits. */
  readonly threshold: Ref;
  readonly seed: Ref;
  readonly first: Ref;
}

/** What the operations of one pass share. */
export interface Pass {
  readonly graph: GraphBuilder;
  /** The parameter's value in this step. */
  weight(parameter: Parameter): Ref;
  /** Null in inference, and where nothing is dropped. */
  readonly dropout: DropoutInputs | null;
  /** The moving statistics that a batch norm uses; null in training, where it takes the batch's own. */
  statistics(norm: { readonly name: string; readonly frozen: boolean }): { readonly mean: Ref; readonly variance: Ref } | null;
}

export interface ParameterGradient {
  readonly parameter: Parameter;
  readonly gradient: Ref;
  /** Nodes that read the parameter's value on the way back: updated after them, it need not be copied. */
  readonly readers: readonly Ref[];
}

export interface Gradients {
  /** One for each input, of its rank; null where it was not wanted. */
  readonly inputs: readonly (Ref | null)[];
  readonly parameters: readonly ParameterGradient[];
}

/** [channels] each, over all else; the variance is unbiased, and 0 of a single value per channel. */
export interface Moments {
  readonly mean: Ref;
  readonly variance: Ref;
}

export interface Lowered {
  readonly output: Value;
  /** Of a batch norm's input, in a training's pass. */
  readonly moments?: Moments;
  /**
   * `gradient` is of the output, in the output's rank; `wanted` says for each input whether anything
   * below it learns.
   */
  backward(gradient: Ref, wanted: readonly boolean[]): Gradients;
}

export function elements(shape: Shape): number {
  return shape.height * shape.width * shape.channels;
}

/** The value as [batch, height, width, channels]. Reshaping moves no bytes. */
export function asImage(graph: GraphBuilder, value: Value, shape: Shape): Ref {
  return value.flat ? graph.reshape(value.ref, [-1, shape.height, shape.width, shape.channels]) : value.ref;
}

/** The value as [batch, elements]. */
export function asFlat(graph: GraphBuilder, value: Value, shape: Shape): Ref {
  return value.flat ? value.ref : graph.reshape(value.ref, [-1, elements(shape)]);
}

/** A gradient of rank `from` as one of rank `to`. */
export function likeRank(graph: GraphBuilder, gradient: Ref, from: boolean, to: boolean, shape: Shape): Ref {
  if (from === to) return gradient;
  const value = { ref: gradient, flat: from };
  return to ? asFlat(graph, value, shape) : asImage(graph, value, shape);
}
