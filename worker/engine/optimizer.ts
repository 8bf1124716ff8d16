/** What executors have in common of the optimizers. Pure. */
import { wholePower } from '../../proto/whole-power.js';
import type { OptimizerChoice } from '../../proto/work.js';

/** The state tensor that holds a weight's moving average. */
export const AVERAGE = 'average';

/** Names of the optimizer's state tensors per parameter, in the order of a checkpoint. */
export function stateNames(optimizer: OptimizerChoice): readonly string[] {
  return optimizer.ema === undefined ? momentNames(optimizer) : [...momentNames(optimizer), AVERAGE];
}

/** Bytes of what a checkpoint holds of these parameters, moving statistics among them. */
export function stateBytes(parameters: readonly { readonly count: number }[], optimizer: OptimizerChoice): number {
  return 4 * parameters.reduce((sum, { count }) => sum + count, 0) * (1 + stateNames(optimizer).length);
}

/** Those that an update needs: all but the average. */
export function momentNames(optimizer: OptimizerChoice): readonly string[] {
  switch (optimizer.name) {
    case 'sgd':
      return [];
    case 'sgdm':
    case 'nesterov':
      return ['momentum'];
    case 'rmsprop':
      return ['v'];
    case 'adam':
    case 'adamw':
      return ['m', 'v'];
  }
}

/** What an update multiplies with in one step. */
export interface StepRates {
  /** Adam's bias correction included. */
  readonly rate: number;
  /** Share of each weight that is taken off before. */
  readonly decay: number;
  /** What a weight's average keeps of itself; null where none is kept. */
  readonly kept: number | null;
}

/** `steps`: how many there have been, this one included. */
export function stepRates(optimizer: OptimizerChoice, lr: number, steps: number): StepRates {
  const kept = optimizer.ema === undefined ? null : steps === 1 ? 0 : optimizer.ema;
  if (optimizer.name !== 'adam' && optimizer.name !== 'adamw') return { rate: lr, decay: 0, kept };
  const rate = (lr * Math.sqrt(1 - wholePower(optimizer.beta2, steps))) / (1 - wholePower(optimizer.beta1, steps));
  return { rate, decay: optimizer.name === 'adamw' ? lr * optimizer.weightDecay : 0, kept };
}
