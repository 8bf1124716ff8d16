/**
 * Cuts frames out of a stream of messages. A frame costs far more than a message in it (50 to 60 us of
 * a server's CPU, whatever it holds), so whatever is pending travels together; but an idle line
 * must not wait, or every round trip of a short trial would pay for it.
 *
 * The first message after a pause leaves at the end of the current turn of the event loop, with all
 * that was said in that turn; what follows within the window is held until the window ends. Frames
 * wait while the carrier's buffer is full.
 *
 * Each message is encoded when it is pushed, so one that cannot be written is refused to whoever
 * wrote it. A frame is the concatenation of its messages' frames: protobuf defines repeated fields so.
 */

export interface FrameWriterOptions<Message> {
  /** One message as a frame. Throws ProtocolError. */
  readonly encode: (message: Message) => Uint8Array;
  /** Hands a frame to the carrier; false when it wants no more until `drained` is called. */
  readonly write: (frame: Uint8Array) => boolean;
  /** Called once, when more than `maxPendingBytes` wait for a peer that does not read. */
  readonly overflow: () => void;
  readonly windowMs?: number;
  readonly maxPendingBytes?: number;
  /** Nothing is written before the first `drained`: the carrier is not there yet. */
  readonly startsBlocked?: boolean;
}

/** Well below the 5 ms that a message may be held: a short trial pays it several times. */
const WINDOW_MS = 2;
const FULL_FRAME_BYTES = 2 ** 20;
const MAX_PENDING_BYTES = 256 * 2 ** 20;

export class FrameWriter<Message> {
  readonly #options: FrameWriterOptions<Message>;
  readonly #windowMs: number;
  readonly #maxPendingBytes: number;
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #lastCutAt = -Infinity;
  #cancelCut: (() => void) | null = null;
  #blocked: boolean;
  #closed = false;

  constructor(options: FrameWriterOptions<Message>) {
    this.#options = options;
    this.#windowMs = options.windowMs ?? WINDOW_MS;
    this.#maxPendingBytes = options.maxPendingBytes ?? MAX_PENDING_BYTES;
    this.#blocked = options.startsBlocked ?? false;
  }

  /** Throws ProtocolError when the message cannot be written; nothing after it is affected. */
  push(message: Message): void {
    if (this.#closed) return;
    const bytes = this.#options.encode(message);
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.length;
    if (this.#pendingBytes > this.#maxPendingBytes) {
      this.close();
      this.#options.overflow();
      return;
    }
    this.#schedule();
  }

  /** The carrier takes frames again. */
  drained(): void {
    this.#blocked = false;
    if (this.#pending.length > 0) this.#schedule();
  }

  /** Writes all that is pending now, even to a carrier that is full: before the end of a session. */
  flush(): void {
    this.#unschedule();
    while (this.#pending.length > 0 && !this.#closed) this.#writeFrame();
  }

  /** Drops what is pending; later messages are dropped too. */
  close(): void {
    this.#closed = true;
    this.#unschedule();
    this.#pending = [];
    this.#pendingBytes = 0;
  }

  #schedule(): void {
    if (this.#cancelCut !== null || this.#blocked || this.#closed) return;
    const waitMs = this.#lastCutAt + this.#windowMs - performance.now();
    if (waitMs <= 0) {
      const immediate = setImmediate(() => this.#cut());
      this.#cancelCut = () => clearImmediate(immediate);
    } else {
      const timer = setTimeout(() => this.#cut(), waitMs);
      this.#cancelCut = () => clearTimeout(timer);
    }
  }

  #unschedule(): void {
    this.#cancelCut?.();
    this.#cancelCut = null;
  }

  #cut(): void {
    this.#cancelCut = null;
    this.#lastCutAt = performance.now();
    while (this.#pending.length > 0 && !this.#blocked && !this.#closed) this.#blocked = !this.#writeFrame();
  }

  #writeFrame(): boolean {
    let bytes = 0;
    let count = 0;
    for (const message of this.#pending) {
      if (count > 0 && bytes + message.length > FULL_FRAME_BYTES) break;
      bytes += message.length;
      count += 1;
    }
    const frame = Buffer.concat(this.#pending.slice(0, count), bytes);
    this.#pending = this.#pending.slice(count);
    this.#pendingBytes -= bytes;
    return this.#options.write(frame);
  }
}
