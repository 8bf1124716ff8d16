import type { StepSettings } from '../engine.js';
import type { Parameter } from '../parameter.js';
import type { Machine } from './nodes/node.js';
import type { Slot } from './parameters.js';
import type { Plan } from './plan.js';

/** Weights proper: what a penalty is on, as Keras' kernel_regularizer. */
export function isKernel(parameter: Parameter): boolean {
  return parameter.name.endsWith('/kernel');
}

type Optimize = (slot: Slot, gradientAt: number, from: number, count: number) => void;

/**
 * What happens to gradients between the backward pass and the optimizer, in Keras' order: the
 * penalty's gradient is added, then all together are clipped. Without clipping each block goes to the
 * optimizer while it is in cache; clipping needs the norm of all, so that they are put aside first.
 */
export class Updates {
  private readonly machine: Machine;
  private readonly plan: Plan;
  private readonly l2: number;
  private readonly clipNorm: number | null;
  private readonly optimize: Optimize;

  constructor(machine: Machine, plan: Plan, { l2, clipNorm }: Pick<StepSettings, 'l2' | 'clipNorm'>, optimize: Optimize) {
    if (clipNorm !== null && plan.gradients.size === 0) throw new RangeError('this training was compiled without room for clipping');
    this.machine = machine;
    this.plan = plan;
    this.l2 = l2;
    this.clipNorm = clipNorm;
    this.optimize = optimize;
  }

  /** The gradient of `count` elements of a parameter from element `from` on; its memory may be changed. */
  take(slot: Slot, gradientAt: number, from: number, count: number): void {
    const { kernels, bytes } = this.machine;
    if (this.l2 !== 0 && isKernel(slot.parameter)) kernels.add_scaled(gradientAt, slot.at + 4 * from, count, 2 * this.l2);
    if (this.clipNorm === null) {
      this.optimize(slot, gradientAt, from, count);
      return;
    }
    const whole = this.plan.gradients.get(slot.parameter.name);
    if (whole === undefined) throw new Error(`no room for the gradient of ${slot.parameter.name}`);
    bytes.copyWithin(whole + 4 * from, gradientAt, gradientAt + 4 * count);
  }

  /** To be called once, when every gradient was taken. */
  finish(): void {
    if (this.clipNorm === null) return;
    const { kernels } = this.machine;
    const slots = [...this.plan.slots.values()].map((slot) => ({ slot, at: this.plan.gradients.get(slot.parameter.name) ?? 0 }));
    let squares = 0;
    for (const { slot, at } of slots) squares += kernels.sum_of_squares(at, slot.parameter.count);
    const norm = Math.sqrt(squares);
    // A norm that is no number is left alone: the loss says that training diverged.
    const factor = norm > this.clipNorm ? this.clipNorm / norm : 1;
    for (const { slot, at } of slots) {
      if (factor !== 1) kernels.scale(at, slot.parameter.count, factor);
      this.optimize(slot, at, 0, slot.parameter.count);
    }
  }
}
