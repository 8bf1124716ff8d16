import type { StepSettings } from '../engine.js';
import { isKernel } from '../parameter.js';
import type { Machine } from './nodes/node.js';
import type { Slot } from './parameters.js';
import type { Plan } from './plan.js';

type Optimize = (slot: Slot, gradientAt: number, from: number, count: number) => void;

/**
 * What happens to gradients between the backward pass and the optimizer, in Keras' order: the
 * penalty's gradient is added, then all together are clipped. Without clipping each block goes to the
 * optimizer while it is in cache; clipping needs the norm of all, and a batch in parts the sum of all,
 * so that they are put aside first.
 */
export class Updates {
  private readonly machine: Machine;
  private readonly plan: Plan;
  private readonly l2: number;
  private readonly clipNorm: number | null;
  private readonly optimize: Optimize;
  /** Whether gradients are put aside, and whether there are some of a part before. */
  private readonly whole: boolean;
  private later = false;

  constructor(machine: Machine, plan: Plan, { l2, clipNorm }: Pick<StepSettings, 'l2' | 'clipNorm'>, sums: boolean, optimize: Optimize) {
    if (clipNorm !== null && plan.gradients.size === 0) throw new RangeError('this training was compiled without room for clipping');
    this.machine = machine;
    this.plan = plan;
    this.l2 = l2;
    this.clipNorm = clipNorm;
    this.whole = sums || clipNorm !== null;
    this.optimize = optimize;
  }

  /** The gradient of `count` elements of a parameter from element `from` on; its memory may be changed. */
  take(slot: Slot, gradientAt: number, from: number, count: number): void {
    const { kernels, bytes } = this.machine;
    if (!this.whole) {
      this.addPenalty(slot, gradientAt, from, count);
      this.optimize(slot, gradientAt, from, count);
      return;
    }
    const whole = this.wholeOf(slot) + 4 * from;
    if (this.later) kernels.add_scaled(whole, gradientAt, count, 1);
    else bytes.copyWithin(whole, gradientAt, gradientAt + 4 * count);
  }

  /** To be called when every gradient of a part of the batch was taken. */
  partEnded(): void {
    this.later = true;
  }

  /** To be called once, when every gradient was taken. */
  finish(): void {
    if (!this.whole) return;
    const { kernels } = this.machine;
    const slots = [...this.plan.slots.values()].filter(({ parameter }) => !parameter.frozen).map((slot) => ({ slot, at: this.wholeOf(slot) }));
    for (const { slot, at } of slots) this.addPenalty(slot, at, 0, slot.parameter.count);
    const factor = this.clipFactor(slots);
    for (const { slot, at } of slots) {
      if (factor !== 1) kernels.scale(at, slot.parameter.count, factor);
      this.optimize(slot, at, 0, slot.parameter.count);
    }
  }

  private clipFactor(slots: readonly { readonly slot: Slot; readonly at: number }[]): number {
    if (this.clipNorm === null) return 1;
    let squares = 0;
    for (const { slot, at } of slots) squares += this.machine.kernels.sum_of_squares(at, slot.parameter.count);
    const norm = Math.sqrt(squares);
    // A norm that is no number is left alone: the loss says that training diverged.
    return norm > this.clipNorm ? this.clipNorm / norm : 1;
  }

  private addPenalty(slot: Slot, gradientAt: number, from: number, count: number): void {
    if (this.l2 !== 0 && isKernel(slot.parameter)) this.machine.kernels.add_scaled(gradientAt, slot.at + 4 * from, count, 2 * this.l2);
  }

  private wholeOf(slot: Slot): number {
    const at = this.plan.gradients.get(slot.parameter.name);
    if (at === undefined) throw new Error(`no room for the gradient of ${slot.parameter.name}`);
    return at;
  }
}
