/**
 * Frames as numbered pieces, and back. NATS takes no message above the server's max_payload, and a
 * frame may be larger; and neither half of the way is sure: a stream that runs full forgets its oldest,
 * core NATS forgets what nobody listens to. So every piece has a number, and a missing one ends the
 * session: what was lost is said again in the next.
 */

export interface Piece {
  readonly number: number;
  /** Whether its frame goes on in the next piece. */
  readonly goesOn: boolean;
  readonly bytes: Uint8Array;
}

/** As it stands in a header. */
export function pieceText({ number, goesOn }: Omit<Piece, 'bytes'>): string {
  return goesOn ? `${number}+` : String(number);
}

/** Null for what is no piece's number. */
export function readPieceText(text: string): Omit<Piece, 'bytes'> | null {
  const match = /^(\d{1,15})(\+?)$/.exec(text);
  return match === null ? null : { number: Number(match[1]), goesOn: match[2] === '+' };
}

export class PieceCutter {
  readonly #maxBytes: number;
  #count = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Pieces cut so far. */
  get count(): number {
    return this.#count;
  }

  cut(frame: Uint8Array): Piece[] {
    const pieces: Piece[] = [];
    let from = 0;
    do {
      const to = Math.min(frame.length, from + this.#maxBytes);
      pieces.push({ number: this.#count, goesOn: to < frame.length, bytes: frame.subarray(from, to) });
      this.#count += 1;
      from = to;
    } while (from < frame.length);
    return pieces;
  }
}

export type Joined =
  | { readonly kind: 'frame'; readonly frame: Uint8Array }
  /** The frame goes on, or the piece came before: there is nothing to do. */
  | { readonly kind: 'nothing' }
  /** One line of what is wrong; the session cannot go on. */
  | { readonly kind: 'lost' | 'tooLarge'; readonly problem: string };

const NOTHING: Joined = { kind: 'nothing' };

export class PieceJoiner {
  readonly #maxFrameBytes: number;
  #count = 0;
  #parts: Uint8Array[] = [];
  #bytes = 0;

  constructor(maxFrameBytes: number) {
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** Pieces seen so far, each once. */
  get count(): number {
    return this.#count;
  }

  join({ number, goesOn, bytes }: Piece): Joined {
    if (number < this.#count) return NOTHING;
    if (number > this.#count) return { kind: 'lost', problem: `piece ${this.#count} was lost: found piece ${number}` };
    this.#count += 1;
    this.#bytes += bytes.length;
    if (this.#bytes > this.#maxFrameBytes) return { kind: 'tooLarge', problem: `a frame is larger than ${this.#maxFrameBytes} bytes` };
    if (!goesOn && this.#parts.length === 0) {
      this.#bytes = 0;
      return { kind: 'frame', frame: bytes };
    }
    this.#parts.push(bytes);
    if (goesOn) return NOTHING;
    const frame = Buffer.concat(this.#parts, this.#bytes);
    this.#parts = [];
    this.#bytes = 0;
    return { kind: 'frame', frame };
  }
}

/** Bytes of headers that a server counts with the payload, with room to spare. */
const HEADER_BYTES = 512;
/** Larger pieces make a stream's limits coarse and others wait. */
const MAX_PIECE_BYTES = 256 * 2 ** 10;
/** A stream must take so large a message. */
export const MAX_MESSAGE_BYTES = MAX_PIECE_BYTES + HEADER_BYTES;
/** A server that takes less is of no use. */
export const LEAST_PAYLOAD_BYTES = 4 * 2 ** 10;

/** `maxPayload` as the server says it. */
export function pieceBytes(maxPayload: number): number {
  return Math.min(MAX_PIECE_BYTES, maxPayload - HEADER_BYTES);
}
