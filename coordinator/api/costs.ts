/**
 * What all sweeps cost, for a list of them. Summing takes every trial in, so what was summed is kept:
 * of a sweep that is over for good, of another until nine times what the summing took has passed.
 */
import type { SweepCosts, SweepRecord } from '../store/records.js';
import type { Store } from '../store/store.js';
import { goodUntil, isOver, isSame } from './kept-sweeps.js';

interface Kept {
  readonly costs: SweepCosts;
  readonly record: SweepRecord;
  /** On this process' monotonic clock. */
  readonly goodUntilMs: number;
}

export class Costs {
  readonly #store: Pick<Store, 'costsOf'>;
  readonly #kept = new Map<string, Kept>();
  #reading: Promise<void> = Promise.resolve();

  constructor(store: Pick<Store, 'costsOf'>) {
    this.#store = store;
  }

  /** In the order of the sweeps. */
  async of(sweeps: readonly SweepRecord[]): Promise<readonly SweepCosts[]> {
    // One after the other: whoever asks in the same moment finds what the first one has read.
    this.#reading = this.#reading.catch(() => undefined).then(() => this.#read(sweeps));
    await this.#reading;
    return sweeps.flatMap(({ id }) => this.#kept.get(id)?.costs ?? []);
  }

  async #read(sweeps: readonly SweepRecord[]): Promise<void> {
    const startedMs = performance.now();
    const stale = sweeps.filter((record) => !isGood(this.#kept.get(record.id), record, startedMs));
    if (stale.length === 0) return;
    const read = new Map((await this.#store.costsOf(stale.map(({ id }) => id))).map((costs) => [costs.sweep, costs]));
    const goodUntilMs = goodUntil(startedMs, performance.now());
    for (const record of stale) {
      const costs = read.get(record.id);
      if (costs !== undefined) this.#kept.set(record.id, { costs, record, goodUntilMs });
    }
  }
}

function isGood(kept: Kept | undefined, record: SweepRecord, nowMs: number): boolean {
  return kept !== undefined && isSame(kept.record, record) && (isOver(record) || nowMs < kept.goodUntilMs);
}
