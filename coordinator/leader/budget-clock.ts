/**
 * How long a sweep has run and how long its attempts took, for `budget.wallClock`, `slotHours` and
 * `gpuHours`. Time counts while the sweep is running and a worker is connected, so neither a pause nor a
 * machine that is switched off uses the budget up. It is written to the store every few seconds: a leader
 * that is killed forgets at most that much.
 */
import type { TurnWrites } from '../store/turn-writes.js';
import type { BudgetEnd } from '../sweep/spec.js';
import { spentWrite, usedUp } from './budget.js';
import type { Attempt, SweepRun } from './model.js';

export const SAVE_EVERY_MS = 5_000;

export class BudgetClock {
  #last: number | null = null;

  /** Counts the time since the last call; returns the sweeps whose budget is used up. `now` is monotonic, in ms. */
  tick(sweeps: Iterable<SweepRun>, live: readonly Attempt[], working: boolean, now: number, writes: TurnWrites): { readonly sweep: SweepRun; readonly end: BudgetEnd }[] {
    const passed = working && this.#last !== null ? now - this.#last : 0;
    this.#last = now;
    const over: { sweep: SweepRun; end: BudgetEnd }[] = [];
    for (const sweep of sweeps) {
      const { wallClockMs, slotMs, gpuMs } = sweep.record.spec.budget;
      if (sweep.state !== 'running') continue;
      if (wallClockMs !== null) sweep.spent.ranMs += passed;
      if (slotMs !== undefined || gpuMs !== undefined) sweep.spent.slotMs += passed * live.filter(({ payers, begunAt }) => begunAt !== null && payers.has(sweep)).length;
      const end = usedUp(sweep);
      if (end !== null) over.push({ sweep, end });
      const counted = sweep.spent.ranMs + sweep.spent.slotMs;
      if (counted - sweep.savedMs < SAVE_EVERY_MS) continue;
      sweep.savedMs = counted;
      writes.spent.push(spentWrite(sweep));
    }
    return over;
  }
}
