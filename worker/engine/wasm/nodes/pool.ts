import type { Operation } from '../../program.js';
import { imageAt, type View } from '../arena.js';
import type { WindowArguments } from '../kernels.js';
import { type Gradient, type Machine, NO_GRADIENT, type Node, type Pass, wholeGradient } from './node.js';

export type PoolOperation = Extract<Operation, { kind: 'maxPool' | 'averagePool' }>;

/** Pooling with any window, stride and padding. */
export class PoolNode implements Node {
  readonly name: string;
  readonly input: View;
  readonly output: View;
  private readonly operation: PoolOperation;
  private readonly inner: View | null;
  private readonly window: WindowArguments;

  constructor(operation: PoolOperation, input: View, output: View, inner: View | null) {
    this.operation = operation;
    this.name = operation.name;
    this.input = input;
    this.output = output;
    this.inner = inner;
    const { window } = operation;
    this.window = [
      operation.input.height, operation.input.width, operation.input.channels, operation.output.height, operation.output.width,
      window.rows, window.columns, window.strideRows, window.strideColumns, window.top, window.left,
    ];
  }

  forward(machine: Machine, count: number): void {
    const { kernels } = machine;
    for (let image = 0; image < count; image++) {
      const x = imageAt(this.input, image);
      const y = imageAt(this.output, image);
      if (this.operation.kind === 'maxPool') kernels.max_pool(x, this.input.row, y, this.output.row, ...this.window);
      else kernels.average_pool(x, this.input.row, y, this.output.row, ...this.window);
    }
  }

  backward(machine: Machine, count: number, _pass: Pass, above: Gradient): Gradient {
    if (this.inner === null) return NO_GRADIENT;
    if (above.view === null) throw new Error(`${this.name}: the gradient of a pool's output must lie whole`);
    const { kernels } = machine;
    const { inner } = this;
    machine.bytes.fill(0, inner.at, inner.at + 4 * count * inner.image);
    for (let image = 0; image < count; image++) {
      const dy = imageAt(above.view, image);
      const dx = imageAt(inner, image);
      if (this.operation.kind === 'maxPool') {
        kernels.max_pool_back(imageAt(this.input, image), this.input.row, dy, above.view.row, dx, inner.row, ...this.window);
      } else kernels.average_pool_back(dy, above.view.row, dx, inner.row, ...this.window);
    }
    return wholeGradient(machine, inner);
  }
}
