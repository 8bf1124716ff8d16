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

  /** Takes one. Throws TooManyRequests where nothing is left. */
  take(who: string): void {
    const amount = this.#amount(who) + 1;
    const over = amount - this.#options.burst;
    if (over > 0) throw new TooManyRequests(Math.ceil(over / this.#options.perSecond));
    this.#set(who, amount);
    const [first] = this.#used.keys();
    if (this.#used.size > MOST_KNOWN && first !== undefined) this.#used.delete(first);
  }

  /** What was taken is not counted after all. */
  giveBack(who: string): void {
    this.#set(who, Math.max(0, this.#amount(who) - 1));
  }

  #set(who: string, amount: number): void {
    this.#used.delete(who);
    this.#used.set(who, { amount, atMs: this.#now() });
  }

  #amount(who: string): number {
    const known = this.#used.get(who);
    return known === undefined ? 0 : Math.max(0, known.amount - ((this.#now() - known.atMs) / 1000) * this.#options.perSecond);
  }
}
