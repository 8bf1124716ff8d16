/** The bytes of a classical model's checkpoint: a header that names its arrays, then these, each from a multiple of 8 bytes on, little-endian. */
import { DataError } from '../data/data-error.js';
import { begunState, splitState, STATE_FORMAT, type StateStart } from '../engine/state-bytes.js';
import type { Arrays, StoredArray } from './fit.js';

const TYPES = { uint8: Uint8Array, int32: Int32Array, float32: Float32Array, float64: Float64Array } as const;
type TypeName = keyof typeof TYPES;

interface ArrayHeader {
  readonly name: string;
  readonly type: TypeName;
  readonly length: number;
}

interface ClassicalHeader {
  readonly format: number;
  /** Of the zoo. */
  readonly classical: string;
  readonly classes: number;
  readonly arrays: readonly ArrayHeader[];
}

export interface ClassicalState {
  readonly model: string;
  readonly classes: number;
  readonly arrays: Arrays;
}

export function encodeClassical({ model, classes, arrays }: ClassicalState): Uint8Array {
  const entries = Object.entries(arrays);
  const headers = entries.map(([name, values]): ArrayHeader => ({ name, type: typeOf(values), length: values.length }));
  const payload = entries.reduce((sum, [, values]) => sum + padded(values.byteLength), 0);
  const header: ClassicalHeader = { format: STATE_FORMAT, classical: model, classes, arrays: headers };
  const bytes = begunState(header, payload);
  let at = bytes.byteLength - payload;
  for (const [, values] of entries) {
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at);
    at += padded(values.byteLength);
  }
  return bytes;
}

function isClassical(header: StateStart): header is ClassicalHeader {
  return 'classical' in header && typeof header.classical === 'string';
}

/** Throws DataError: a checkpoint of something else, or one that is cut off. */
export function decodeClassical(bytes: Uint8Array): ClassicalState {
  const { header, payload } = splitState(bytes);
  if (!isClassical(header)) throw new DataError('the checkpoint is of a network, and not of a classical model');
  let at = 0;
  const arrays = header.arrays.map(({ name, type, length }): readonly [string, StoredArray] => {
    const Type = TYPES[type];
    const size = length * Type.BYTES_PER_ELEMENT;
    // A copy of its own is aligned, wherever the bytes came from.
    const part = Uint8Array.from(payload.subarray(at, at + size));
    if (part.byteLength !== size) throw new DataError(`the checkpoint ends before ${name}`);
    at += padded(size);
    return [name, new Type(part.buffer)];
  });
  return { model: header.classical, classes: header.classes, arrays: Object.fromEntries(arrays) };
}

function typeOf(values: StoredArray): TypeName {
  if (values instanceof Uint8Array) return 'uint8';
  if (values instanceof Int32Array) return 'int32';
  return values instanceof Float32Array ? 'float32' : 'float64';
}

function padded(bytes: number): number {
  return Math.ceil(bytes / 8) * 8;
}
