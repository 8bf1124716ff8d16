import type { Curve, Operation } from '../../program.js';
import { imageAt, type View } from '../arena.js';
import { type Gradient, type Machine, NO_GRADIENT, type Node, type Pass, wholeGradient } from './node.js';

export type CurveOperation = Extract<Operation, { kind: Curve }>;

/** As kernels/curve.c numbers them. */
const KINDS: { readonly [kind in Curve]: number } = { elu: 0, tanh: 1, sigmoid: 2 };

/** A smooth activation, into memory of its own: its gradient is worked out from its input. */
export class CurveNode implements Node {
  readonly name: string;
  readonly input: View;
  readonly output: View;
  private readonly operation: CurveOperation;
  private readonly kind: number;
  private readonly inner: View | null;
  private readonly wanted: boolean;

  /** `inner`: where to lay the input's gradient; null for where the output's is. */
  constructor(operation: CurveOperation, input: View, output: View, inner: View | null, wanted: boolean) {
    this.operation = operation;
    this.name = operation.name;
    this.input = input;
    this.output = output;
    this.inner = inner;
    this.wanted = wanted;
    this.kind = KINDS[operation.kind];
  }

  forward(machine: Machine, count: number): void {
    const { height, width, channels } = this.operation.input;
    for (let image = 0; image < count; image++) {
      machine.kernels.curve(imageAt(this.input, image), this.input.row, imageAt(this.output, image), this.output.row, height, width * channels, this.kind);
    }
  }

  backward(machine: Machine, count: number, _pass: Pass, above: Gradient): Gradient {
    const dy = above.view;
    if (dy === null) throw new Error(`${this.name}: the gradient of an activation's output must lie whole`);
    if (!this.wanted) return NO_GRADIENT;
    const into = this.inner ?? dy;
    const { height, width, channels } = this.operation.input;
    for (let image = 0; image < count; image++) {
      machine.kernels.curve_back(
        imageAt(this.input, image), this.input.row, imageAt(dy, image), dy.row, imageAt(into, image), into.row,
        height, width * channels, this.kind,
      );
    }
    return wholeGradient(machine, into);
  }
}
