import type { ModelChoice } from '../../proto/work.js';
import { ModelError } from './model-error.js';

/** The last layer: a unit per class with softmax, or for two classes one unit with a sigmoid, which is the probability of class 1. */
export interface Output {
  readonly units: number;
  readonly activation: 'softmax' | 'sigmoid';
}

/** Throws ModelError: a sigmoid of more than two classes. */
export function outputOf(model: ModelChoice, classes: number): Output {
  if (model.head === undefined) return { units: classes, activation: 'softmax' };
  if (classes !== 2) throw new ModelError(`${model.name}: head: found sigmoid for ${String(classes)} classes, expected two; use softmax`);
  return { units: 1, activation: 'sigmoid' };
}
