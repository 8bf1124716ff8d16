/**
 * The gradient of a convolution's input. It is a convolution too: of the output's gradient inside a border,
 * with the kernel turned round. Where the windows move by more than one pixel, an input pixel meets only those
 * taps of the kernel that lie on its own phase, its place modulo the strides: each phase is then a convolution
 * of stride 1 with its part of the kernel, and is laid into the input's pixels that are a stride apart.
 * Rejected: the output's gradient spread apart by the strides, under the whole kernel, which multiplies by
 * zeros (strideRows x strideColumns - 1) times out of that: 16 times the work for windows of 11 x 11 and stride 4.
 */
import type { Shape } from '../../parameter.js';
import type { Window } from '../../window.js';
import { type Arena, type Border, imageAt } from '../arena.js';
import { type Convolution, type Images, planConvolution } from './convolution.js';
import type { Machine } from './node.js';

export interface InputGradient {
  /** What is to lie, as zeros, round the output's gradient. */
  readonly border: Border;
  /** To be called when the weights have changed. */
  pack(machine: Machine, weights: number): void;
  /** `dy` begins at the first pixel inside the border. */
  images(machine: Machine, count: number, dy: Images, dx: Images): void;
}

export function planInputGradient(arena: Arena, window: Window, input: Shape, output: Shape, together: number): InputGradient {
  return window.strideRows === 1 && window.strideColumns === 1 ? new WholeGradient(arena, window, input, output) : new PhasedGradient(arena, window, input, output, together);
}

class WholeGradient implements InputGradient {
  readonly border: Border;
  private readonly convolution: Convolution;
  private readonly channels: number;

  constructor(arena: Arena, window: Window, input: Shape, output: Shape) {
    const { rows, columns, top, left } = window;
    this.border = {
      top: rows - 1 - top,
      bottom: input.height + top - output.height,
      left: columns - 1 - left,
      right: input.width + left - output.width,
    };
    this.channels = output.channels;
    this.convolution = planConvolution(arena, window, output.channels, input, true);
  }

  pack(machine: Machine, weights: number): void {
    this.convolution.pack(machine, weights);
  }

  images(machine: Machine, count: number, dy: Images, dx: Images): void {
    this.convolution.images(machine, count, moved(dy, -this.border.top, -this.border.left, this.channels), 0, dx);
  }
}

/** Along rows or columns: the taps and the pixels of one phase. */
interface Steps {
  /** The first tap; the others follow a stride apart. */
  readonly tap: number;
  readonly taps: number;
  /** The first pixel of the input; the others follow a stride apart. */
  readonly pixel: number;
  readonly pixels: number;
  /** Of the output, the first pixel whose window reaches that one; negative in the border. */
  readonly from: number;
}

/** The phases of an axis of `size` pixels with `zeros` before them. */
function stepsOf(size: number, zeros: number, window: number, stride: number): readonly Steps[] {
  const all = Array.from({ length: Math.min(stride, size) }, (_, pixel): Steps => {
    const place = pixel + zeros;
    const tap = place % stride;
    const taps = Math.max(0, Math.ceil((window - tap) / stride));
    return { tap, taps, pixel, pixels: Math.ceil((size - pixel) / stride), from: Math.floor(place / stride) - (taps - 1) };
  });
  // A pixel that no window reaches has no gradient.
  return all.filter(({ taps }) => taps > 0);
}

interface Phase {
  readonly rows: Steps;
  readonly columns: Steps;
  readonly convolution: Convolution;
}

class PhasedGradient implements InputGradient {
  readonly border: Border;
  private readonly window: Window;
  private readonly input: Shape;
  private readonly channels: number;
  private readonly phases: readonly Phase[];
  /** The taps of one phase, [taps, inputs, outputs]. */
  private readonly kernel: number;
  /** The pixels of one phase, of so many images as go together. */
  private readonly pixels: number;

  constructor(arena: Arena, window: Window, input: Shape, output: Shape, together: number) {
    const rows = stepsOf(input.height, window.top, window.rows, window.strideRows);
    const columns = stepsOf(input.width, window.left, window.columns, window.strideColumns);
    this.window = window;
    this.input = input;
    this.channels = output.channels;
    const [top, bottom] = reach(rows, output.height);
    const [left, right] = reach(columns, output.width);
    this.border = { top, bottom, left, right };
    this.phases = rows.flatMap((ofRows) => columns.map((ofColumns): Phase => {
      const extent = { rows: ofRows.taps, columns: ofColumns.taps, strideRows: 1, strideColumns: 1 };
      const shape = { height: ofRows.pixels, width: ofColumns.pixels, channels: input.channels };
      return { rows: ofRows, columns: ofColumns, convolution: planConvolution(arena, extent, output.channels, shape, true) };
    }));
    const most = (steps: readonly Steps[], of: (step: Steps) => number): number => Math.max(0, ...steps.map(of));
    this.kernel = arena.floats(most(rows, ({ taps }) => taps) * most(columns, ({ taps }) => taps) * input.channels * output.channels);
    this.pixels = arena.floats(together * most(rows, ({ pixels }) => pixels) * most(columns, ({ pixels }) => pixels) * input.channels);
  }

  pack(machine: Machine, weights: number): void {
    const bytes = 4 * this.input.channels * this.channels;
    for (const { rows, columns, convolution } of this.phases) {
      let to = this.kernel;
      for (let row = rows.tap; row < this.window.rows; row += this.window.strideRows) {
        for (let column = columns.tap; column < this.window.columns; column += this.window.strideColumns) {
          const from = weights + (row * this.window.columns + column) * bytes;
          machine.bytes.copyWithin(to, from, from + bytes);
          to += bytes;
        }
      }
      convolution.pack(machine, this.kernel);
    }
  }

  images(machine: Machine, count: number, dy: Images, dx: Images): void {
    const { height, channels } = this.input;
    const { strideRows, strideColumns } = this.window;
    if (this.phases.length < strideRows * strideColumns) {
      for (let image = 0; image < count; image++) machine.bytes.fill(0, imageAt(dx, image), imageAt(dx, image) + 4 * height * dx.row);
    }
    for (const { rows, columns, convolution } of this.phases) {
      const row = columns.pixels * channels;
      const made: Images = { at: this.pixels, row, image: rows.pixels * row };
      convolution.images(machine, count, moved(dy, rows.from, columns.from, this.channels), 0, made);
      const to = moved(dx, rows.pixel, columns.pixel, channels);
      for (let image = 0; image < count; image++) {
        machine.kernels.spread(imageAt(made, image), row, imageAt(to, image), strideRows * dx.row, rows.pixels, columns.pixels, channels, strideColumns);
      }
    }
  }
}

/** How far the phases reach before and past the `size` pixels of the output. */
function reach(phases: readonly Steps[], size: number): readonly [before: number, after: number] {
  const before = phases.map(({ from }) => -from);
  const after = phases.map(({ from, taps, pixels }) => from + pixels + taps - 1 - size);
  return [Math.max(0, ...before), Math.max(0, ...after)];
}

/** The same images, beginning some pixels further on. */
function moved({ at, row, image }: Images, rows: number, columns: number, channels: number): Images {
  return { at: at + 4 * (rows * row + columns * channels), row, image };
}
