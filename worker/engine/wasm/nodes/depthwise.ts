import type { Operation } from '../../program.js';
import { type Arena, imageAt, NO_BORDER, type View } from '../arena.js';
import type { Slot } from '../parameters.js';
import { type Gradient, type Machine, NO_GRADIENT, type Node, type Observer, type Pass, wholeGradient } from './node.js';

export type DepthwiseOperation = Extract<Operation, { kind: 'depthwiseConv' }>;

/**
 * A convolution of each channel with a kernel of its own. Like ConvNode it goes backward image by image. With
 * stride 1 the input's gradient is such a convolution too, of the output's gradient inside a border, with
 * the kernel turned round; with others it is gathered (kernels/depthwise.c says why).
 */
export class DepthwiseNode implements Node {
  readonly name: string;
  readonly input: View;
  readonly output: View;
  observer: Observer | null = null;
  private readonly operation: DepthwiseOperation;
  private readonly kernel: Slot;
  private readonly bias: Slot | null;
  private readonly inner: View | null;
  /** Whether the input's gradient is a convolution. */
  private readonly turns: boolean;
  private readonly turned: number;
  private readonly kernelGradient: number;
  private readonly biasGradient: number;
  private readonly biasSums: number;
  /** One image of the output's gradient, where it is made on demand or needs a border. */
  private readonly outer: View;

  constructor(operation: DepthwiseOperation, slots: ReadonlyMap<string, Slot>, arena: Arena, input: View, output: View, inner: View | null) {
    const { window, kernel, bias } = operation;
    this.operation = operation;
    this.name = operation.name;
    this.input = input;
    this.output = output;
    this.inner = inner;
    this.kernel = slots.get(kernel.name)!;
    this.bias = bias === null ? null : slots.get(bias.name)!;
    this.turns = inner !== null && window.strideRows === 1;
    this.turned = this.turns ? arena.floats(kernel.count) : 0;
    this.kernelGradient = arena.floats(kernel.count);
    this.biasGradient = arena.floats(operation.output.channels);
    this.biasSums = arena.doubles(operation.output.channels);
    this.outer = arena.view(operation.output, 1, this.turns ? turnedBorder(operation) : NO_BORDER);
  }

  forward(machine: Machine, count: number, pass: Pass): void {
    const { output, window } = this.operation;
    for (let image = 0; image < count; image++) {
      machine.kernels.depthwise(
        this.windows(image), this.input.row, this.kernel.at, this.bias?.at ?? 0, imageAt(this.output, image), this.output.row,
        output.height, output.width, output.channels, window.rows, window.columns, window.strideRows,
      );
      if (pass.training) this.observer?.observe(machine, image);
    }
  }

  backward(machine: Machine, count: number, _pass: Pass, above: Gradient): Gradient {
    const { output, window, kernel } = this.operation;
    machine.bytes.fill(0, this.kernelGradient, this.kernelGradient + 4 * kernel.count);
    machine.bytes.fill(0, this.biasSums, this.biasSums + 8 * output.channels);
    if (this.turns) this.turn(machine);
    for (let image = 0; image < count; image++) {
      const dy = this.outputGradient(above, image);
      machine.kernels.depthwise_gradient(
        this.windows(image), this.input.row, dy.at, dy.row, this.kernelGradient, output.height, output.width, output.channels,
        window.rows, window.columns, window.strideRows,
      );
      if (this.bias !== null) machine.kernels.channel_sums(dy.at, dy.row, output.height, output.width, output.channels, this.biasSums);
      if (this.inner !== null) this.inputGradient(machine, dy, imageAt(this.inner, image), this.inner.row);
    }
    this.update(machine);
    return this.inner === null ? NO_GRADIENT : wholeGradient(machine, this.inner);
  }

  /** One image of it: in place where it lies whole and needs no border. */
  private outputGradient(above: Gradient, image: number): { readonly at: number; readonly row: number } {
    if (above.view !== null && !this.turns) return { at: imageAt(above.view, image), row: above.view.row };
    above.write(image, this.outer.at, this.outer.row);
    return this.outer;
  }

  private inputGradient({ kernels }: Machine, dy: { readonly at: number; readonly row: number }, dx: number, dxRow: number): void {
    const { input, output, window } = this.operation;
    if (this.turns) {
      const { top, left } = turnedBorder(this.operation);
      const begin = dy.at - 4 * (top * dy.row + left * output.channels);
      kernels.depthwise(begin, dy.row, this.turned, 0, dx, dxRow, input.height, input.width, input.channels, window.rows, window.columns, 1);
      return;
    }
    kernels.depthwise_back(
      dy.at, dy.row, this.kernel.at, dx, dxRow, input.height, input.width, input.channels, output.height, output.width,
      window.rows, window.columns, window.strideRows, window.top, window.left,
    );
  }

  /** The kernel by 180 degrees. */
  private turn({ floats }: Machine): void {
    const { window, output } = this.operation;
    const taps = window.rows * window.columns;
    const from = this.kernel.at / 4;
    for (let tap = 0; tap < taps; tap++) {
      floats.copyWithin(this.turned / 4 + (taps - 1 - tap) * output.channels, from + tap * output.channels, from + (tap + 1) * output.channels);
    }
  }

  private update(machine: Machine): void {
    const { channels } = this.operation.output;
    machine.update(this.kernel, this.kernelGradient, 0, this.kernel.parameter.count);
    if (this.bias === null) return;
    for (let c = 0; c < channels; c++) machine.floats[this.biasGradient / 4 + c] = machine.doubles[this.biasSums / 8 + c]!;
    machine.update(this.bias, this.biasGradient, 0, channels);
  }

  /** An image of the input as windows see it: they begin in the border. */
  private windows(image: number): number {
    const { window, input } = this.operation;
    return imageAt(this.input, image) - 4 * (window.top * this.input.row + window.left * input.channels);
  }
}

/** The border round the output's gradient that makes a convolution of stride 1 over it give an image of the input's size. */
function turnedBorder({ window, input, output }: DepthwiseOperation): { readonly top: number; readonly bottom: number; readonly left: number; readonly right: number } {
  const top = window.rows - 1 - window.top;
  const left = window.columns - 1 - window.left;
  return { top, bottom: input.height + window.rows - 1 - top - output.height, left, right: input.width + window.columns - 1 - left - output.width };
}
