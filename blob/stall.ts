/** Ends a transfer in which nothing moves: a coordinator that was frozen or cut off closes no connection. */
export class Stall {
  readonly #controller = new AbortController();
  readonly #limitMs: number;
  #timer: NodeJS.Timeout;

  constructor(limitMs: number) {
    this.#limitMs = limitMs;
    this.#timer = this.#start();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Something moved. */
  moved(): void {
    clearTimeout(this.#timer);
    this.#timer = this.#start();
  }

  /** The transfer is over. */
  end(): void {
    clearTimeout(this.#timer);
  }

  #start(): NodeJS.Timeout {
    return setTimeout(() => this.#controller.abort(new Error(`nothing moved for ${this.#limitMs / 1_000} s`)), this.#limitMs);
  }
}
