const WINDOW_MS = 60_000;
/** So the sum needs no list of all epochs, of which there may be hundreds in a second. */
const BUCKET_MS = 5_000;

/** Epochs per second over the last minute. Times are monotonic milliseconds. */
export class EpochRate {
  readonly #startedAt: number;
  #buckets: { readonly from: number; count: number }[] = [];

  constructor(now: number) {
    this.#startedAt = now;
  }

  count(now: number): void {
    const from = Math.floor(now / BUCKET_MS) * BUCKET_MS;
    const last = this.#buckets.at(-1);
    if (last?.from === from) last.count += 1;
    else this.#buckets.push({ from, count: 1 });
    this.#forget(now);
  }

  /** Over less than a minute, right after the start; then of at least one bucket. */
  perSecond(now: number): number {
    this.#forget(now);
    const sum = this.#buckets.reduce((total, { count }) => total + count, 0);
    return sum / (Math.max(BUCKET_MS, Math.min(WINDOW_MS, now - this.#startedAt)) / 1_000);
  }

  #forget(now: number): void {
    this.#buckets = this.#buckets.filter(({ from }) => from + BUCKET_MS > now - WINDOW_MS);
  }
}
