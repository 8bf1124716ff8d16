/**
 * How far a sweep is that no leader has in memory: it has ended, or nothing runs. Counting reads what every trial's
 * row keeps, so what was counted is kept.
 */
import type { SweepRecord } from '../store/records.js';
import type { Store } from '../store/store.js';
import type { TrialState } from '../trial/states.js';
import { KeptOfSweeps } from './kept-sweeps.js';
import { leaderboard, rankedRow, standsAlone, type Ranked } from './results.js';
import type { BestSoFar, ProgressView, TrialCounts } from './views.js';

/** Of the completed trials; `shortfall` as scores have it. */
export type CompletedBest = Omit<BestSoFar, 'goesOn'> & { readonly shortfall: number };

type Progress = Pick<ProgressView, 'trials' | 'epochs'> & { readonly best: CompletedBest | null };

const MOST_SWEEPS = 10_000;

export class StoredProgress {
  readonly #store: Pick<Store, 'totalsOf' | 'trialRows' | 'leaderboardPart'>;
  readonly #kept = new KeptOfSweeps<Progress>(MOST_SWEEPS);

  constructor(store: Pick<Store, 'totalsOf' | 'trialRows' | 'leaderboardPart'>) {
    this.#store = store;
  }

  /** Rejects with the store's errors. */
  of(record: SweepRecord): Promise<Progress> {
    return this.#kept.of(record, 'progress', () => this.#count(record));
  }

  async #count(sweep: SweepRecord): Promise<Progress> {
    const [{ states, total, recorded }, best] = await Promise.all([this.#store.totalsOf(sweep.id), this.#best(sweep)]);
    return { trials: countTrials(states), epochs: { total, recorded }, best };
  }

  async #best(sweep: SweepRecord): Promise<Progress['best']> {
    const rows = (standsAlone(sweep) ? await this.#store.leaderboardPart(sweep.id, 0, 1) : null)?.rows ?? (await this.#store.trialRows(sweep.id));
    const completed = rows.filter(({ state }) => state === 'completed');
    const best: (Ranked & { readonly row: { readonly id: string } }) | undefined = leaderboard(sweep, completed.map((row) => rankedRow(sweep, row)))[0];
    return best === undefined ? null : { trial: best.row.id, number: best.number, value: sweep.spec.replicates === undefined ? best.objective : best.mean, shortfall: best.shortfall ?? Number.POSITIVE_INFINITY };
  }
}

function countTrials(states: { readonly [state in TrialState]?: number }): TrialCounts {
  const { completed = 0, pruned = 0, failed = 0, infeasible = 0, cancelled = 0, running = 0, queued = 0, paused = 0 } = states;
  const waiting = queued + paused;
  return { total: completed + pruned + failed + infeasible + cancelled + running + waiting, done: completed + pruned, failed, infeasible, cancelled, running, waiting };
}
