/** Reads something again and again as it changes, without asking for it all the time. Pure but for what it is given. */
import { asApiError, type ApiError } from '../api/api-error.js';
import type { Clock } from './clock.js';

/** Reading again rests so long, and ten times as long as it took: what is large is read less often. */
const REST_MS = 500;
const REST_TIMES = 10;
/** One answer that took long, of a coordinator that was busy once, says little of the next. */
const MOST_REST_MS = 15_000;

/** One request at a time: what changes while one is under way is read after it, and after a rest. */
export class Reader {
  readonly #load: (signal: AbortSignal) => Promise<void>;
  readonly #failed: (error: ApiError) => void;
  readonly #clock: Clock;
  readonly #controller = new AbortController();
  #isReading = false;
  #isStale = false;
  /** Whether the next read takes no rest. */
  #isUrgent = false;
  /** Ends the rest. */
  #wake: (() => void) | null = null;

  /** `load` is given what tells it that nobody waits any more; `failed` is told what it throws. */
  constructor(load: (signal: AbortSignal) => Promise<void>, failed: (error: ApiError) => void, clock: Clock) {
    this.#load = load;
    this.#failed = failed;
    this.#clock = clock;
  }

  read(): void {
    this.#isStale = true;
    if (!this.#isReading) void this.#run();
  }

  /** Without the rest, be it that one is under way, which may have begun too early to see what is asked for. */
  readNow(): void {
    this.#isUrgent = this.#isReading;
    this.read();
    this.#wake?.();
  }

  stop(): void {
    this.#controller.abort();
    this.#wake?.();
  }

  #isStopped(): boolean {
    return this.#controller.signal.aborted;
  }

  #mayRest(): boolean {
    return !this.#isUrgent && !this.#isStopped();
  }

  async #run(): Promise<void> {
    this.#isReading = true;
    while (this.#isStale && !this.#isStopped()) {
      this.#isStale = false;
      this.#isUrgent = false;
      const startedAtMs = this.#clock.nowMs();
      try {
        await this.#load(this.#controller.signal);
      } catch (error) {
        if (!this.#isStopped()) this.#failed(asApiError(error));
      }
      const tookMs = this.#clock.nowMs() - startedAtMs;
      if (this.#mayRest()) await this.#rest(Math.min(MOST_REST_MS, REST_MS + REST_TIMES * tookMs));
    }
    this.#isReading = false;
  }

  async #rest(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const giveUp = this.#clock.after(ms, resolve);
      this.#wake = () => {
        giveUp();
        resolve();
      };
    });
    this.#wake = null;
  }
}
