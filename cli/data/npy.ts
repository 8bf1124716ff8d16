/**
 * Arrays as NumPy saves them (.npy, format versions 1.0 to 3.0: numpy.lib.format): the header read in
 * full, the values a stretch at a time. Values of Python objects (pickles) are refused: reading them runs code.
 */
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { forbidden } from './layout.js';
import { DataProblem } from './problem.js';

export interface NpyArray {
  /** What people call it, e.g. `pneumonia.npz: train_images`. */
  readonly name: string;
  readonly path: string;
  readonly kind: 'u' | 'i' | 'f' | 'b';
  /** Bytes of one value. */
  readonly itemBytes: 1 | 2 | 4 | 8;
  readonly littleEndian: boolean;
  /** First index fastest. */
  readonly fortran: boolean;
  readonly shape: readonly number[];
  /** Where in the file the values begin. */
  readonly offset: number;
}

const MAGIC = Buffer.from('\x93NUMPY', 'latin1');
const MAX_HEADER_BYTES = 2 ** 20;
/** Values held in memory at a time. */
const CHUNK_BYTES = 16 * 2 ** 20;

export function badArray(name: string, found: string, expected: string, suggestion: string | null = null): DataProblem {
  return new DataProblem('BadArrays', { found: `${found} (${name})`, expected, suggestion });
}

/** Throws DataProblem. */
export function openNpy(path: string, name: string): NpyArray {
  return withFile(path, (file) => {
    const start = Buffer.alloc(12);
    const got = readSync(file, start, 0, 12, 0);
    if (got < 12 || !start.subarray(0, 6).equals(MAGIC)) throw badArray(name, 'a file that is no NumPy array', 'an array as numpy.save writes it');
    const major = start[6] ?? 0;
    if (major < 1 || major > 3) throw badArray(name, `NumPy format ${major}`, 'format 1, 2 or 3');
    const [length, begin] = major === 1 ? [start.readUInt16LE(8), 10] : [start.readUInt32LE(8), 12];
    if (length > MAX_HEADER_BYTES) throw badArray(name, `a header of ${length} bytes`, `at most ${MAX_HEADER_BYTES}`);
    const header = Buffer.alloc(length);
    if (readSync(file, header, 0, length, begin) < length) throw badArray(name, 'an array that is cut short', 'all of its header', 'write or copy it again');
    const array = { name, path, offset: begin + length, ...parseHeader(header.toString(major === 3 ? 'utf8' : 'latin1'), name) };
    const needed = array.offset + array.itemBytes * array.shape.reduce((product, size) => product * size, 1);
    const { size } = statSync(path);
    if (size < needed) throw badArray(name, `${size} bytes`, `${needed}, as its header promises`, 'the file is cut short: write or copy it again');
    return array;
  });
}

const KINDS: { readonly [kind: string]: NpyArray['kind'] } = { u: 'u', i: 'i', f: 'f', b: 'b' };

/** The header is a Python literal: {'descr': '<f4', 'fortran_order': False, 'shape': (3, 28, 28), }. */
function parseHeader(text: string, name: string): Pick<NpyArray, 'kind' | 'itemBytes' | 'littleEndian' | 'fortran' | 'shape'> {
  const descr = /'descr':\s*'([^']*)'/.exec(text)?.[1];
  const order = /'fortran_order':\s*(True|False)/.exec(text)?.[1];
  const shape = /'shape':\s*\(([\d\s,L]*)\)/.exec(text)?.[1];
  if (order === undefined || shape === undefined) throw badArray(name, 'a header that cannot be read', "one with 'descr', 'fortran_order' and 'shape'");
  if (descr?.includes('O') === true) throw badArray(name, 'Python objects (dtype object, a pickle)', 'numbers', 'images of different sizes are saved as files, one per image; else save numpy.stack(list).astype("uint8")');
  const match = /^([<>|=])([a-zA-Z])(\d+)$/.exec(descr ?? '');
  const kind = KINDS[match?.[2] ?? ''];
  const itemBytes = Number(match?.[3]);
  if (kind === undefined || !isWidth(itemBytes) || (kind === 'f' && itemBytes < 4)) {
    throw badArray(name, descr === undefined ? 'records' : `values of dtype ${descr}`, 'whole numbers or float32 or float64', 'convert them, e.g. with array.astype("uint8")');
  }
  const sizes = shape.split(',').map((size) => size.replace('L', '').trim()).filter((size) => size !== '').map(Number);
  return { kind, itemBytes, littleEndian: match?.[1] !== '>', fortran: order === 'True', shape: sizes };
}

function isWidth(bytes: number): bytes is NpyArray['itemBytes'] {
  return [1, 2, 4, 8].includes(bytes);
}

/** Items [first, first + count) along the first axis as raw bytes, the last index fastest. */
export interface Chunk {
  readonly first: number;
  readonly count: number;
  readonly bytes: Buffer;
}

/** All items, in order, in memory that does not grow with the array (one item at the least). `buffer` is used again for the next chunk. */
export function* chunksOf(array: NpyArray, chunkBytes = CHUNK_BYTES): Generator<Chunk> {
  const [count = 1, ...inner] = array.shape;
  const values = inner.reduce((product, size) => product * size, 1);
  const most = Math.max(1, Math.min(count, Math.floor(chunkBytes / Math.max(1, values * array.itemBytes))));
  const buffer = Buffer.alloc(most * values * array.itemBytes);
  const file = openSync(array.path, 'r');
  try {
    for (let first = 0; first < count; first += most) {
      const here = Math.min(most, count - first);
      const bytes = buffer.subarray(0, here * values * array.itemBytes);
      if (array.fortran) gather(file, array, inner, first, here, bytes);
      else readFully(file, bytes, array.offset + first * values * array.itemBytes, array.name);
      yield { first, count: here, bytes };
    }
  } finally {
    closeSync(file);
  }
}

/** In Fortran order the items' values at one place lie together: read place by place, and put where C order has them. */
function gather(file: number, array: NpyArray, inner: readonly number[], first: number, count: number, into: Buffer): void {
  const { itemBytes } = array;
  const items = array.shape[0] ?? 1;
  const values = inner.reduce((product, size) => product * size, 1);
  const line = Buffer.alloc(count * itemBytes);
  for (let place = 0; place < values; place += 1) {
    readFully(file, line, array.offset + (fortranPlace(place, inner) * items + first) * itemBytes, array.name);
    for (let item = 0; item < count; item += 1) line.copy(into, (item * values + place) * itemBytes, item * itemBytes, (item + 1) * itemBytes);
  }
}

/** From the position of an element with the last index fastest to that with the first fastest. */
function fortranPlace(place: number, sizes: readonly number[]): number {
  const indices: number[] = [];
  let rest = place;
  for (const size of sizes.toReversed()) {
    indices.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return indices.reduceRight((position, index, axis) => position * (sizes[axis] ?? 1) + index, 0);
}

function readFully(file: number, into: Buffer, position: number, name: string): void {
  for (let done = 0; done < into.length; ) {
    const got = readSync(file, into, done, into.length - done, position + done);
    if (got === 0) throw new DataProblem('DataChanged', { found: `that ${name} became shorter while it was being read`, expected: 'arrays that stay as they are', suggestion: 'run the same command again' });
    done += got;
  }
}

/** Reads values of `array` out of a chunk's bytes. 64-bit numbers past 2^53 are rounded. */
export function valueReader(array: Pick<NpyArray, 'kind' | 'itemBytes' | 'littleEndian'>, bytes: Buffer): (index: number) => number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const { kind, itemBytes, littleEndian: little } = array;
  if (kind === 'f') return itemBytes === 4 ? (index) => view.getFloat32(4 * index, little) : (index) => view.getFloat64(8 * index, little);
  const signed = kind === 'i';
  if (itemBytes === 1) return signed ? (index) => view.getInt8(index) : (index) => view.getUint8(index);
  if (itemBytes === 2) return signed ? (index) => view.getInt16(2 * index, little) : (index) => view.getUint16(2 * index, little);
  if (itemBytes === 4) return signed ? (index) => view.getInt32(4 * index, little) : (index) => view.getUint32(4 * index, little);
  return signed ? (index) => Number(view.getBigInt64(8 * index, little)) : (index) => Number(view.getBigUint64(8 * index, little));
}

/** `bytes` bytes at `position`. Throws DataProblem where the file has fewer. */
export function readAt(path: string, position: number, bytes: number, name: string): Buffer {
  const into = Buffer.alloc(bytes);
  withFile(path, (file) => readFully(file, into, position, name));
  return into;
}

/** Throws DataProblem where it may not be read. */
function openToRead(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (error) {
    throw forbidden(error, path);
  }
}

function withFile<Result>(path: string, use: (file: number) => Result): Result {
  const file = openToRead(path);
  try {
    return use(file);
  } finally {
    closeSync(file);
  }
}
