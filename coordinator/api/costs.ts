/** What all sweeps cost, for a list of them. Summing takes every trial in, so what was summed is kept. */
import type { SweepCosts, SweepRecord } from '../store/records.js';
import type { Store } from '../store/store.js';
import { KeptOfSweeps } from './kept-sweeps.js';

const MOST_SWEEPS = 10_000;

export class Costs {
  readonly #store: Pick<Store, 'costsOf'>;
  readonly #kept = new KeptOfSweeps<SweepCosts>(MOST_SWEEPS);

  constructor(store: Pick<Store, 'costsOf'>) {
    this.#store = store;
  }

  /** In the order of the sweeps. Rejects with the store's errors. */
  of(sweeps: readonly SweepRecord[]): Promise<readonly SweepCosts[]> {
    return this.#kept.ofAll(sweeps, 'costs', async (missing) => new Map((await this.#store.costsOf(missing.map(({ id }) => id))).map((costs) => [costs.sweep, costs])));
  }
}
