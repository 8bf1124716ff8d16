/**
 * The zoo as data: what each model may be told, and the settings under which its study published it.
 * The coordinator checks and completes sweeps from it; the worker builds the layers.
 */
import type { ImageInput, Json, OptimizerChoice } from './work.js';

/** Raised with every change of the built-in trainable that moves numbers; part of every key. */
export const IMAGE_CLASSIFIER_VERSION = 3;
export const SYNTHETIC_VERSION = 1;

/** A hyperparameter of a model's structure: numbers, or one of a few values. */
export type Knob = NumberKnob | ChoiceKnob;

/** Bounds hold for each number of a list, both included. */
export interface NumberKnob {
  readonly name: string;
  readonly kind: 'int' | 'float' | 'int-list';
  readonly default: Json;
  readonly min: number;
  readonly max: number;
  /** Of an int-list: how many numbers it must have; null for one or more. */
  readonly length: number | null;
  readonly meaning: string;
}

export interface ChoiceKnob {
  readonly name: string;
  readonly kind: 'choice';
  readonly default: string | boolean;
  readonly choices: readonly (string | boolean)[];
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

/** What an optimizer uses where a sweep file names it without parameters (Keras' defaults, but for the momentum of 0.9). */
export const OPTIMIZERS = {
  sgd: { name: 'sgd' },
  sgdm: { name: 'sgdm', momentum: 0.9 },
  nesterov: { name: 'nesterov', momentum: 0.9 },
  rmsprop: { name: 'rmsprop', rho: 0.9, epsilon: 1e-7 },
  adam: { name: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-7 },
  adamw: { name: 'adamw', beta1: 0.9, beta2: 0.999, epsilon: 1e-7, weightDecay: 0.004 },
} as const satisfies { readonly [name in OptimizerChoice['name']]: OptimizerChoice };

const ACTIVATION: ChoiceKnob = {
  name: 'activation', kind: 'choice', default: 'relu', choices: ['relu', 'elu', 'tanh', 'sigmoid'], meaning: 'what follows each hidden layer',
};

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
  {
    name: 'cnn',
    meaning: 'blocks of convolution, batch norm, activation and pooling, then a dense layer: everything swept',
    knobs: [
      { name: 'blocks', kind: 'int', default: 3, min: 1, max: 10, length: null, meaning: 'blocks; one pools only where its image has 2 pixels or more each way' },
      { name: 'filters', kind: 'int', default: 32, min: 1, max: 1024, length: null, meaning: "filters of the first block's convolution; each next block has twice as many" },
      { name: 'kernel', kind: 'int', default: 3, min: 1, max: 15, length: null, meaning: 'width and height of the convolutions, padded so that the image keeps its size' },
      { name: 'pooling', kind: 'choice', default: 'max', choices: ['max', 'average'], meaning: 'pooling of 2 x 2 at the end of each block' },
      ACTIVATION,
      { name: 'batchNorm', kind: 'choice', default: true, choices: [true, false], meaning: 'batch norm between convolution and activation' },
      { name: 'fcWidth', kind: 'int', default: 128, min: 0, max: 65536, length: null, meaning: 'neurons of the dense layer before the output; 0 leaves it out' },
    ],
    minImageSize: 1,
    defaults: { imageSize: 64, batch: 32, epochs: 20, lr: 0.001, dropout: 0.5, optimizer: OPTIMIZERS.adam, normalisation: 'scale' },
  },
  {
    name: 'mlp',
    meaning: 'dense layers on the pixels, each with dropout (sign-language study)',
    knobs: [
      { name: 'hidden', kind: 'int-list', default: [512, 512], min: 1, max: 65536, length: null, meaning: 'neurons of each hidden layer' },
      ACTIVATION,
    ],
    minImageSize: 1,
    defaults: { imageSize: 64, batch: 128, epochs: 50, lr: 0.001, dropout: 0.2, optimizer: OPTIMIZERS.adam, normalisation: 'scale' },
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
