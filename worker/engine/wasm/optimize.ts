import { wholePower } from '../../../proto/whole-power.js';
import type { OptimizerChoice } from '../../../proto/work.js';
import type { Kernels } from './kernels.js';
import type { Slot } from './parameters.js';

/** What an update multiplies with in one step. */
export interface StepRates {
  /** Adam's bias correction included. */
  readonly rate: number;
  /** Share of each weight that is taken off before. */
  readonly decay: number;
}

/** `steps`: how many there have been, this one included. */
export function stepRates(optimizer: OptimizerChoice, lr: number, steps: number): StepRates {
  if (optimizer.name !== 'adam' && optimizer.name !== 'adamw') return { rate: lr, decay: 0 };
  const rate = (lr * Math.sqrt(1 - wholePower(optimizer.beta2, steps))) / (1 - wholePower(optimizer.beta1, steps));
  return { rate, decay: optimizer.name === 'adamw' ? lr * optimizer.weightDecay : 0 };
}

/** Updates `count` elements of a parameter, and the optimizer's state of them, from element `from` on. */
export function applyUpdate(
  kernels: Kernels, optimizer: OptimizerChoice, { rate, decay }: StepRates, slot: Slot, gradientAt: number, from: number, count: number,
): void {
  const offset = 4 * from;
  const weights = slot.at + offset;
  const [first = 0, second = 0] = slot.state.map((at) => at + offset);
  switch (optimizer.name) {
    case 'sgd':
      kernels.add_scaled(weights, gradientAt, count, -rate);
      return;
    case 'sgdm':
      kernels.sgdm(weights, first, gradientAt, count, rate, optimizer.momentum);
      return;
    case 'nesterov':
      kernels.nesterov(weights, first, gradientAt, count, rate, optimizer.momentum);
      return;
    case 'rmsprop':
      kernels.rmsprop(weights, first, gradientAt, count, rate, optimizer.rho, optimizer.epsilon);
      return;
    case 'adam':
    case 'adamw':
      kernels.adam(weights, first, second, gradientAt, count, rate, optimizer.beta1, optimizer.beta2, optimizer.epsilon, decay);
  }
}
