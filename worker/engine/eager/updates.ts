/** From the gradients of a step to its updates, in Keras' order and by its formulas: penalty, clipping, optimizer. */
import * as tf from '@tensorflow/tfjs-core';
import type { OptimizerChoice } from '../../../proto/work.js';
import type { StepSettings } from '../engine.js';
import { AVERAGE, type StepRates, stateNames } from '../optimizer.js';

/** A learnt weight with the state that the optimizer keeps of it, in the order of `stateNames`. */
export interface TrainedWeight {
  /** `LAYER/kernel`, as in a checkpoint. */
  readonly name: string;
  readonly value: tf.Variable;
  readonly state: readonly tf.Variable[];
  /** Whether a penalty is on it. */
  readonly isKernel: boolean;
}

/** For each of `stateNames`: zeros, and the weight itself as its average. */
export function optimizerState(optimizer: OptimizerChoice, value: tf.Variable): tf.Variable[] {
  return tf.tidy(() => stateNames(optimizer).map((name) => tf.variable(name === AVERAGE ? tf.clone(value) : tf.zerosLike(value), false)));
}

/** After an update. */
function takeAverage({ value, state }: TrainedWeight, { kept }: StepRates): void {
  const average = state.at(-1);
  if (kept !== null && average !== undefined) average.assign(tf.tidy(() => mean(average, value, kept)));
}

/** l2 * sum(w^2) over all kernels. */
export function penaltyOf(weights: readonly TrainedWeight[], l2: number): number {
  if (l2 === 0) return 0;
  return tf.tidy(() => l2 * weights.filter(({ isKernel }) => isKernel).reduce((sum, { value }) => sum + scalar(tf.sum(tf.square(value))), 0));
}

/** `gradients` in the order of `weights`; they are the caller's to dispose of. */
export function updateWeights(
  weights: readonly TrainedWeight[], gradients: readonly tf.Tensor[], optimizer: OptimizerChoice, rates: StepRates, { l2, clipNorm }: Pick<StepSettings, 'l2' | 'clipNorm'>,
): void {
  tf.tidy(() => {
    let ready = weights.map(({ value, isKernel }, index) => (l2 !== 0 && isKernel ? tf.add(gradients[index]!, tf.mul(value, 2 * l2)) : gradients[index]!));
    const factor = clipNorm === null ? 1 : clipFactor(ready, clipNorm);
    if (factor !== 1) ready = ready.map((gradient) => tf.mul(gradient, factor));
    weights.forEach((weight, index) => tf.tidy(() => update(weight, ready[index]!, optimizer, rates)));
    for (const weight of weights) takeAverage(weight, rates);
  });
}

/** A norm that is no number is left alone: the loss says that training diverged. */
function clipFactor(gradients: readonly tf.Tensor[], clipNorm: number): number {
  const norm = Math.sqrt(gradients.reduce((sum, gradient) => sum + scalar(tf.sum(tf.square(gradient))), 0));
  return norm > clipNorm ? clipNorm / norm : 1;
}

function update({ value, state }: TrainedWeight, gradient: tf.Tensor, optimizer: OptimizerChoice, { rate, decay }: StepRates): void {
  const [first, second] = state;
  // What is made on the way is let go at once: of a wide dense layer each is as large as its weights.
  const take = (step: () => tf.Tensor): void => {
    value.assign(tf.tidy(() => tf.sub(value, step())));
  };
  switch (optimizer.name) {
    case 'sgd':
      take(() => tf.mul(gradient, rate));
      return;
    case 'sgdm':
    case 'nesterov':
      first!.assign(tf.tidy(() => tf.add(tf.mul(first!, optimizer.momentum), gradient)));
      take(() => tf.mul(optimizer.name === 'sgdm' ? first! : tf.add(gradient, tf.mul(first!, optimizer.momentum)), rate));
      return;
    case 'rmsprop':
      first!.assign(tf.tidy(() => mean(first!, tf.square(gradient), optimizer.rho)));
      take(() => tf.div(tf.mul(gradient, rate), tf.sqrt(tf.add(first!, optimizer.epsilon))));
      return;
    case 'adam':
    case 'adamw':
      first!.assign(tf.tidy(() => mean(first!, gradient, optimizer.beta1)));
      second!.assign(tf.tidy(() => mean(second!, tf.square(gradient), optimizer.beta2)));
      if (decay !== 0) take(() => tf.mul(value, decay));
      take(() => tf.div(tf.mul(first!, rate), tf.add(tf.sqrt(second!), optimizer.epsilon)));
  }
}

/** Exponentially decaying. */
function mean(before: tf.Tensor, now: tf.Tensor, decay: number): tf.Tensor {
  return tf.add(tf.mul(before, decay), tf.mul(now, 1 - decay));
}

export function scalar(value: tf.Tensor): number {
  return value.dataSync()[0] ?? NaN;
}
