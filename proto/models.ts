/**
 * The zoo as data: what each model may be told, and the settings under which its study published it.
 * The coordinator checks and completes sweeps from it; the worker builds the layers.
 */
import type { ImageInput, Json, OptimizerChoice } from './work.js';

/** Raised with every change of the built-in trainable that moves numbers; part of every key. */
export const IMAGE_CLASSIFIER_VERSION = 1;
export const SYNTHETIC_VERSION = 1;

/** A hyperparameter of a model's structure. Bounds hold for each number of a list, both included. */
export interface Knob {
  readonly name: string;
  readonly kind: 'int' | 'int-list';
  readonly default: Json;
  readonly min: number;
  readonly max: number;
  /** Of an int-list: how many numbers it must have. */
  readonly length: number | null;
  readonly meaning: string;
}

export interface ZooModel {
  readonly name: string;
  readonly meaning: string;
  readonly knobs: readonly Knob[];
  /** Smallest width and height, in pixels, that leaves every layer something to work on. */
  readonly minImageSize: number;
  readonly defaults: {
    readonly imageSize: number;
    readonly batch: number;
    readonly epochs: number;
    /** A rate, or a schedule as a sweep file writes it. */
    readonly lr: Json;
    readonly dropout: number;
    readonly optimizer: OptimizerChoice;
    readonly normalisation: ImageInput['normalisation'];
  };
}

export const DEFAULT_MODEL = 'garth-cnn';

/** What an optimizer uses where a sweep file names it without parameters (Keras' defaults for Adam). */
export const OPTIMIZERS = {
  sgdm: { name: 'sgdm', momentum: 0.9 },
  adam: { name: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-7 },
} as const satisfies { readonly [name in OptimizerChoice['name']]: OptimizerChoice };

export const ZOO: readonly ZooModel[] = [
  {
    name: 'garth-cnn',
    meaning: 'three convolutions with batch norm and a swept dense layer (pneumonia study, 2018)',
    knobs: [
      { name: 'filters', kind: 'int-list', default: [8, 16, 49], min: 1, max: 4096, length: 3, meaning: 'filters of the three convolutions' },
      { name: 'fcWidth', kind: 'int', default: 100, min: 0, max: 65536, length: null, meaning: 'neurons of the dense layer before the output; 0 leaves it out' },
    ],
    minImageSize: 4,
    defaults: {
      imageSize: 100,
      batch: 30,
      epochs: 100,
      lr: { piecewise: { initial: 0.01, factor: 0.2, every: 5 } },
      dropout: 0.5,
      optimizer: OPTIMIZERS.sgdm,
      normalisation: 'zerocenter',
    },
  },
  {
    name: 'lenet5',
    meaning: 'LeNet-5: two convolutions, two poolings, three dense layers',
    knobs: [
      { name: 'fcWidth', kind: 'int', default: 120, min: 1, max: 65536, length: null, meaning: 'neurons of the first dense layer' },
    ],
    minImageSize: 12,
    defaults: { imageSize: 28, batch: 64, epochs: 10, lr: 0.001, dropout: 0, optimizer: OPTIMIZERS.adam, normalisation: 'scale' },
  },
];

export class UnknownModelError extends Error {
  readonly code = 'UnknownModel';
  constructor(name: string) {
    super(`there is no model ${JSON.stringify(name)}; the zoo has ${ZOO.map((model) => model.name).join(', ')}`);
    this.name = 'UnknownModelError';
  }
}

/** Throws UnknownModelError. */
export function zooModel(name: string): ZooModel {
  const model = ZOO.find((candidate) => candidate.name === name);
  if (model === undefined) throw new UnknownModelError(name);
  return model;
}
