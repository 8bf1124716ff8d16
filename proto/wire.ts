/**
 * The typed converters between what a frame holds and what the plain types promise. Encoding
 * refuses what would not survive the way; decoding refuses what the peer should not have sent.
 */
import { CodedError } from './coded-error.js';
import { CancelHow, Next, OutcomeClass, Part, Verdict } from './generated/trawl_pb.js';
import type { Answer, Cancel } from './messages.js';
import { isToken } from './nats/subjects.js';
import type { EvaluatedPart, OutcomeClass as OutcomeClassName } from './work.js';

/** In the first headers of a gRPC session: the port of the coordinator's host where blobs are. */
export const HTTP_PORT_METADATA = 'trawl-http-port';

/** Of both carriers. Nothing sane comes near this: offers name every key of their span. */
export const MAX_FRAME_BYTES = 256 * 2 ** 20;

/**
 * A frame that cannot be read, or a message that cannot be written: one of the two sides is broken.
 * The session it came from is closed; others go on.
 */
export class ProtocolError extends CodedError {
  readonly code = 'BadMessage';
}

/** Both directions between a wire enum and a union of strings; no name stands for 0, which is what proto3 reads where nothing was set. */
interface EnumConverter<Name extends string, Wire extends number> {
  encode(name: Name): Wire;
  decode(value: Wire): Name;
}

function enumConverter<Name extends string, Wire extends number>(what: string, table: { readonly [name in Name]: Wire }): EnumConverter<Name, Wire> {
  const names = new Map<Wire, Name>();
  for (const name of Object.keys(table) as Name[]) names.set(table[name], name);
  return {
    encode: (name) => table[name],
    decode(value) {
      const name = names.get(value);
      if (name === undefined) throw new ProtocolError(`${what}: found the unknown number ${value}`);
      return name;
    },
  };
}

export const parts = enumConverter<EvaluatedPart, Part>('part', { val: Part.VAL, test: Part.TEST });

export const outcomes = enumConverter<OutcomeClassName, OutcomeClass>('outcome', {
  done: OutcomeClass.DONE,
  released: OutcomeClass.RELEASED,
  OutOfMemory: OutcomeClass.OUT_OF_MEMORY,
  TrainableError: OutcomeClass.TRAINABLE_ERROR,
  DataError: OutcomeClass.DATA_ERROR,
  WorkerLost: OutcomeClass.WORKER_LOST,
  Preempted: OutcomeClass.PREEMPTED,
  Timeout: OutcomeClass.TIMEOUT,
  DiskFull: OutcomeClass.DISK_FULL,
  CheckpointLost: OutcomeClass.CHECKPOINT_LOST,
  DataLost: OutcomeClass.DATA_LOST,
});

export const verdicts = enumConverter<Answer['verdict'], Verdict>('verdict', { ok: Verdict.OK, stale: Verdict.STALE });

export const nexts = enumConverter<Answer['next'], Next>('next', { continue: Next.CONTINUE, stop: Next.STOP });

export const cancels = enumConverter<Cancel['how'], CancelHow>('how', { release: CancelHow.RELEASE, abandon: CancelHow.ABANDON });

const digestHex = /^[0-9a-f]{64}$/;

/** A key or blob id, 64 hex digits, as its 32 bytes. */
export function digestToBytes(what: string, hex: string): Uint8Array<ArrayBuffer> {
  if (!digestHex.test(hex)) throw new ProtocolError(`${what}: found ${JSON.stringify(hex)}, expected 64 lower-case hexadecimal digits`);
  return new Uint8Array(Buffer.from(hex, 'hex'));
}

export function bytesToDigest(what: string, bytes: Uint8Array): string {
  if (bytes.length !== 32) throw new ProtocolError(`${what}: found ${bytes.length} bytes, expected 32`);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
}

const UINT32_LIMIT = 2 ** 32;

/** For a field of type uint32. */
export function uint32(what: string, value: number): number {
  if (!Number.isInteger(value) || value < 0 || value >= UINT32_LIMIT) throw new ProtocolError(`${what}: found ${value}, expected a whole number from 0 to ${UINT32_LIMIT - 1}`);
  return value;
}

/** More slots than any box has; a coordinator makes trials for them ahead. */
const MOST_SLOTS = 4_096;

export function slotsCount(value: number): number {
  if (uint32('slots', value) > MOST_SLOTS) throw new ProtocolError(`slots: found ${value}, expected at most ${MOST_SLOTS}`);
  return value;
}

/** A worker's id, which stands in subjects and rows. */
export function workerId(text: string): string {
  if (!isToken(text)) throw new ProtocolError(`worker: found ${JSON.stringify(text.slice(0, 80))}, expected up to 64 letters, digits, _ and -`);
  return text;
}

/** The store keeps metrics as JSON of Postgres, which takes no zero byte in a name; nor is a table to break. */
export function metricName(text: string): string {
  if (/\p{Cc}/u.test(text)) throw new ProtocolError(`epoch: found the metric ${JSON.stringify(text.slice(0, 80))}, expected a name in one line`);
  return text;
}

/** For a field of type uint64. */
export function toUint64(what: string, value: number): bigint {
  if (!Number.isSafeInteger(value) || value < 0) throw new ProtocolError(`${what}: found ${value}, expected a whole number from 0 to ${Number.MAX_SAFE_INTEGER}`);
  return BigInt(value);
}

export function fromUint64(what: string, value: bigint): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new ProtocolError(`${what}: found ${value}, expected at most ${Number.MAX_SAFE_INTEGER}`);
  return number;
}

/** Text of a JSON object, as an object whose fields are the sender's to answer for. */
export function parseObject(what: string, text: string): { readonly [field: string]: unknown } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new ProtocolError(`${what}: found text that is not JSON (${(error as Error).message})`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new ProtocolError(`${what}: found ${JSON.stringify(value)}, expected a JSON object`);
  return value as { readonly [field: string]: unknown };
}
