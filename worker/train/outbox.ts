import type { FromChild } from './protocol.js';

/** Longest time that a report waits for others to travel with. */
const COALESCE_MS = 5;

/** Gathers what the child has to say, so that one IPC send carries many reports. */
export class ChildOutbox {
  readonly #send: (messages: readonly FromChild[]) => void;
  #waiting: FromChild[] = [];
  #timer: NodeJS.Timeout | null = null;

  constructor(send: (messages: readonly FromChild[]) => void) {
    this.#send = send;
  }

  /** Sent within 5 ms, if the event loop turns; `flush` sends at once. */
  push(message: FromChild): void {
    this.#waiting.push(message);
    this.#timer ??= setTimeout(() => this.flush(), COALESCE_MS);
  }

  flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#waiting.length === 0) return;
    const messages = this.#waiting;
    this.#waiting = [];
    this.#send(messages);
  }
}
