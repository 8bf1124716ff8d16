/**
 * The three products of a convolution for a few images, in the form that is fastest for its size: by the
 * definition (kernels/conv.c), or for 3 x 3 windows of stride 1 over many channels by tiles
 * (kernels/winograd.c): at 64 channels and 28 px two thirds of the time.
 */
import type { Shape } from '../../parameter.js';
import type { Window } from '../../window.js';
import { type Arena, imageAt, type View } from '../arena.js';
import type { Machine } from './node.js';

/** As TILES in kernels/winograd.c. */
const TILES = 32;
/** Below, the transforms cost more than the products that they save. */
const LEAST_CHANNELS = 16;
const LEAST_PIXELS = 64;

/** Pixels that a call of the direct form works on at a time (BLOCK in kernels/conv.c). */
const BLOCK = 128;

/** How many images go together: as many as fill a block, so that small images do not read large weights one by one. */
export function imagesTogether({ height, width }: Shape): number {
  return Math.max(1, Math.floor(BLOCK / (height * width)));
}

/** Images in memory: where the first begins, floats from one row to the next and from one image to the next. */
export type Images = Pick<View, 'at' | 'row' | 'image'>;

type Extent = Pick<Window, 'rows' | 'columns' | 'strideRows' | 'strideColumns'>;

/** y = bias + x * w, from an image of `inputs` channels inside its border to one of `output`'s size. */
export interface Convolution {
  /** To be called when the weights have changed. */
  pack(machine: Machine, weights: number): void;
  /** `x` begins at the first window; `bias` 0 for none. */
  images(machine: Machine, count: number, x: Images, bias: number, y: Images): void;
}

/** The gradient of the weights, summed over images. */
export interface WeightGradient {
  clear(machine: Machine): void;
  /** `x` begins at the first window. */
  images(machine: Machine, count: number, x: Images, dy: Images): void;
  /** Where the sum then lies, float32 [rows, columns, inputs, outputs]. */
  sum(machine: Machine): number;
}

function goesByTiles(extent: Extent, inputs: number, output: Shape): boolean {
  const { rows, columns, strideRows, strideColumns } = extent;
  const channels = [inputs, output.channels];
  return (
    rows === 3 && columns === 3 && strideRows === 1 && strideColumns === 1 && output.height * output.width >= LEAST_PIXELS &&
    channels.every((count) => count >= LEAST_CHANNELS && count % 8 === 0)
  );
}

/** `back`: the weights are those of the convolution whose input's gradient this is. */
export function planConvolution(arena: Arena, extent: Extent, inputs: number, output: Shape, back: boolean): Convolution {
  return goesByTiles(extent, inputs, output) ? new TiledConvolution(arena, inputs, output, back) : new DirectConvolution(arena, extent, inputs, output, back);
}

export function planWeightGradient(arena: Arena, extent: Extent, inputs: number, output: Shape): WeightGradient {
  return goesByTiles(extent, inputs, output) ? new TiledGradient(arena, inputs, output) : new DirectGradient(arena, extent, inputs, output);
}

/** Channels rounded up to whole column tiles of 8, the last perhaps of 4 (kernels/simd.h, tile_width). */
function tiled(channels: number): number {
  const rest = channels % 8;
  if (rest === 0) return channels;
  return channels - rest + (rest > 4 ? 8 : 4);
}

class DirectConvolution implements Convolution {
  private readonly extent: Extent;
  private readonly inputs: number;
  private readonly output: Shape;
  private readonly back: boolean;
  private readonly packed: number;

  constructor(arena: Arena, extent: Extent, inputs: number, output: Shape, back: boolean) {
    this.extent = extent;
    this.inputs = inputs;
    this.output = output;
    this.back = back;
    this.packed = arena.floats(extent.rows * extent.columns * inputs * tiled(output.channels));
  }

  pack({ kernels }: Machine, weights: number): void {
    const taps = this.extent.rows * this.extent.columns;
    if (this.back) kernels.pack_backward(weights, this.packed, taps, this.output.channels, this.inputs);
    else kernels.pack_forward(weights, this.packed, taps * this.inputs, this.output.channels);
  }

  images({ kernels }: Machine, count: number, x: Images, bias: number, y: Images): void {
    const { rows, columns, strideRows, strideColumns } = this.extent;
    const { height, width, channels } = this.output;
    kernels.conv(
      x.at, x.row, x.image, this.packed, bias, y.at, y.row, y.image, count, height, width, this.inputs, channels, rows, columns, strideRows, strideColumns,
    );
  }
}

class DirectGradient implements WeightGradient {
  private readonly extent: Extent;
  private readonly inputs: number;
  private readonly output: Shape;
  private readonly padded: number;
  private readonly gradient: number;

  constructor(arena: Arena, extent: Extent, inputs: number, output: Shape) {
    this.extent = extent;
    this.inputs = inputs;
    this.output = output;
    this.padded = arena.floats(this.depth() * tiled(output.channels));
    this.gradient = tiled(output.channels) === output.channels ? this.padded : arena.floats(this.depth() * output.channels);
  }

  clear({ bytes }: Machine): void {
    bytes.fill(0, this.padded, this.padded + 4 * this.depth() * tiled(this.output.channels));
  }

  images({ kernels }: Machine, count: number, x: Images, dy: Images): void {
    const { rows, columns, strideRows, strideColumns } = this.extent;
    const { height, width, channels } = this.output;
    kernels.filter_gradient(
      x.at, x.row, x.image, dy.at, dy.row, dy.image, this.padded, tiled(channels), count, height, width,
      this.inputs, channels, rows, columns, strideRows, strideColumns,
    );
  }

  sum({ kernels }: Machine): number {
    const { channels } = this.output;
    if (this.gradient !== this.padded) kernels.unpad_rows(this.padded, tiled(channels), this.gradient, this.depth(), channels);
    return this.gradient;
  }

  private depth(): number {
    return this.extent.rows * this.extent.columns * this.inputs;
  }
}

class TiledConvolution implements Convolution {
  private readonly inputs: number;
  private readonly output: Shape;
  private readonly back: boolean;
  private readonly packed: number;
  private readonly scratch: number;

  constructor(arena: Arena, inputs: number, output: Shape, back: boolean) {
    this.inputs = inputs;
    this.output = output;
    this.back = back;
    this.packed = arena.floats(16 * inputs * output.channels);
    this.scratch = arena.floats(16 * TILES * (inputs + output.channels));
  }

  pack({ kernels }: Machine, weights: number): void {
    kernels.winograd_pack(weights, this.packed, this.inputs, this.output.channels, Number(this.back));
  }

  images({ kernels }: Machine, count: number, x: Images, bias: number, y: Images): void {
    const { height, width, channels } = this.output;
    for (let image = 0; image < count; image++) {
      kernels.winograd(imageAt(x, image), x.row, this.packed, bias, imageAt(y, image), y.row, height, width, this.inputs, channels, this.scratch);
    }
  }
}

class TiledGradient implements WeightGradient {
  private readonly inputs: number;
  private readonly output: Shape;
  private readonly sums: number;
  private readonly gradient: number;
  private readonly scratch: number;

  constructor(arena: Arena, inputs: number, output: Shape) {
    this.inputs = inputs;
    this.output = output;
    this.sums = arena.floats(16 * inputs * output.channels);
    this.gradient = arena.floats(9 * inputs * output.channels);
    this.scratch = arena.floats(16 * TILES * (inputs + output.channels));
  }

  clear({ bytes }: Machine): void {
    bytes.fill(0, this.sums, this.sums + 4 * 16 * this.inputs * this.output.channels);
  }

  images({ kernels }: Machine, count: number, x: Images, dy: Images): void {
    const { height, width, channels } = this.output;
    for (let image = 0; image < count; image++) {
      kernels.winograd_sums(imageAt(x, image), x.row, imageAt(dy, image), dy.row, this.sums, height, width, this.inputs, channels, this.scratch);
    }
  }

  sum({ kernels }: Machine): number {
    kernels.winograd_gradient(this.sums, this.gradient, this.inputs, this.output.channels);
    return this.gradient;
  }
}
