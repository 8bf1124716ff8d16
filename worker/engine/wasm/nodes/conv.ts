import type { Operation, Window } from '../../program.js';
import { type Arena, type Border, imageAt, NO_BORDER, type View } from '../arena.js';
import type { Slot } from '../parameters.js';
import { type Gradient, type Machine, NO_GRADIENT, type Node, type Observer, type Pass, wholeGradient } from './node.js';

export type ConvOperation = Extract<Operation, { kind: 'conv' }>;

/** The border that a convolution wants round its input: as far as its windows reach. */
export function borderOf(window: Window): Border {
  return { top: window.top, bottom: window.bottom, left: window.left, right: window.right };
}

/** Channels rounded up to whole column tiles of 8, the last perhaps of 4 (kernels/simd.h, tile_width). */
export function tiled(channels: number): number {
  const rest = channels % 8;
  if (rest === 0) return channels;
  return channels - rest + (rest > 4 ? 8 : 4);
}

/**
 * Backward works image by image: the gradient of the output (often made on the spot by the node
 * above), the filter gradient and the input gradient of one image are done before the next, in cache.
 * The input gradient is a convolution too: of the output's gradient inside a border, its pixels spread
 * apart by the strides, with the kernel turned round. For the first layer nobody needs it.
 */
export class ConvNode implements Node {
  readonly name: string;
  readonly input: View;
  readonly output: View;
  observer: Observer | null = null;
  private readonly operation: ConvOperation;
  private readonly kernel: Slot;
  private readonly bias: Slot | null;
  private readonly packed: number;
  private readonly padded: number;
  private readonly gradient: number;
  private readonly biasSums: number;
  /** One image of the output's gradient: bordered for stride 1, else as it is, with `spread` beside it. */
  private readonly outer: View;
  private readonly spread: View;
  private readonly inner: View | null;
  private readonly packedBack: number;

  constructor(operation: ConvOperation, slots: ReadonlyMap<string, Slot>, arena: Arena, input: View, output: View, inner: View | null) {
    this.operation = operation;
    this.name = operation.name;
    this.input = input;
    this.output = output;
    this.inner = inner;
    const { window, kernel } = operation;
    this.kernel = slots.get(kernel.name)!;
    this.bias = operation.bias === null ? null : slots.get(operation.bias.name)!;
    const taps = window.rows * window.columns;
    const depth = taps * operation.input.channels;
    this.packed = arena.floats(depth * tiled(operation.output.channels));
    this.padded = arena.floats(depth * tiled(operation.output.channels));
    this.gradient = arena.floats(Math.max(kernel.count, operation.output.channels));
    this.biasSums = arena.doubles(operation.output.channels);
    this.packedBack = inner === null ? 0 : arena.floats(taps * operation.output.channels * tiled(operation.input.channels));
    this.spread = inner === null ? arena.view(operation.output, 1, NO_BORDER) : this.planSpread(arena);
    const unit = window.strideRows === 1 && window.strideColumns === 1;
    this.outer = inner === null || unit ? this.spread : arena.view(operation.output, 1, NO_BORDER);
  }

  /** The border that makes a convolution of stride 1 over it give an image of the input's size. */
  private planSpread(arena: Arena): View {
    const { window, input, output } = this.operation;
    const height = (output.height - 1) * window.strideRows + 1;
    const width = (output.width - 1) * window.strideColumns + 1;
    const top = window.rows - 1 - window.top;
    const left = window.columns - 1 - window.left;
    const border = {
      top,
      bottom: input.height + window.rows - 1 - top - height,
      left,
      right: input.width + window.columns - 1 - left - width,
    };
    return arena.view({ height, width, channels: output.channels }, 1, border);
  }

  forward(machine: Machine, count: number, pass: Pass): void {
    const { window, input, output } = this.operation;
    const { kernels } = machine;
    kernels.pack_forward(this.kernel.at, this.packed, window.rows * window.columns * input.channels, output.channels);
    for (let image = 0; image < count; image++) {
      kernels.conv(
        imageAt(this.paddedInput(), image), this.input.row, this.packed, this.bias?.at ?? 0,
        imageAt(this.output, image), this.output.row, output.height, output.width, input.channels, output.channels,
        window.rows, window.columns, window.strideRows, window.strideColumns,
      );
      if (pass.training) this.observer?.observe(machine, image);
    }
  }

  backward(machine: Machine, count: number, _pass: Pass, above: Gradient): Gradient {
    const { window, input, output } = this.operation;
    const { kernels } = machine;
    const depth = window.rows * window.columns * input.channels;
    const stride = tiled(output.channels);
    machine.bytes.fill(0, this.padded, this.padded + 4 * depth * stride);
    if (this.bias !== null) machine.bytes.fill(0, this.biasSums, this.biasSums + 8 * output.channels);
    if (this.inner !== null) kernels.pack_backward(this.kernel.at, this.packedBack, window.rows * window.columns, input.channels, output.channels);
    for (let image = 0; image < count; image++) {
      const [at, row] = this.outputGradient(above, image);
      kernels.filter_gradient(
        imageAt(this.paddedInput(), image), this.input.row, at, row, this.padded, stride, output.height, output.width,
        input.channels, output.channels, window.rows, window.columns, window.strideRows, window.strideColumns,
      );
      if (this.bias !== null) kernels.channel_sums(at, row, output.height, output.width, output.channels, this.biasSums);
      if (this.inner !== null) this.inputGradient(machine, image, at, row, this.inner);
    }
    this.update(machine, depth, stride);
    return this.inner === null ? NO_GRADIENT : wholeGradient(machine, this.inner);
  }

  /** The output's gradient of one image: in place where it lies whole and nothing needs its borders. */
  private outputGradient(above: Gradient, image: number): [at: number, row: number] {
    const bordered = this.outer.row !== this.operation.output.width * this.operation.output.channels || this.outer.image !== this.operation.output.height * this.outer.row;
    if (above.view !== null && !(bordered && this.inner !== null)) return [imageAt(above.view, image), above.view.row];
    above.write(image, this.outer.at, this.outer.row);
    return [this.outer.at, this.outer.row];
  }

  private inputGradient(machine: Machine, image: number, at: number, row: number, inner: View): void {
    const { window, input, output } = this.operation;
    let from = this.spread;
    if (this.spread !== this.outer) {
      machine.kernels.spread(
        at, row, this.spread.at, this.spread.row * window.strideRows, output.height, output.width, output.channels,
        window.strideColumns,
      );
    } else if (at !== this.outer.at) from = { ...this.spread, at, row };
    machine.kernels.conv(
      from.at - 4 * this.before(from.row), from.row, this.packedBack, 0, imageAt(inner, image), inner.row,
      input.height, input.width, output.channels, input.channels, window.rows, window.columns, 1, 1,
    );
  }

  /** Floats of border before the first pixel of the spread gradient. */
  private before(row: number): number {
    const { window, output } = this.operation;
    return (window.rows - 1 - window.top) * row + (window.columns - 1 - window.left) * output.channels;
  }

  private update(machine: Machine, depth: number, stride: number): void {
    const { channels } = this.operation.output;
    let gradient = this.padded;
    if (stride !== channels) {
      machine.kernels.unpad_rows(this.padded, stride, this.gradient, depth, channels);
      gradient = this.gradient;
    }
    machine.update(this.kernel, gradient, 0, this.kernel.parameter.count);
    if (this.bias === null) return;
    for (let c = 0; c < channels; c++) machine.floats[this.gradient / 4 + c] = machine.doubles[this.biasSums / 8 + c]!;
    machine.update(this.bias, this.gradient, 0, channels);
  }

  /** Windows begin in the border. */
  private paddedInput(): View {
    const { window, input } = this.operation;
    return { ...this.input, at: this.input.at - 4 * (window.top * this.input.row + window.left * input.channels) };
  }
}
