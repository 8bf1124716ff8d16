/** One resize for the pixels of every decoder: kernels.wasm (wasm/kernels/resize.c) with the weights of resample.ts. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../proto/package-root.js';
import type { PixelShape, Raster } from './raster.js';
import { fitOf, resampling, type Axis } from './resample.js';

/** The functions of kernels.wasm; pointers are byte offsets into the memory. */
interface Kernels {
  readonly __heap_base: WebAssembly.Global;
  luma(rgb: number, gray: number, count: number): void;
  split(rgb: number, planes: number, plane: number, count: number): void;
  place(planes: number, plane: number, row: number, height: number, width: number, to: number, toRow: number, channels: number): void;
  resample(from: number, row: number, rows: number, to: number, toRow: number, outputs: number, first: number, high: number, low: number, taps: number): void;
}

const PAGE_BYTES = 65_536;
/** Of the source, taken into the kernels' memory at a time: what the processor's cache holds. */
const STRIP_BYTES = 128 * 2 ** 10;
let kernels: { readonly memory: WebAssembly.Memory; readonly functions: Kernels; readonly base: number } | null = null;

export function resizeKernels(): Buffer {
  return readFileSync(join(packageRoot(), 'worker/data/wasm/kernels.wasm'));
}

function load(): NonNullable<typeof kernels> {
  const memory = new WebAssembly.Memory({ initial: 2, maximum: 65_536 });
  const functions = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(resizeKernels())), { env: { memory } }).exports as unknown as Kernels;
  return { memory, functions, base: Math.ceil(Number(functions.__heap_base.value) / 64) * 64 };
}

/** Uint8 [height, width, channels] of the shape. */
export function resize(raster: Raster, shape: PixelShape): Uint8Array {
  kernels ??= load();
  const { memory, functions, base } = kernels;
  const fit = fitOf(raster.width, raster.height, shape);
  const across = resampling(raster.width, fit.left, fit.right, fit.width);
  const down = resampling(raster.height, fit.top, fit.bottom, fit.height);
  const planes = raster.channels === 3 && shape.channels === 3 ? 3 : 1;
  const rowBytes = raster.width * raster.channels;
  const stripRows = Math.min(roundUp(raster.height, 4), Math.max(4, 4 * Math.floor(STRIP_BYTES / rowBytes / 4)));
  const stripPlane = stripRows * raster.width + across.taps;
  // Turned: a row for each column of the outcome.
  const midRow = roundUp(raster.height, stripRows);
  const midPlane = roundUp(fit.width, 4) * midRow + down.taps;
  const outRow = roundUp(fit.width, 4);
  const arena = new Arena(memory, base);
  const [acrossAt, downAt] = [arena.axis(across), arena.axis(down)];
  const source = arena.take(stripRows * rowBytes + across.taps);
  const strip = raster.channels === 1 ? source : arena.take(planes * stripPlane);
  const mid = arena.take(planes * midPlane);
  const out = arena.take(planes * fit.height * outRow);
  const size = shape.height * shape.width * shape.channels;
  const canvas = arena.take(size);
  const bytes = new Uint8Array(memory.buffer);
  for (let from = 0; from < raster.height; from += stripRows) {
    const rows = Math.min(stripRows, raster.height - from);
    bytes.set(raster.pixels.subarray(from * rowBytes, (from + rows) * rowBytes), source);
    if (planes === 3) functions.split(source, strip, stripPlane, rows * raster.width);
    else if (raster.channels === 3) functions.luma(source, strip, rows * raster.width);
    for (let plane = 0; plane < planes; plane += 1) {
      functions.resample(strip + plane * stripPlane, raster.width, roundUp(rows, 4), mid + plane * midPlane + from, midRow, ...acrossAt);
    }
  }
  for (let plane = 0; plane < planes; plane += 1) {
    functions.resample(mid + plane * midPlane, midRow, outRow, out + plane * fit.height * outRow, outRow, ...downAt);
  }
  bytes.fill(0, canvas, canvas + size);
  const corner = canvas + (fit.y * shape.width + fit.x) * shape.channels;
  functions.place(out, planes === 3 ? fit.height * outRow : 0, outRow, fit.height, fit.width, corner, shape.width * shape.channels, shape.channels);
  return bytes.slice(canvas, canvas + size);
}

function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}

/** The kernels' memory past their own data, taken piece by piece and given back at once by the next resize. */
class Arena {
  readonly #memory: WebAssembly.Memory;
  #end: number;

  constructor(memory: WebAssembly.Memory, base: number) {
    this.#memory = memory;
    this.#end = base;
  }

  take(bytes: number): number {
    const at = this.#end;
    this.#end = roundUp(at + bytes, 64);
    const missing = this.#end - this.#memory.buffer.byteLength;
    if (missing > 0) this.#memory.grow(Math.ceil(missing / PAGE_BYTES));
    return at;
  }

  /** Its arguments for `resample`, from `outputs` on. */
  axis({ outputs, first, high, low, taps }: Axis): [outputs: number, first: number, high: number, low: number, taps: number] {
    const at = [this.take(first.byteLength), this.take(high.byteLength), this.take(low.byteLength)] as const;
    const { buffer } = this.#memory;
    new Int32Array(buffer, at[0]).set(first);
    new Int16Array(buffer, at[1]).set(high);
    new Int16Array(buffer, at[2]).set(low);
    return [outputs, ...at, taps];
  }
}
