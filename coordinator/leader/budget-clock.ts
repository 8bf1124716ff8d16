/**
 * How long a sweep has run, for `budget.wallClock`. Time counts while the sweep is running and a worker
 * is connected, so neither a pause nor a machine that is switched off uses the budget up. It is written
 * to the store every few seconds: a leader that is killed forgets at most that much.
 */
import type { TurnWrites } from '../store/store.js';
import type { SweepRun } from './model.js';

export const SAVE_EVERY_MS = 5_000;

export class BudgetClock {
  #last: number | null = null;

  /** Counts the time since the last call; returns the sweeps whose budget is used up. `now` is monotonic, in ms. */
  tick(sweeps: Iterable<SweepRun>, working: boolean, now: number, writes: TurnWrites): SweepRun[] {
    const passed = working && this.#last !== null ? now - this.#last : 0;
    this.#last = now;
    const over: SweepRun[] = [];
    for (const sweep of sweeps) {
      const limit = sweep.record.spec.budget.wallClockMs;
      if (limit === null || sweep.state !== 'running') continue;
      sweep.ranMs += passed;
      const isOver = sweep.ranMs >= limit;
      if (isOver) over.push(sweep);
      if (sweep.ranMs - sweep.savedMs >= SAVE_EVERY_MS || (isOver && sweep.savedMs < limit)) {
        sweep.savedMs = sweep.ranMs;
        writes.clocks.push({ id: sweep.record.id, revision: sweep.record.revision, ranMs: sweep.ranMs });
      }
    }
    return over;
  }
}
