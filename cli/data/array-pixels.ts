/**
 * Images and labels out of arrays. Pixels become uint8 with the last index fastest: what is stored so
 * already is read where it lies; anything else (floats, wider numbers, Fortran order) is brought to it
 * once, in a file of its own and a stretch at a time, and refused where that would change a value.
 */
import { closeSync, openSync, renameSync, rmSync, mkdirSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { asDiskFull } from '../../blob/errors.js';
import { MAX_IMAGE_PIXELS } from '../../worker/data/decode.js';
import { badArray, chunksOf, readAt, valueReader, type NpyArray } from './npy.js';
import { tiffOf } from './tiff.js';

export interface PixelArray {
  readonly count: number;
  /** Image `index` as the bytes of an image file. */
  image(index: number): Uint8Array;
}

export interface ConvertOptions {
  /** In images. */
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/** Of a value over 255 in float32 or float64, times 255: far less than half a grey level. */
const ROUNDING = 1e-4;

/** [count, height, width] or [count, height, width, 1 or 3] of values from 0 to 255, or floats from 0 to 1. `converted` is where what is not so stored goes. Throws DataProblem, DiskFullError; rethrows the signal's reason. */
export async function openPixels(array: NpyArray, converted: string, options: ConvertOptions = {}): Promise<PixelArray> {
  const [count, height, width, channels] = imageShape(array);
  const bytes = height * width * channels;
  let path = array.path;
  let offset = array.offset;
  if (array.kind === 'b') throw badArray(array.name, 'images of dtype bool', 'values from 0 to 255', 'convert them with (array * 255).astype("uint8")');
  if (array.kind !== 'u' || array.itemBytes !== 1 || array.fortran) {
    if (statSync(converted, { throwIfNoEntry: false })?.size !== count * bytes) await convert(array, converted, options);
    [path, offset] = [converted, 0];
  }
  return { count, image: (index) => tiffOf(readAt(path, offset + index * bytes, bytes, array.name), height, width, channels) };
}

function imageShape({ name, shape }: NpyArray): [number, number, number, 1 | 3] {
  const [count = 0, height = 0, width = 0, channels = 1] = shape;
  const found = `shape (${shape.join(', ')})`;
  const expected = 'images as (N, height, width), (N, height, width, 1) or (N, height, width, 3)';
  if (shape.length === 2) throw badArray(name, found, expected, 'rows of pixels become images with array.reshape(-1, height, width)');
  if (shape.length < 3 || shape.length > 4 || count === 0 || height === 0 || width === 0) throw badArray(name, found, expected);
  if (channels !== 1 && channels !== 3) {
    const isFirst = height === 1 || height === 3;
    throw badArray(name, found, expected, isFirst ? 'channels stand last: array.transpose(0, 2, 3, 1)' : 'leave out other channels, such as alpha: array[..., :3]');
  }
  if (height * width > MAX_IMAGE_PIXELS) throw badArray(name, found, `at most ${MAX_IMAGE_PIXELS / 1e6} million pixels an image`);
  return [count, height, width, channels];
}

async function convert(array: NpyArray, target: string, { onProgress, signal }: ConvertOptions): Promise<void> {
  const factor = await factorOf(array, signal);
  mkdirSync(dirname(target), { recursive: true });
  const draft = `${target}.${process.pid}.tmp`;
  const file = openSync(draft, 'w');
  try {
    for (const { first, count, bytes } of chunksOf(array)) {
      // Ctrl-C and what is shown have their turn.
      await turn();
      signal?.throwIfAborted();
      const valueAt = valueReader(array, bytes);
      const pixels = Buffer.alloc(bytes.length / array.itemBytes);
      for (let index = 0; index < pixels.length; index += 1) pixels[index] = Math.round(factor * valueAt(index));
      for (let done = 0; done < pixels.length; ) done += writeSync(file, pixels, done);
      onProgress?.(first + count, array.shape[0] ?? 0);
    }
    renameSync(draft, target);
  } catch (error) {
    rmSync(draft, { force: true });
    throw asDiskFull(error, target);
  } finally {
    closeSync(file);
  }
}

/** 1 where all values are whole numbers from 0 to 255, 255 where they are floats that are such numbers over 255. */
async function factorOf(array: NpyArray, signal: AbortSignal | undefined): Promise<1 | 255> {
  let notWhole: string | null = null;
  let notUnit: string | null = array.kind === 'f' ? null : 'whole numbers';
  let most = 0;
  const values = array.shape.slice(1).reduce((product, size) => product * size, 1);
  for (const { first, bytes } of chunksOf(array)) {
    await turn();
    signal?.throwIfAborted();
    const valueAt = valueReader(array, bytes);
    for (let index = 0; index < bytes.length / array.itemBytes; index += 1) {
      const value = valueAt(index);
      if (value > most) most = value;
      if (notWhole === null && !(value >= 0 && value <= 255 && Number.isInteger(value))) notWhole = `${value} in image ${first + Math.floor(index / values)}`;
      if (notUnit === null && !(value >= 0 && value <= 1 && Math.abs(255 * value - Math.round(255 * value)) <= ROUNDING)) notUnit = `${value} in image ${first + Math.floor(index / values)}`;
    }
    if (notWhole !== null && notUnit !== null) break;
  }
  // Floats that are all 0 or 1 are black and white, not the two darkest of 256 grey levels.
  if (notUnit === null) return 255;
  if (notWhole === null) return 1;
  const what = array.kind === 'f' && most <= 1 ? notUnit : notWhole;
  const expected = array.kind === 'f' ? 'whole numbers from 0 to 255, or those divided by 255' : 'whole numbers from 0 to 255';
  throw badArray(array.name, what, expected, 'bring them to 8 bits yourself, so that you know what is lost: numpy.rint(255 * (a - a.min()) / (a.max() - a.min())).astype("uint8")');
}

/** One whole number per image, of shape [count] or [count, 1]. Throws DataProblem. */
export function readLabels(array: NpyArray, count: number): number[] {
  const [rows = 0, columns = 1] = array.shape;
  const found = `shape (${array.shape.join(', ')})`;
  if (array.shape.length === 2 && columns > 1) throw badArray(array.name, found, `one label per image, (${count}) or (${count}, 1)`, 'one-hot rows become labels with array.argmax(axis=1); several labels per image cannot be trained on');
  if (array.shape.length < 1 || array.shape.length > 2 || rows !== count || columns !== 1) throw badArray(array.name, found, `one label per image, (${count}) or (${count}, 1)`);
  const labels: number[] = [];
  for (const { first, bytes } of chunksOf(array)) {
    const valueAt = valueReader(array, bytes);
    for (let index = 0; index < bytes.length / array.itemBytes; index += 1) {
      const label = valueAt(index);
      if (!Number.isSafeInteger(label)) throw badArray(array.name, `${label} as the label of image ${first + index}`, 'whole numbers');
      labels.push(label);
    }
  }
  return labels;
}
