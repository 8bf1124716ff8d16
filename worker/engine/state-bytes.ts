/** What every checkpoint's bytes begin with: `TRWL`, the header's length (uint32), the header as JSON, spaces up to a multiple of 8; little-endian. */
import { DataError } from '../data/data-error.js';

const MAGIC = 0x4c575254;
export const STATE_FORMAT = 1;

/** Of every header. */
export interface StateStart {
  readonly format: number;
}

/** A checkpoint with room for its payload of so many bytes, at its end. */
export function begunState(header: StateStart, payload: number): Uint8Array {
  let text = JSON.stringify(header);
  text += ' '.repeat((8 - (Buffer.byteLength(text) % 8)) % 8);
  const json = Buffer.from(text);
  const bytes = new Uint8Array(8 + json.length + payload);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, json.length, true);
  bytes.set(json, 8);
  return bytes;
}

/** The header is whoever's wrote it, as its kind of checkpoint has it. Throws DataError: no checkpoint, or one of another format. */
export function splitState(bytes: Uint8Array): { readonly header: StateStart; readonly payload: Uint8Array } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.byteLength < 8 || view.getUint32(0, true) !== MAGIC) throw new DataError('these bytes are not a checkpoint');
  const length = view.getUint32(4, true);
  let header: StateStart;
  try {
    header = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset + 8, Math.min(length, bytes.byteLength - 8)).toString('utf8')) as StateStart;
  } catch {
    throw new DataError('the header of the checkpoint cannot be read');
  }
  if (header.format !== STATE_FORMAT) throw new DataError(`the checkpoint has format ${String(header.format)}, this version reads ${String(STATE_FORMAT)}`);
  return { header, payload: bytes.subarray(8 + length) };
}
