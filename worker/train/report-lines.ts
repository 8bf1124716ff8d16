/** Tells a program's reports from whatever else it prints, in bounded memory. */

/** A report of a thousand metrics is far below this; what is longer is none. */
export const LONGEST_LINE = 2 ** 20;

const NEWLINE = 10;
const OPENING_BRACE = 123;

export interface LineListener {
  /** A line that begins with a brace, without its end; false where it is no report. */
  report(line: string): boolean;
  /** Bytes of everything else, in order. */
  other(bytes: Uint8Array): void;
}

export class ReportLines {
  readonly #listener: LineListener;
  /** The beginning of a line that may be a report. */
  #held: Buffer[] = [];
  #heldBytes = 0;
  /** In the middle of a line that is none. */
  #passing = false;

  constructor(listener: LineListener) {
    this.#listener = listener;
  }

  write(chunk: Buffer): void {
    let from = 0;
    while (from < chunk.length) {
      const newline = chunk.indexOf(NEWLINE, from);
      const end = newline < 0 ? chunk.length : newline + 1;
      this.#take(chunk.subarray(from, end), newline >= 0);
      from = end;
    }
  }

  /** Nothing follows: a last line needs no end. */
  end(): void {
    this.#take(Buffer.alloc(0), true);
  }

  #take(part: Buffer, isEnd: boolean): void {
    if (!this.#passing && this.#heldBytes === 0 && !startsWithBrace(part)) this.#passing = true;
    if (this.#passing) {
      if (part.length > 0) this.#listener.other(part);
      this.#passing = !isEnd;
      return;
    }
    this.#held.push(part);
    this.#heldBytes += part.length;
    if (isEnd) this.#line();
    else if (this.#heldBytes > LONGEST_LINE) {
      this.#passing = true;
      this.#listener.other(this.#release());
    }
  }

  #line(): void {
    const line = this.#release();
    if (line.length > LONGEST_LINE || !this.#listener.report(line.toString('utf8').trim())) this.#listener.other(line);
  }

  #release(): Buffer {
    const [only, ...more] = this.#held;
    const line = only !== undefined && more.length === 0 ? only : Buffer.concat(this.#held);
    this.#held = [];
    this.#heldBytes = 0;
    return line;
  }
}

function startsWithBrace(line: Buffer): boolean {
  const first = line.find((byte) => byte !== 32 && byte !== 9);
  return first === OPENING_BRACE;
}
