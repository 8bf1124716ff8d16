/**
 * Safetensors (huggingface/safetensors, README, "Format"): the header's length (uint64), the header as
 * JSON (name to dtype, shape and offsets behind the header), then the tensors, all little-endian.
 */
import { DataError } from '../data/data-error.js';
import { cutOff } from './weight-file-error.js';

export interface NamedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [from: number, to: number];
}

/** As the format's own limit. */
const MOST_HEADER_BYTES = 100_000_000;

export interface TensorsOfFile {
  readonly tensors: readonly NamedTensor[];
  /** By name the types of tensors of whole numbers and the like, which are no weights. */
  readonly otherTypes: ReadonlyMap<string, string>;
}

/** Every tensor with a name and float32 values; float16, bfloat16 and float64 become float32. Throws DataError. */
export function readSafetensors(bytes: Uint8Array): TensorsOfFile {
  const { entries, from } = headerOf(bytes);
  const tensors: NamedTensor[] = [];
  const otherTypes = new Map<string, string>();
  for (const [name, entry] of entries) {
    const [begin, end] = entry.data_offsets;
    if (from + end > bytes.byteLength) throw cutOff(`the file ends after ${bytes.byteLength.toLocaleString('en')} bytes, before the end of the tensor ${name} at ${(from + end).toLocaleString('en')}`);
    const size = FLOATS[entry.dtype];
    if (size === undefined) {
      otherTypes.set(name, entry.dtype);
      continue;
    }
    const count = entry.shape.reduce((product, extent) => product * extent, 1);
    if (end - begin !== count * size.bytes) throw new DataError(`the tensor ${name} of [${entry.shape.join(', ')}] has ${end - begin} bytes, expected ${count * size.bytes}`);
    const view = new DataView(bytes.buffer, bytes.byteOffset + from + begin, end - begin);
    tensors.push({ name, shape: entry.shape, values: size.read(view, count) });
  }
  return { tensors, otherTypes };
}

/** Tensors in the order of their names: the same tensors always give the same bytes. */
export function writeSafetensors(tensors: readonly NamedTensor[]): Uint8Array {
  const sorted = tensors.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  let at = 0;
  const header = Object.fromEntries(sorted.map(({ name, shape, values }) => [name, { dtype: 'F32', shape, data_offsets: [at, (at += values.byteLength)] }]));
  let text = JSON.stringify(header);
  text += ' '.repeat((8 - (Buffer.byteLength(text) % 8)) % 8);
  const json = Buffer.from(text);
  const bytes = new Uint8Array(8 + json.length + at);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  let offset = 8 + json.length;
  for (const { values } of sorted) {
    values.forEach((value, index) => view.setFloat32(offset + 4 * index, value, true));
    offset += values.byteLength;
  }
  return bytes;
}

function headerOf(bytes: Uint8Array): { readonly entries: readonly (readonly [string, Entry])[]; readonly from: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = bytes.byteLength < 8 ? 0n : view.getBigUint64(0, true);
  if (length < 2n || length > BigInt(MOST_HEADER_BYTES)) throw new DataError('these bytes are not safetensors');
  const from = 8 + Number(length);
  if (from > bytes.byteLength) throw cutOff(`the file ends after ${bytes.byteLength.toLocaleString('en')} bytes, within its header`);
  let header: unknown;
  try {
    header = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset + 8, Number(length)).toString('utf8'));
  } catch {
    throw new DataError('its header is no JSON: the file is not safetensors');
  }
  const entries = Object.entries(header as { readonly [name: string]: Entry }).filter(([name]) => name !== '__metadata__');
  for (const [name, entry] of entries) if (!isEntry(entry)) throw new DataError(`what its header says of ${name} is no tensor`);
  return { entries, from };
}

function isEntry(entry: unknown): entry is Entry {
  if (typeof entry !== 'object' || entry === null) return false;
  const { dtype, shape, data_offsets: offsets } = entry as { readonly [name in keyof Entry]?: unknown };
  const whole = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
  return typeof dtype === 'string' && Array.isArray(shape) && shape.every(whole) && Array.isArray(offsets) && offsets.length === 2 && offsets.every(whole) && Number(offsets[0]) <= Number(offsets[1]);
}

interface Float {
  readonly bytes: number;
  read(view: DataView, count: number): Float32Array;
}

const each = (count: number, value: (index: number) => number): Float32Array => Float32Array.from({ length: count }, (_, index) => value(index));

const FLOATS: { readonly [dtype: string]: Float | undefined } = {
  F32: { bytes: 4, read: (view, count) => each(count, (index) => view.getFloat32(4 * index, true)) },
  F64: { bytes: 8, read: (view, count) => each(count, (index) => view.getFloat64(8 * index, true)) },
  F16: { bytes: 2, read: (view, count) => each(count, (index) => halfToFloat(view.getUint16(2 * index, true))) },
  BF16: { bytes: 2, read: (view, count) => bfloats(view, count) },
};

function bfloats(view: DataView, count: number): Float32Array {
  const words = Uint32Array.from({ length: count }, (_, index) => view.getUint16(2 * index, true) << 16);
  return new Float32Array(words.buffer);
}

/** IEEE 754 binary16. */
export function halfToFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
