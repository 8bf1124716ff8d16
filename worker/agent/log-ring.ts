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
    return this.since(from).bytes.toString('utf8');
  }

  /** The newest kept bytes from number `from` on, `most` at most; `from` of the answer is the number of the first. They are a copy. */
  since(from: number, most = this.#buffer.length): { readonly from: number; readonly bytes: Buffer } {
    const capacity = this.#buffer.length;
    const first = Math.min(this.#total, Math.max(from, this.#total - Math.min(most, capacity)));
    const length = this.#total - first;
    const start = (((this.#end - length) % capacity) + capacity) % capacity;
    const whole = Buffer.concat([this.#buffer.subarray(start, start + length), this.#buffer.subarray(0, Math.max(0, start + length - capacity))]);
    return { from: first, bytes: whole };
  }

  /** The last line that tells something: no stack frame, no banner of the runtime; empty when there is none. */
  lastLine(): string {
    const lines = this.text().split('\n').map((line) => line.trim());
    return lines.findLast((line) => line !== '' && !line.startsWith('at ') && !/^Node\.js v\d/.test(line) && !/^[{}]$/.test(line))?.slice(0, LONGEST_LINE) ?? '';
  }
}
