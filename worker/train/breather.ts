/** Longest stretch of work between two looks at the messages that came in. */
const LONGEST_STRETCH_MS = 20;

/**
 * Lets a loop of blocking work see messages: `due()` is cheap enough to ask at every step, and only
 * when it says so need the loop pay for a turn of the event loop.
 */
export class Breather {
  #last = performance.now();

  due(): boolean {
    return performance.now() - this.#last >= LONGEST_STRETCH_MS;
  }

  async breathe(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve));
    this.#last = performance.now();
  }
}
