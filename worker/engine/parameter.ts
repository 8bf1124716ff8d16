/** What a program's layers are made of. */
import type { Draw } from './initializer.js';

/** Of one image; vectors have height and width 1. */
export interface Shape {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

export interface Parameter {
  /** `LAYER/kernel`, `LAYER/depthwise_kernel`, `LAYER/pointwise_kernel`, `LAYER/bias`, `LAYER/gamma`, `LAYER/beta`: as tf.layers names them. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly count: number;
  readonly initial: Draw | { readonly kind: 'zeros' } | { readonly kind: 'ones' };
  /** Index of the layer in the topology: seeds of initial weights draw from it. */
  readonly layer: number;
  /** How many weights of the layer are drawn before it; absent for none. */
  readonly nth?: number;
  /** Of a layer that is not trained: it has no gradient and no optimizer state. */
  readonly frozen: boolean;
}

/** Weights proper: what a penalty is on, as Keras' kernel_regularizer. */
export function isKernel(parameter: Parameter): boolean {
  return parameter.name.endsWith('kernel');
}
