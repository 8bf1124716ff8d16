/**
 * Tells what an attempt's child prints while somebody follows it, and nothing else. However much that is,
 * a follower is told the newest of it at a bounded rate; what is left out shows in where the next text begins.
 */
import { systemClock, type LinkClock } from '../link/clock.js';

/** So often, at most, something is told, and so much of it: beyond that, a person could not read it either. */
export const TELL_EVERY_MS = 500;
export const MOST_TOLD_BYTES = 32 * 1024;

export interface LogFollowerOptions {
  /** The newest bytes from number `from` on, at most so many, and the number of the first of them. */
  readonly printed: (from: number, most: number) => { readonly from: number; readonly bytes: Uint8Array };
  readonly tell: (from: number, text: Uint8Array) => void;
  readonly clock?: LinkClock;
}

export class LogFollower {
  readonly #options: LogFollowerOptions;
  readonly #clock: LinkClock;
  /** Bytes that were told, or left out, so far. */
  #told = 0;
  #follows = false;
  #hasEnded = false;
  #cancelTelling: () => void = () => undefined;
  #cancelLapse: () => void = () => undefined;

  constructor(options: LogFollowerOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /** `from`: bytes that the far side has, which counts where nobody followed; `forMs`: 0 for no longer. */
  follow({ from, forMs }: { readonly from: number; readonly forMs: number }): void {
    this.#cancelLapse();
    if (forMs === 0 || this.#hasEnded) {
      this.stop();
      return;
    }
    this.#cancelLapse = this.#clock.after(forMs, () => this.stop());
    if (this.#follows) return;
    this.#follows = true;
    this.#told = from;
    this.#tellOn();
  }

  /** All that was printed, to its last byte: nothing follows it, and who asks from now on is told nothing. */
  end(): void {
    if (this.#follows) this.#tell(true);
    this.#hasEnded = true;
    this.stop();
  }

  /** Idempotent. */
  stop(): void {
    this.#follows = false;
    this.#cancelTelling();
    this.#cancelLapse();
  }

  #tellOn(): void {
    this.#tell(false);
    this.#cancelTelling = this.#clock.after(TELL_EVERY_MS, () => this.#tellOn());
  }

  #tell(isLast: boolean): void {
    const { from, bytes } = this.#options.printed(this.#told, MOST_TOLD_BYTES);
    const first = from > this.#told ? continuationBytes(bytes) : 0;
    const text = bytes.subarray(first, isLast ? bytes.length : bytes.length - unfinishedBytes(bytes));
    if (text.length === 0) return;
    this.#told = from + first + text.length;
    this.#options.tell(from + first, text);
  }
}

/** At the front, what a character began that is not there: three bytes at most (RFC 3629, section 3). */
function continuationBytes(bytes: Uint8Array): number {
  let count = 0;
  while (count < 3 && count < bytes.length && isContinuation(bytes[count])) count += 1;
  return count;
}

/** At the end, a character whose last bytes are still to come. */
function unfinishedBytes(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (isContinuation(byte)) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? back : 0;
  }
  return 0;
}

function isContinuation(byte: number | undefined): boolean {
  return ((byte ?? 0) & 0xc0) === 0x80;
}
