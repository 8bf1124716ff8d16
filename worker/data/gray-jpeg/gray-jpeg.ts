/**
 * Gray JPEG files without libvips (gray-jpeg.c says why): those in one channel or with neutral chroma,
 * baseline, whole, of at most a million pixels and without any tag that could turn or recolour them. Null
 * for all others, which libvips decodes, or calls unreadable.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../../proto/package-root.js';
import type { ImageInput } from '../../../proto/work.js';

/** Small enough that a file holds up the thread for a few milliseconds at most; larger ones gain little. */
const MOST_PIXELS = 1_000_000;
const MOST_BYTES = 4_000_000;
const MOST_SHRINK = 16;
const LOBES = 3;
const ONE = 1 << 14;
const MOST_AXES = 2048;

interface Decoder {
  input(length: number): number;
  decode(length: number, mostPixels: number): number;
  width(): number;
  height(): number;
  planeAt(): number;
  planeStride(): number;
  tables(columns: number, tapsX: number, rows: number, tapsY: number): number;
  resize(columns: number, tapsX: number, rows: number, tapsY: number): void;
}

/** What each place of the result takes from one axis of the image. */
interface Axis {
  readonly taps: number;
  readonly places: number;
  readonly first: Int32Array;
  readonly weights: Int16Array;
}

const file = readFileSync(join(packageRoot(), 'worker', 'data', 'gray-jpeg', 'gray-jpeg.wasm'));
const memory = new WebAssembly.Memory({ initial: 2, maximum: 1024 });
let decoder: Decoder | null = null;
const axes = new Map<string, Axis>();

/** 8 hex digits of the decoder's SHA-256: other bytes may give other pixels. */
export const GRAY_JPEG = createHash('sha256').update(file).digest('hex').slice(0, 8);

/** Whether the file is whole and decodes here; false says nothing about it. */
export function isGrayJpeg(bytes: Uint8Array): boolean {
  return decoded(bytes) !== null;
}

/** Every pixel, as uint8 [height, width]: for tests of what the resize starts from. */
export function grayJpegPlane(bytes: Uint8Array): { readonly height: number; readonly width: number; readonly pixels: Uint8Array } | null {
  const from = decoded(bytes);
  if (from === null) return null;
  const [height, width, stride] = [from.height(), from.width(), from.planeStride()];
  const pixels = new Uint8Array(height * width);
  for (let y = 0; y < height; y += 1) pixels.set(new Uint8Array(memory.buffer, from.planeAt() + y * stride, width), y * width);
  return { height, width, pixels };
}

/** Pixels as uint8 [height, width], or null. */
export function decodeGrayJpeg(bytes: Uint8Array, { height, width, resize }: Pick<ImageInput, 'height' | 'width' | 'resize'>): Uint8Array | null {
  const from = decoded(bytes);
  if (from === null) return null;
  const [down, across] = shrinks(from.height() / height, from.width() / width, resize);
  if (down < 1 || across < 1 || down > MOST_SHRINK || across > MOST_SHRINK) return null;
  const rows = resize === 'stretch' ? height : Math.round(from.height() / down);
  const columns = resize === 'stretch' ? width : Math.round(from.width() / across);
  const resized = resizedTo(from, axisOf(from.height(), rows, down, 1), axisOf(from.width(), columns, across, 8));
  if (resized === null) return null;
  const stride = Math.ceil(columns / 8) * 8;
  const pixels = new Uint8Array(height * width);
  // What is too much is cut from both ends, what is missing stays black at both: as libvips has its centre.
  const [top, left] = [offset(rows, height), offset(columns, width)];
  for (let y = Math.max(0, -top); y < Math.min(height, rows - top); y += 1) {
    const start = (y + top) * stride + Math.max(0, left);
    pixels.set(resized.subarray(start, start + Math.min(width, columns)), y * width + Math.max(0, -left));
  }
  return pixels;
}

/** Where the result begins in the resized axis; below 0 where it begins before it. */
function offset(resized: number, wanted: number): number {
  return resized >= wanted ? Math.floor((resized - wanted + 1) / 2) : -Math.floor((wanted - resized) / 2);
}

function shrinks(down: number, across: number, resize: ImageInput['resize']): readonly [number, number] {
  if (resize === 'stretch') return [down, across];
  const both = resize === 'crop' ? Math.min(down, across) : Math.max(down, across);
  return [both, both];
}

function decoded(bytes: Uint8Array): Decoder | null {
  if (bytes.length > MOST_BYTES || bytes[0] !== 0xff || bytes[1] !== 0xd8) return null;
  decoder ??= new WebAssembly.Instance(new WebAssembly.Module(file), { env: { memory } }).exports as unknown as Decoder;
  const input = decoder.input(bytes.length);
  if (input === 0) return null;
  new Uint8Array(memory.buffer).set(bytes, input);
  return decoder.decode(bytes.length, MOST_PIXELS) === 1 ? decoder : null;
}

/** A view of the decoder's memory, until it is called again: rows of a multiple of 8 columns. */
function resizedTo(from: Decoder, vertical: Axis, horizontal: Axis): Uint8Array | null {
  const at = from.tables(horizontal.places, horizontal.taps, vertical.places, vertical.taps);
  if (at === 0) return null;
  const { buffer } = memory;
  const [firstX = 0, weightsX = 0, firstY = 0, weightsY = 0, out = 0] = new Uint32Array(buffer, at, 5);
  new Int32Array(buffer, firstX).set(horizontal.first);
  new Int16Array(buffer, weightsX).set(horizontal.weights);
  new Int32Array(buffer, firstY).set(vertical.first);
  new Int16Array(buffer, weightsY).set(vertical.weights);
  from.resize(horizontal.places, horizontal.taps, vertical.places, vertical.taps);
  return new Uint8Array(buffer, out, horizontal.places * vertical.places);
}

/** Few sizes come again and again: sines are dearer than the resize itself. */
function axisOf(from: number, to: number, shrink: number, lanes: number): Axis {
  const key = `${from} ${to} ${shrink} ${lanes}`;
  const known = axes.get(key);
  if (known !== undefined) return known;
  if (axes.size === MOST_AXES) axes.clear();
  const axis = newAxis(from, to, shrink, lanes);
  axes.set(key, axis);
  return axis;
}

/**
 * Lanczos' kernel (sinc x times sinc x/3 for |x| < 3) widened by `shrink`, about the middle of each place,
 * the axes' middles laid on each other; what lies past an end counts for the pixel there. Weights are in
 * units of 2^-14 and sum to one, so that a constant image stays what it is.
 */
function newAxis(from: number, to: number, shrink: number, lanes: number): Axis {
  const span = Math.ceil(2 * LOBES * shrink) + 1;
  const taps = Math.ceil(Math.min(span, from) / lanes) * lanes;
  const places = Math.ceil(to / lanes) * lanes;
  const first = new Int32Array(places);
  const weights = new Int16Array(places * taps);
  for (let place = 0; place < to; place += 1) {
    const middle = (place + 0.5) * shrink - 0.5 - (to * shrink - from) / 2;
    const begin = Math.floor(middle - LOBES * shrink) + 1;
    const start = Math.max(0, Math.min(begin, from - Math.min(span, from)));
    const shares = new Float64Array(taps);
    let sum = 0;
    for (let pixel = begin; pixel < begin + span; pixel += 1) {
      const share = lanczos((pixel - middle) / shrink);
      const nearest = Math.min(from - 1, Math.max(0, pixel)) - start;
      shares[nearest] = (shares[nearest] ?? 0) + share;
      sum += share;
    }
    const scaled = Int16Array.from(shares, (share) => Math.round((share / sum) * ONE));
    const largest = scaled.reduce((best, share, tap) => (share > (scaled[best] ?? 0) ? tap : best), 0);
    scaled[largest] = (scaled[largest] ?? 0) + ONE - scaled.reduce((total, share) => total + share, 0);
    first[place] = start;
    weights.set(scaled, place * taps);
  }
  return { taps, places, first, weights };
}

function lanczos(x: number): number {
  if (x === 0) return 1;
  if (Math.abs(x) >= LOBES) return 0;
  const angle = Math.PI * x;
  return (LOBES * Math.sin(angle) * Math.sin(angle / LOBES)) / (angle * angle);
}
