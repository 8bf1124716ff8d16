import type { ReliableMessage } from '../../proto/messages.js';

/** Everything reliable that was said and not yet answered, in order. Lives as long as the agent's process. */
export class Outbox {
  readonly #unacknowledged = new Map<number, ReliableMessage>();
  readonly #highMark: number;
  readonly #lowMark: number;
  #lastSeq = 0;
  #congested = false;
  #waitingForRoom: (() => void)[] = [];
  #waitingForEmpty: (() => void)[] = [];

  /**
   * From `highMark` messages on the outbox calls itself congested, until half of them are left.
   * Nothing is dropped past it: whoever reports is asked to wait, and bounds memory by doing so.
   */
  constructor(highMark: number) {
    this.#highMark = highMark;
    this.#lowMark = Math.floor(highMark / 2);
  }

  get size(): number {
    return this.#unacknowledged.size;
  }

  get congested(): boolean {
    return this.#congested;
  }

  /** The number for the next message; it is used up by `add` only. */
  get nextSeq(): number {
    return this.#lastSeq + 1;
  }

  /** `message.seq` must be `nextSeq`. */
  add(message: ReliableMessage): void {
    if (message.seq !== this.nextSeq) throw new RangeError(`the outbox expects message ${this.nextSeq} and got ${message.seq}`);
    this.#lastSeq = message.seq;
    this.#unacknowledged.set(message.seq, message);
    if (this.size >= this.#highMark) this.#congested = true;
  }

  /** The message that was answered; undefined when it was answered before. Answers may come in any order. */
  acknowledge(seq: number): ReliableMessage | undefined {
    const message = this.#unacknowledged.get(seq);
    if (message === undefined) return undefined;
    this.#unacknowledged.delete(seq);
    if (this.#congested && this.size <= this.#lowMark) {
      this.#congested = false;
      this.#waitingForRoom = settle(this.#waitingForRoom);
    }
    if (this.size === 0) this.#waitingForEmpty = settle(this.#waitingForEmpty);
    return message;
  }

  /** In the order in which they were said. */
  unacknowledged(): IterableIterator<ReliableMessage> {
    return this.#unacknowledged.values();
  }

  whenRoomy(): Promise<void> {
    if (!this.#congested) return Promise.resolve();
    return new Promise((resolve) => this.#waitingForRoom.push(resolve));
  }

  whenEmpty(): Promise<void> {
    if (this.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#waitingForEmpty.push(resolve));
  }
}

function settle(waiting: readonly (() => void)[]): [] {
  for (const resolve of waiting) resolve();
  return [];
}
