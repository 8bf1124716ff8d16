/** What a classical model is fitted to, and what comes out. */
import type { Json } from '../../proto/work.js';
import type { FlatImages, Scaling } from './flat-images.js';

export interface Problem {
  readonly images: FlatImages;
  /** [images.count], each below `classes`. */
  readonly labels: Uint16Array;
  readonly classes: number;
  readonly scaling: Scaling;
  /** One per class; null where all are 1. */
  readonly classWeights: readonly number[] | null;
  readonly knobs: { readonly [knob: string]: Json };
  /** Whatever is drawn draws from (seed, replicate). */
  readonly seed: number;
  readonly replicate: number;
}

/** A model that was fitted, or read from a checkpoint. */
export interface Fitted {
  /** Numbers that were learnt or kept. */
  readonly params: number;
  /** All that predicting needs beside the normalisation. */
  readonly arrays: Arrays;
  /** Logits float32 [images.count, classes], each image's the same in any company. */
  predict(images: FlatImages): Float32Array;
}

export type StoredArray = Uint8Array | Int32Array | Float32Array | Float64Array;
export type Arrays = { readonly [name: string]: StoredArray };

/** How a fit lets others have their turn. */
export interface Pulse {
  /** Cheap; asked often. `done` of `of` of the whole fit. Throws FitInterrupted where nobody wants it any more. */
  beat(done: number, of: number): Promise<void> | void;
}

export class FitInterrupted extends Error {}

/** A kind of classical model. */
export interface ClassicalKind {
  /** Bytes beside the process that a fit takes at most; `count` training images of `size` values. */
  memory(question: FitSize): number;
  /** Throws DataError where the training images are too few for what is asked. */
  fit(problem: Problem, pulse: Pulse): Promise<Fitted>;
  /** From what `Fitted.arrays` gave. Throws DataError where they are not of such a model. */
  open(arrays: Arrays, setting: Pick<Problem, 'classes' | 'scaling'>): Fitted;
}

export interface FitSize {
  readonly count: number;
  readonly size: number;
  readonly classes: number;
  readonly knobs: { readonly [knob: string]: Json };
}

/** What a probability of 0 counts as, so that no logarithm is infinite: scikit-learn's log_loss of float32. */
const LEAST = 2 ** -23;

/** Logits whose softmax the probabilities are, but that none is below 2^-23. */
export function logitsOf(probabilities: Float64Array): Float32Array {
  return Float32Array.from(probabilities, (probability) => Math.log(Math.max(probability, LEAST)));
}

/** Weight of each image, from its class's. */
export function imageWeights({ labels, classWeights }: Pick<Problem, 'labels' | 'classWeights'>): Float64Array {
  return Float64Array.from(labels, (label) => classWeights?.[label] ?? 1);
}
