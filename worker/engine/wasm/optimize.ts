import type { OptimizerChoice } from '../../../proto/work.js';
import type { StepRates } from '../optimizer.js';
import type { Kernels } from './kernels.js';
import type { Slot } from './parameters.js';

/** Updates `count` elements of a parameter, the optimizer's state of them and their average, from element `from` on. */
export function applyUpdate(kernels: Kernels, optimizer: OptimizerChoice, rates: StepRates, slot: Slot, gradientAt: number, from: number, count: number): void {
  updateWeights(kernels, optimizer, rates, slot, gradientAt, from, count);
  const average = slot.state.at(-1);
  if (rates.kept === null || average === undefined) return;
  const at = average + 4 * from;
  kernels.scale(at, count, rates.kept);
  kernels.add_scaled(at, slot.at + 4 * from, count, 1 - rates.kept);
}

function updateWeights(
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
