import type { Zeros } from '../../window.js';
import { imageAt, type View } from '../arena.js';
import { type Gradient, type Machine, NO_GRADIENT, type Node, type Pass, wholeGradient } from './node.js';

/** A copy with zeros round it, which fresh memory already holds. Its gradient is a window on that of its output. */
export class PadNode implements Node {
  readonly name: string;
  readonly input: View;
  readonly output: View;
  private readonly zeros: Zeros;

  constructor(name: string, zeros: Zeros, input: View, output: View) {
    this.name = name;
    this.zeros = zeros;
    this.input = input;
    this.output = output;
  }

  forward(machine: Machine, count: number): void {
    const { height, width, channels } = this.input.shape;
    for (let image = 0; image < count; image++) {
      const to = imageAt(this.output, image) + 4 * this.before(this.output.row);
      machine.kernels.spread(imageAt(this.input, image), this.input.row, to, this.output.row, height, width, channels, 1);
    }
  }

  backward(machine: Machine, _count: number, _pass: Pass, above: Gradient): Gradient {
    if (above.view === null) return NO_GRADIENT;
    return wholeGradient(machine, { ...above.view, shape: this.input.shape, at: above.view.at + 4 * this.before(above.view.row) });
  }

  /** Floats from the output's first pixel to the input's. */
  private before(row: number): number {
    return this.zeros.top * row + this.zeros.left * this.input.shape.channels;
  }
}
