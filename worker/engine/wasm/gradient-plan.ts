/**
 * Where the gradients of values lie. A gradient lives from the first part that gives it to the part
 * that makes the value; buffers are counted and taken again, so that a chain of layers needs two. What
 * an addition hands to its inputs is one buffer for all of them: whoever wants to write into it while
 * another still needs it gets a buffer of its own. Arithmetic only: which buffer, never a number.
 */
import type { Shape } from '../parameter.js';
import { parametersOf } from '../program.js';
import { worksInPlace } from './nodes/activate.js';
import { elements } from './nodes/node.js';
import type { Part } from './parts.js';

/** The buffer that the loss writes the gradient of the logits to. */
export const LOGITS_BUFFER = 0;

/** How a part's result reaches the gradient of one of its inputs. */
export interface Delivery {
  /** The part that made the input. */
  readonly to: number;
  /** Of a concat: its share of the channels goes to that buffer. */
  readonly slice: { readonly buffer: number; readonly shape: Shape; readonly channel: number } | null;
  /** Where it is added to what others gave before: in that, in the result's own memory, or in a buffer; null for the first. */
  readonly join: 'before' | 'own' | { readonly buffer: number; readonly shape: Shape } | null;
}

export interface GradientStep {
  /** Whether any input's gradient is needed. */
  readonly wanted: boolean;
  /** The buffer that the part writes its input's gradient to; null where it needs none. */
  readonly inner: number | null;
  readonly deliveries: readonly Delivery[];
}

export interface GradientPlan {
  /** One for each part. */
  readonly steps: readonly GradientStep[];
  /** Elements of each buffer, for one image. */
  readonly buffers: readonly number[];
}

export function planGradients(parts: readonly Part[]): GradientPlan {
  return new GradientPlanner(parts).plan();
}

class GradientPlanner {
  private readonly parts: readonly Part[];
  private readonly readers: readonly number[];
  private readonly needed: boolean[] = [];
  private readonly sizes: number[] = [];
  /** How many gradients lie in each buffer. */
  private readonly users: number[] = [];
  /** The buffer of each value's gradient so far. */
  private readonly held = new Map<number, number>();

  constructor(parts: readonly Part[]) {
    this.parts = parts;
    this.readers = parts.map((_, index) => parts.reduce((sum, { inputs }) => sum + inputs.filter((input) => input === index).length, 0));
    for (const part of parts) this.needed.push(learns(part) || part.inputs.some((input) => this.needed[input] === true));
  }

  plan(): GradientPlan {
    const { output } = this.parts.at(-1)!;
    this.held.set(this.parts.length - 1, this.take(output));
    const steps = this.parts.map((part, index) => ({ part, index })).reverse().map(({ part, index }) => this.step(part, index));
    return { steps: steps.reverse(), buffers: this.sizes };
  }

  private step(part: Part, index: number): GradientStep {
    const above = this.held.get(index);
    if (above === undefined) return { wanted: false, inner: null, deliveries: [] };
    this.held.delete(index);
    const targets = part.inputs.map((to, nth) => ({ to, nth })).filter(({ to }) => this.needed[to] === true);
    if (targets.length === 0) {
      this.release(above);
      return { wanted: false, inner: null, deliveries: [] };
    }
    const inner = this.writesTo(part, above);
    if (inner !== null) this.release(above);
    const result = inner ?? above;
    if (part.kind === 'concat') {
      const deliveries = targets.map(({ to, nth }) => this.slice(part, to, nth));
      this.release(result);
      return { wanted: true, inner, deliveries };
    }
    this.users[result]! += targets.length - 1;
    return { wanted: true, inner, deliveries: targets.map(({ to }) => this.deliver(to, result, null)) };
  }

  /** A buffer for the gradient of the part's input; null where that stays where the output's is. */
  private writesTo(part: Part, above: number): number | null {
    switch (part.kind) {
      case 'flatten':
      case 'pad':
      case 'concat':
        return null;
      case 'add':
        return part.relu && this.isShared(above) ? this.take(part.output) : null;
      case 'curve':
        return this.isShared(above) ? this.take(part.input) : null;
      case 'activate':
        if (worksInPlace(part.activation)) return this.isShared(above) ? this.take(part.input) : null;
        return this.madeOnDemand(part) ? null : this.take(part.input);
      default:
        return this.take(part.input);
    }
  }

  /** A convolution that only this part follows asks for the gradient image by image. */
  private madeOnDemand(part: Part): boolean {
    const [input = -1] = part.inputs;
    const kind = this.parts[input]?.kind;
    return (kind === 'conv' || kind === 'depthwise') && this.readers[input] === 1;
  }

  private slice(part: Part, to: number, nth: number): Delivery {
    const shape = this.parts[to]!.output;
    const channel = part.inputs.slice(0, nth).reduce((sum, input) => sum + (this.parts[input]?.output ?? part.input).channels, 0);
    const buffer = this.take(shape);
    return this.deliver(to, buffer, { buffer, shape, channel });
  }

  private deliver(to: number, own: number, slice: Delivery['slice']): Delivery {
    const before = this.held.get(to);
    if (before === undefined) {
      this.held.set(to, own);
      return { to, slice, join: null };
    }
    if (!this.isShared(before)) {
      this.release(own);
      return { to, slice, join: 'before' };
    }
    if (!this.isShared(own)) {
      this.release(before);
      this.held.set(to, own);
      return { to, slice, join: 'own' };
    }
    const shape = this.parts[to]!.output;
    const buffer = this.take(shape);
    this.release(before);
    this.release(own);
    this.held.set(to, buffer);
    return { to, slice, join: { buffer, shape } };
  }

  private isShared(buffer: number): boolean {
    return this.users[buffer]! > 1;
  }

  private release(buffer: number): void {
    this.users[buffer]! -= 1;
  }

  /** Of the free buffers the one that must grow least; else a new one. */
  private take(shape: Shape): number {
    const wanted = elements(shape);
    let best: number | null = null;
    const growth = (buffer: number): number => Math.max(0, wanted - (this.sizes[buffer] ?? 0));
    for (const [buffer, users] of this.users.entries()) {
      if (users > 0) continue;
      const lead = best === null ? -1 : growth(buffer) - growth(best) || (this.sizes[buffer] ?? 0) - (this.sizes[best] ?? 0);
      if (lead < 0) best = buffer;
    }
    const buffer = best ?? this.sizes.length;
    this.sizes[buffer] = Math.max(this.sizes[buffer] ?? 0, wanted);
    this.users[buffer] = 1;
    return buffer;
  }
}

function learns(part: Part): boolean {
  if (part.kind === 'conv' || part.kind === 'depthwise' || part.kind === 'dense') return parametersOf(part.operation).some(({ frozen }) => !frozen);
  return part.kind === 'activate' && part.activation.norm !== null && parametersOf(part.activation.norm).some(({ frozen }) => !frozen);
}
