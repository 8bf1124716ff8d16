/** What the zoo says of a model, in data: the words in which the files beside this one are written. */
import type { ImageInput, Json, OptimizerChoice } from '../work.js';

/** A hyperparameter of a model's structure: numbers, or one of a few values. */
export type Knob = NumberKnob | ChoiceKnob;

/** Bounds hold for each number of a list, both included. */
export interface NumberKnob {
  readonly name: string;
  readonly kind: 'int' | 'float' | 'int-list';
  readonly default: Json;
  readonly min: number;
  readonly max: number;
  /** What it may be in the place of a number; absent for none. */
  readonly words?: readonly (string | null)[];
  /** Of an int-list: how many numbers it must have; null for one or more. */
  readonly length: number | null;
  /** Of an int-list: true where it may have none. */
  readonly mayBeEmpty?: boolean;
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
  /** Who published it, and which study or library is followed. */
  readonly from: string;
  readonly knobs: readonly Knob[];
  /** Smallest width and height, in pixels, that leaves every layer something to work on, whatever the knobs. */
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

/** What an optimizer uses where a sweep file names it without parameters (Keras' defaults, but for the momentum of 0.9). */
export const OPTIMIZERS = {
  sgd: { name: 'sgd' },
  sgdm: { name: 'sgdm', momentum: 0.9 },
  nesterov: { name: 'nesterov', momentum: 0.9 },
  rmsprop: { name: 'rmsprop', rho: 0.9, epsilon: 1e-7 },
  adam: { name: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-7 },
  adamw: { name: 'adamw', beta1: 0.9, beta2: 0.999, epsilon: 1e-7, weightDecay: 0.004 },
} as const satisfies { readonly [name in OptimizerChoice['name']]: OptimizerChoice };

export const ACTIVATION: ChoiceKnob = {
  name: 'activation', kind: 'choice', default: 'relu', choices: ['relu', 'elu', 'tanh', 'sigmoid'], meaning: 'what follows each hidden layer',
};

/** How many neurons a layer, and how many filters a convolution may have. */
export const WIDEST = { neurons: 65_536, filters: 4096 } as const;

/** Of networks that end in pooling and a head of their own: what the head is made of. */
export const HEAD_KNOBS: readonly Knob[] = [
  { name: 'pooling', kind: 'choice', default: 'average', choices: ['average', 'max', 'flatten'], meaning: 'what makes a vector of the last image: the mean or the largest value of each channel, or all values' },
  { name: 'hidden', kind: 'int-list', default: [], min: 1, max: WIDEST.neurons, length: null, mayBeEmpty: true, meaning: 'neurons of the dense layers between pooling and output, each with ReLU and dropout' },
];
