import type { View } from '../arena.js';
import { copyChannels } from './merge.js';
import { type Gradient, type Machine, NO_GRADIENT, type Node, type Pass, wholeGradient } from './node.js';

/** Beside the one value x of each image the logit 0, which fresh memory already holds: (0, x). */
export class TwoLogitsNode implements Node {
  readonly name: string;
  readonly input: View;
  readonly output: View;
  private readonly inner: View | null;

  constructor(name: string, input: View, output: View, inner: View | null) {
    this.name = name;
    this.input = input;
    this.output = output;
    this.inner = inner;
  }

  forward(machine: Machine, count: number): void {
    for (let image = 0; image < count; image++) copyChannels(machine, this.input, 0, this.output, 1, image, 1);
  }

  backward(machine: Machine, count: number, _pass: Pass, above: Gradient): Gradient {
    const { inner } = this;
    if (inner === null) return NO_GRADIENT;
    if (above.view === null) throw new Error(`${this.name}: the gradient of logits must lie whole`);
    for (let image = 0; image < count; image++) copyChannels(machine, above.view, 1, inner, 0, image, 1);
    return wholeGradient(machine, inner);
  }
}
