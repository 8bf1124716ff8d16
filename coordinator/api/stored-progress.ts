/**
 * How far a sweep is that no leader has in memory: it has ended, or nothing runs. Counting walks every epoch of
 * every trial, so what was counted is kept: of a sweep that is over for good, of another until nine times what the
 * counting took has passed.
 */
import type { SweepRecord } from '../store/records.js';
import type { Store } from '../store/store.js';
import type { TrialState } from '../trial/states.js';
import { leaderboard, rankedRow, standsAlone, type Ranked } from './results.js';
import type { ProgressView, TrialCounts } from './views.js';

type Progress = Pick<ProgressView, 'trials' | 'epochs' | 'best'>;

interface Kept {
  readonly progress: Promise<Progress>;
  readonly record: SweepRecord;
  /** On this process' monotonic clock; without end while it is counted. */
  readonly goodUntilMs: number;
}

export class StoredProgress {
  readonly #store: Pick<Store, 'totalsOf' | 'trialRows' | 'leaderboardPart'>;
  readonly #kept = new Map<string, Kept>();

  constructor(store: Pick<Store, 'totalsOf' | 'trialRows' | 'leaderboardPart'>) {
    this.#store = store;
  }

  /** Whoever asks in the same moment waits for the same. Rejects with the store's errors. */
  of(record: SweepRecord): Promise<Progress> {
    const kept = this.#kept.get(record.id);
    if (kept !== undefined && isGood(kept, record)) return kept.progress;
    const progress = this.#count(record);
    this.#kept.set(record.id, { progress, record, goodUntilMs: Number.POSITIVE_INFINITY });
    const startedMs = performance.now();
    progress.then(
      () => this.#settle(progress, Math.max(LEAST_REST_MS, REST * (performance.now() - startedMs))),
      () => this.#settle(progress, null),
    );
    return progress;
  }

  /** `restMs`: null for nothing to be kept. */
  #settle(progress: Promise<Progress>, restMs: number | null): void {
    for (const [id, kept] of this.#kept) {
      if (kept.progress !== progress) continue;
      if (restMs === null) this.#kept.delete(id);
      else this.#kept.set(id, { ...kept, goodUntilMs: performance.now() + restMs });
    }
  }

  async #count(sweep: SweepRecord): Promise<Progress> {
    const [{ states, total, recorded }, best] = await Promise.all([this.#store.totalsOf(sweep.id), this.#best(sweep)]);
    return { trials: countTrials(states), epochs: { total, recorded }, best };
  }

  async #best(sweep: SweepRecord): Promise<Progress['best']> {
    const rows = (standsAlone(sweep) ? await this.#store.leaderboardPart(sweep.id, 0, 1) : null)?.rows ?? (await this.#store.trialRows(sweep.id));
    const completed = rows.filter(({ state }) => state === 'completed');
    const best: (Ranked & { readonly row: { readonly id: string } }) | undefined = leaderboard(sweep, completed.map((row) => rankedRow(sweep, row)))[0];
    return best === undefined ? null : { trial: best.row.id, number: best.number, value: sweep.spec.replicates === undefined ? best.objective : best.mean };
  }
}

function isGood({ record: kept, goodUntilMs }: Kept, record: SweepRecord): boolean {
  if (kept.revision !== record.revision || kept.changes !== record.changes || kept.state !== record.state) return false;
  return record.state === 'completed' || record.state === 'failed' || performance.now() < goodUntilMs;
}

function countTrials(states: { readonly [state in TrialState]?: number }): TrialCounts {
  const { completed = 0, pruned = 0, failed = 0, infeasible = 0, cancelled = 0, running = 0, queued = 0, paused = 0 } = states;
  const waiting = queued + paused;
  return { total: completed + pruned + failed + infeasible + cancelled + running + waiting, done: completed + pruned, failed: failed + infeasible, cancelled, running, waiting };
}
