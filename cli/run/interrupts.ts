/**
 * What Ctrl-C (and SIGTERM, and a closed terminal) means to a command that runs for long: the first
 * asks it to end cleanly, the second ends it at once. Children end by themselves with this process.
 */
import { exitCodes, Interrupted } from '../exit.js';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export class Interrupts {
  readonly #asked = new AbortController();
  readonly #onSignal = (): void => {
    if (this.#asked.signal.aborted) process.exit(exitCodes.paused);
    this.#asked.abort(new Interrupted('interrupted before anything was started; the same command begins anew'));
  };

  constructor() {
    for (const name of SIGNALS) process.on(name, this.#onSignal);
  }

  /** Aborted with Interrupted by the first. */
  get signal(): AbortSignal {
    return this.#asked.signal;
  }

  get wasAsked(): boolean {
    return this.#asked.signal.aborted;
  }

  /** Signals mean again what they always do. */
  dispose(): void {
    for (const name of SIGNALS) process.off(name, this.#onSignal);
  }
}
