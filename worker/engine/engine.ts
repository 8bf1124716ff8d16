/**
 * The seam between training and whatever runs it. One walk over a tf.layers topology gives a
 * program; an engine compiles that program for its device. Nobody outside `worker/engine` knows which.
 */
import { CodedError } from '../../proto/coded-error.js';
import type { OptimizerChoice } from '../../proto/work.js';
import type { Topology } from '../model/topology.js';

/** Random access to the pixels of a data set at one input size, or to its features. Labels and pixels are in manifest order. */
export interface ImageSource {
  readonly count: number;
  readonly height: number;
  readonly width: number;
  /** 1 or 3 of pixels. */
  readonly channels: number;
  /** [count], each below the number of classes. */
  readonly labels: Uint16Array;
  /** Copies the images at `indices` to `into`, uint8 [indices.length, height, width, channels]; features as float32 in the machine's order of bytes. */
  read(indices: Int32Array, into: Uint8Array): void;
}

/** x = (v / 255 - mean) / deviation; each a [height * width * channels] vector, or null for 0 and 1. */
export interface Normalisation {
  readonly mean: Float32Array | null;
  readonly deviation: Float32Array | null;
}

export interface Training {
  readonly optimizer: OptimizerChoice;
  readonly classes: number;
  readonly normalisation: Normalisation;
  /** Initial weights draw from (initSeed, replicate), layer by layer. */
  readonly initSeed: number;
  readonly replicate: number;
  /** Largest batch of `step` that will be asked for. */
  readonly maxBatch: number;
  /**
   * Into how many parts a step's batch is cut (parts.ts says where), at least 1: each part goes forward and backward by
   * itself, and its gradients count by its share of the images, so that one update follows as from the
   * whole batch. Memory is of ceil(maxBatch / accumulate) images. Batch norm sees parts: its statistics
   * are each part's.
   */
  readonly accumulate: number;
  /** Whether a step may ask for `clipNorm`, which needs room for all gradients at once. */
  readonly clips: boolean;
  /** Whether a step may ask for `augment`. */
  readonly augments: boolean;
  /** How many of the topology's first layers are the base of a transfer, which has a rate of its own; absent for none. */
  readonly baseLayers?: number;
  /** The source gives features, which the model takes as they are; absent for pixels. */
  readonly features?: boolean;
  /** Refuse to compile past this; null for no limit. Throws OutOfMemoryError. */
  readonly memoryBytes: number | null;
}

/** How pixels beyond an image's border are made up, as scipy.ndimage (and so Keras) means them. */
export type Fill = 'constant' | 'nearest' | 'reflect' | 'wrap';

/** What is done to one image before normalisation. */
export interface PixelTransform {
  /**
   * The pixel at (row, column) of the result is read, by bilinear interpolation, at row
   * m[0] * row + m[1] * column + m[2] and column m[3] * row + m[4] * column + m[5] of the image.
   */
  readonly matrix: readonly number[];
  /** `constant` is black. */
  readonly fill: Fill;
  /** Factors, 1 for none: of the distance from each channel's mean; then of the value. Cut to 0..255. */
  readonly contrast: number;
  readonly brightness: number;
  /** After those. Absent for none, as what follows. */
  readonly noise?: Noise;
  /** Black: rows top to bottom - 1, columns left to right - 1. */
  readonly cutout?: { readonly top: number; readonly bottom: number; readonly left: number; readonly right: number };
  readonly mixed?: Mixed;
}

/**
 * To each value (deviation / BYTES_DEVIATION) * (sum of four bytes - BYTES_MEAN) is added, the bytes of the hash
 * of (element, seed, seed2) (pixel-effects.ts), cut to 0..255: nearly normal, and the same on every engine, as
 * no logarithm decides about it.
 */
export interface Noise {
  /** In grey levels of 0..255, above 0. */
  readonly deviation: number;
  /** 32 bits each. */
  readonly seed: number;
  readonly seed2: number;
}

/**
 * The image becomes `share` of itself and the rest of another (Zhang et al. 2018, "mixup"), after each was
 * transformed, and so does its loss: share times that of its own label and class weight, and the rest of
 * the other's. `correct` counts by its own.
 */
export interface Mixed {
  /** Index of the other image. */
  readonly image: number;
  /** From 1/2 to 1. */
  readonly share: number;
  /** Of the other; not mixed itself. */
  readonly transform: PixelTransform;
}

export interface StepSettings {
  readonly lr: number;
  /** Of the base's parameters (`Training.baseLayers`); absent for `lr`. */
  readonly baseLr?: number;
  readonly dropout: number;
  /** Per class; null where all are 1. The loss is the weighted sum divided by the number of images. */
  readonly classWeights: readonly number[] | null;
  /** l2 * sum(w^2) over all kernels that are trained (no biases, no batch norm) is added to the loss. */
  readonly l2: number;
  /** In [0, 1): so much of the target is spread evenly over all classes. */
  readonly labelSmoothing: number;
  /** All gradients together are scaled down to this Euclidean norm where theirs is larger; null for never. */
  readonly clipNorm: number | null;
  /** One for each image of the step; null for none. */
  readonly augment: readonly PixelTransform[] | null;
  /** 32-bit seed of this step's dropout masks, drawn from (dataSeed, replicate, epoch, step). */
  readonly dropoutSeed: number;
}

export interface StepResult {
  /** What is minimised: mean over the batch plus penalty, before the update; NaN or infinite when training diverged. */
  readonly loss: number;
  /** Images whose largest logit is their label's. */
  readonly correct: number;
}

/** A compiled model with its training state. Not safe for concurrent use. */
export interface Executable {
  /** All parameters, moving statistics included; and without them. */
  readonly params: number;
  readonly learnables: number;
  readonly memoryBytes: number;
  /** One optimizer step on the images at `indices`, at most `maxBatch` of them. */
  step(indices: Int32Array, settings: StepSettings): StepResult;
  /**
   * Sets the batch-norm statistics for inference: mean and biased variance, over all images at `indices`, of
   * what each batch norm gets in a training's forward pass (no dropout, no augmentation) over batches of at
   * most `batch` images. A pure function of the weights, the images and `batch`; leaves the training state
   * alone. Throws RangeError where `batch` is more than a part of a step may have.
   */
  recalibrate(indices: Int32Array, batch: number): void;
  /** Logits float32 [indices.length, classes] in inference mode. Any number of images. */
  predict(indices: Int32Array): Float32Array;
  /** Weights, inference statistics and optimizer state, as the bytes of a checkpoint. */
  state(): Uint8Array;
  /** Throws DataError when the bytes are not this model's. */
  load(state: Uint8Array): void;
  /** To the state of a training that was just compiled with these seeds. */
  restart(initSeed: number, replicate: number): void;
  dispose(): void;
}

export interface Engine {
  /** Decides the last bits: part of every key, e.g. 'wasm:3f2a09c1b2d4e5f6:plain'. */
  readonly numerics: string;
  /** Bytes that a training would take of the device's memory beyond what the engine itself has, without taking them. */
  estimate(topology: Topology, training: Training): number;
  /** Throws OutOfMemoryError, and UnsupportedLayerError naming the layer. */
  compile(topology: Topology, training: Training, source: ImageSource): Promise<Executable>;
}

export class OutOfMemoryError extends CodedError {
  readonly code = 'OutOfMemory';
  readonly neededBytes: number | null;
  constructor(message: string, neededBytes: number | null) {
    super(message);
    this.neededBytes = neededBytes;
  }
}

export class UnsupportedLayerError extends CodedError {
  readonly code = 'UnsupportedLayer';
  constructor(engine: string, layer: string, className: string) {
    super(`the ${engine} engine has no layer ${className} (layer "${layer}")`);
  }
}
