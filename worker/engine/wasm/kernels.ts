import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../../proto/package-root.js';

/**
 * The functions of kernels.wasm (kernels/*.c says what each does). Pointers are byte offsets into the
 * memory, 0 standing for null; strides are in floats.
 */
export interface Kernels {
  readonly __heap_base: WebAssembly.Global;
  augment(
    pixels: number, y: number, height: number, width: number, channels: number, matrix: number, fill: number, value: number,
    contrast: number, brightness: number,
  ): void;
  normalise_floats(values: number, x: number, xRow: number, height: number, length: number, mean: number, deviation: number): void;
  normalise(pixels: number, x: number, xRow: number, height: number, length: number, mean: number, deviation: number): void;
  conv(
    x: number, xRow: number, xImage: number, w: number, bias: number, y: number, yRow: number, yImage: number, images: number,
    height: number, width: number, input: number, output: number, rows: number, columns: number, strideRows: number, strideColumns: number,
  ): void;
  curve(x: number, xRow: number, y: number, yRow: number, height: number, length: number, kind: number): void;
  curve_back(
    x: number, xRow: number, dy: number, dyRow: number, dx: number, dxRow: number, height: number, length: number, kind: number,
  ): void;
  add_images(a: number, aRow: number, b: number, bRow: number, y: number, yRow: number, height: number, length: number, relu: number): void;
  copy_channels(
    from: number, fromRow: number, fromStep: number, to: number, toRow: number, toStep: number, height: number, width: number, count: number,
  ): void;
  depthwise(
    x: number, xRow: number, w: number, bias: number, y: number, yRow: number, height: number, width: number, channels: number,
    rows: number, columns: number, stride: number,
  ): void;
  depthwise_gradient(
    x: number, xRow: number, dy: number, dyRow: number, dw: number, height: number, width: number, channels: number,
    rows: number, columns: number, stride: number,
  ): void;
  depthwise_back(
    dy: number, dyRow: number, w: number, dx: number, dxRow: number, height: number, width: number, channels: number,
    outHeight: number, outWidth: number, rows: number, columns: number, stride: number, top: number, left: number,
  ): void;
  pack_forward(w: number, packed: number, depth: number, output: number): void;
  pack_backward(w: number, packed: number, taps: number, input: number, output: number): void;
  filter_gradient(
    x: number, xRow: number, xImage: number, dy: number, dyRow: number, dyImage: number, dw: number, stride: number, images: number,
    height: number, width: number, input: number, output: number, rows: number, columns: number, strideRows: number, strideColumns: number,
  ): void;
  winograd_pack(w: number, u: number, input: number, output: number, back: number): void;
  winograd(
    x: number, xRow: number, u: number, bias: number, y: number, yRow: number, height: number, width: number,
    input: number, output: number, scratch: number,
  ): void;
  winograd_sums(
    x: number, xRow: number, dy: number, dyRow: number, sums: number, height: number, width: number, input: number, output: number, scratch: number,
  ): void;
  winograd_gradient(sums: number, dw: number, input: number, output: number): void;
  unpad_rows(from: number, stride: number, to: number, rows: number, columns: number): void;
  spread(from: number, fromRow: number, to: number, toRow: number, height: number, width: number, channels: number, step: number): void;
  channel_sums(x: number, xRow: number, height: number, width: number, channels: number, sums: number): void;
  dense_forward(x: number, w: number, bias: number, y: number, rows: number, depth: number, columns: number): void;
  dense_weight_gradient(x: number, xRow: number, dy: number, dw: number, batch: number, taps: number, columns: number): void;
  dense_input_gradient(dy: number, w: number, dx: number, batch: number, taps: number, columns: number): void;
  image_statistics(x: number, xRow: number, height: number, width: number, channels: number, nth: number, statistics: number, scratch: number): void;
  moments(statistics: number, count: number, channels: number, out: number, stride: number): void;
  affine_of(moments: number, gamma: number, beta: number, epsilon: number, channels: number, stride: number, affine: number): void;
  back_of(
    sums: number, count: number, moments: number, gamma: number, epsilon: number, channels: number, stride: number,
    back: number, dgamma: number, dbeta: number,
  ): void;
  activate(
    x: number, xRow: number, y: number, yRow: number, height: number, width: number, channels: number, affine: number,
    stride: number, ceiling: number, first: number, threshold: number, seed: number, seed2: number, scale: number,
  ): void;
  activate_sums(
    x: number, xRow: number, y: number, yRow: number, dy: number, dyRow: number, height: number, width: number,
    channels: number, mean: number, ceiling: number, first: number, threshold: number, seed: number, seed2: number,
    scale: number, sums: number,
  ): void;
  activate_back(
    x: number, xRow: number, y: number, yRow: number, dy: number, dyRow: number, dx: number, dxRow: number,
    height: number, width: number, channels: number, back: number, stride: number, ceiling: number, first: number,
    threshold: number, seed: number, seed2: number, scale: number,
  ): void;
  activate_pool(
    x: number, xRow: number, y: number, yRow: number, winner: number, height: number, width: number, channels: number,
    affine: number, stride: number, first: number, threshold: number, seed: number, seed2: number, scale: number,
  ): void;
  pool_sums(
    x: number, xRow: number, winner: number, dy: number, dyRow: number, height: number, width: number,
    channels: number, mean: number, scale: number, sums: number,
  ): void;
  pool_back(
    x: number, xRow: number, winner: number, dy: number, dyRow: number, dx: number, dxRow: number, height: number,
    width: number, channels: number, back: number, stride: number, scale: number,
  ): void;
  max_pool(x: number, xRow: number, y: number, yRow: number, ...window: WindowArguments): void;
  max_pool_back(x: number, xRow: number, dy: number, dyRow: number, dx: number, dxRow: number, ...window: WindowArguments): void;
  average_pool(x: number, xRow: number, y: number, yRow: number, ...window: WindowArguments): void;
  average_pool_back(dy: number, dyRow: number, dx: number, dxRow: number, ...window: WindowArguments): void;
  cross_entropy(
    logits: number, labels: number, weights: number, gradient: number, batch: number, classes: number, smoothing: number, correct: number,
  ): number;
  add_scaled(gradient: number, w: number, count: number, factor: number): void;
  scale(gradient: number, count: number, factor: number): void;
  sum_of_squares(w: number, count: number): number;
  sgdm(w: number, a: number, gradient: number, count: number, rate: number, momentum: number): void;
  nesterov(w: number, a: number, gradient: number, count: number, rate: number, momentum: number): void;
  rmsprop(w: number, v: number, gradient: number, count: number, rate: number, rho: number, epsilon: number): void;
  adam(
    w: number, m: number, v: number, gradient: number, count: number, rate: number, beta1: number, beta2: number, epsilon: number, decay: number,
  ): void;
}

/** height, width, channels, outHeight, outWidth, rows, columns, strideRows, strideColumns, top, left. */
export type WindowArguments = [number, number, number, number, number, number, number, number, number, number, number];

/** Where the arena begins: past the kernels' own data and stack. Rounded up to 64 bytes. */
export const ARENA_BASE = 65_536;

export const PAGE_BYTES = 65_536;

export function kernelFile(): Buffer {
  return readFileSync(join(packageRoot(), 'worker/engine/wasm/kernels.wasm'));
}

let compiled: WebAssembly.Module | null = null;

/** Instances share one compiled module, so that a child that trains stage after stage compiles once. */
export function instantiateKernels(memory: WebAssembly.Memory): Kernels {
  compiled ??= new WebAssembly.Module(new Uint8Array(kernelFile()));
  const kernels = new WebAssembly.Instance(compiled, { env: { memory } }).exports as unknown as Kernels;
  const base = Number(kernels.__heap_base.value);
  if (base > ARENA_BASE) throw new Error(`the kernels' own data reach to ${String(base)}, past ${String(ARENA_BASE)}`);
  return kernels;
}
