import type { Shape } from '../../parameter.js';
import { reshaped, type View } from '../arena.js';
import { type Gradient, type Machine, NO_GRADIENT, type Node, type Pass, wholeGradient } from './node.js';

/** The same memory in other words: no work in either direction. Both sides must be without borders. */
export class FlattenNode implements Node {
  readonly name = 'flatten';
  readonly input: View;
  readonly output: View;

  constructor(input: View, output: Shape) {
    this.input = input;
    this.output = reshaped(input, output);
  }

  forward(): void {
    // The values are where the next node reads them.
  }

  backward(machine: Machine, _count: number, _pass: Pass, above: Gradient): Gradient {
    return above.view === null ? NO_GRADIENT : wholeGradient(machine, reshaped(above.view, this.input.shape));
  }
}
