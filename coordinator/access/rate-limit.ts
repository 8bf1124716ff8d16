/** How often somebody may do something: a bucket of so many that fills up again at a steady rate. */
import { TooManyRequests } from './errors.js';

export interface RateLimitOptions {
  /** At once. */
  readonly burst: number;
  readonly perSecond: number;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
}

/** Of those who were heard of; the longest unheard give way. */
const MOST_KNOWN = 10_000;

export class RateLimit {
  readonly #options: RateLimitOptions;
  readonly #now: () => number;
  /** How much of its bucket each has used, as of when; the longest unheard first. */
  readonly #used = new Map<string, { readonly amount: number; readonly atMs: number }>();

  constructor(options: RateLimitOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /** Throws TooManyRequests where nothing is left; takes nothing. */
  check(who: string): void {
    const over = this.#amount(who) + 1 - this.#options.burst;
    if (over > 0) throw new TooManyRequests(Math.ceil(over / this.#options.perSecond));
  }

  /** Takes one. */
  count(who: string): void {
    const amount = Math.min(this.#options.burst, this.#amount(who) + 1);
    this.#used.delete(who);
    this.#used.set(who, { amount, atMs: this.#now() });
    const [first] = this.#used.keys();
    if (this.#used.size > MOST_KNOWN && first !== undefined) this.#used.delete(first);
  }

  #amount(who: string): number {
    const known = this.#used.get(who);
    return known === undefined ? 0 : Math.max(0, known.amount - ((this.#now() - known.atMs) / 1000) * this.#options.perSecond);
  }
}
