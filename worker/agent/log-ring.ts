const LONGEST_LINE = 500;

/**
 * The last bytes that a child printed. However much it prints, this holds no more than `capacity`
 * bytes, in one buffer that never grows.
 */
export class LogRing {
  readonly #buffer: Buffer;
  #end = 0;
  #total = 0;

  constructor(capacity: number) {
    this.#buffer = Buffer.alloc(capacity);
  }

  /** Bytes that were ever written, kept or not. */
  get totalBytes(): number {
    return this.#total;
  }

  write(chunk: Uint8Array): void {
    const capacity = this.#buffer.length;
    this.#total += chunk.length;
    const kept = chunk.length > capacity ? chunk.subarray(chunk.length - capacity) : chunk;
    const first = Math.min(kept.length, capacity - this.#end);
    this.#buffer.set(kept.subarray(0, first), this.#end);
    this.#buffer.set(kept.subarray(first), 0);
    this.#end = (this.#end + kept.length) % capacity;
  }

  /**
   * What is kept of the bytes from number `from` on (a `totalBytes` of earlier), oldest first. A character
   * cut at the front reads as a replacement character.
   */
  text(from = 0): string {
    const capacity = this.#buffer.length;
    const kept = this.#total <= capacity ? this.#buffer.subarray(0, this.#total) : Buffer.concat([this.#buffer.subarray(this.#end), this.#buffer.subarray(0, this.#end)]);
    return kept.toString('utf8', Math.max(0, from - (this.#total - kept.length)));
  }

  /** The last line that tells something: no stack frame, no banner of the runtime; empty when there is none. */
  lastLine(): string {
    const lines = this.text().split('\n').map((line) => line.trim());
    return lines.findLast((line) => line !== '' && !line.startsWith('at ') && !/^Node\.js v\d/.test(line) && !/^[{}]$/.test(line))?.slice(0, LONGEST_LINE) ?? '';
  }
}
