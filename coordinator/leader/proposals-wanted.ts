/** How many trials are proposed ahead of the slots that will want them. */
import { leasesLeft } from '../placement/fair-share.js';
import { contenderOf } from './boxes.js';
import type { SweepRun, WorkerRun } from './model.js';

/** Trials proposed ahead of a free slot, per slot: none waits for a sampler, and few are chosen on old news. */
const AHEAD = 0.25;
/** At least so many of a sweep whose epochs are so short that the way to a worker takes longer than a trial. */
const AHEAD_OF_SHORT = 4;
const SHORT_MS = 10;

/** Sweeps that could do with more trials than are there, and how many: one for each idle slot and some ahead. */
export function proposalsWanted(sweeps: Iterable<SweepRun>, workers: Iterable<WorkerRun>, now: number): { readonly sweep: SweepRun; readonly count: number }[] {
  const connected = [...workers].filter((worker) => worker.peer !== null);
  const slots = connected.reduce((sum, worker) => sum + worker.slots, 0);
  // What waits at a worker is still queued.
  const busy = connected.reduce((sum, worker) => sum + worker.attempts.size - worker.waiting, 0);
  return [...sweeps].flatMap((sweep) => {
    const { proposing } = sweep;
    if (proposing === null || proposing.busy || sweep.state !== 'running') return [];
    const ahead = Math.max(1, Math.ceil(slots * AHEAD), (sweep.pace.expectedMs(1) ?? SHORT_MS) < SHORT_MS ? AHEAD_OF_SHORT : 0);
    const idle = Math.min(Math.max(0, slots - busy), leasesLeft(contenderOf(sweep, now)));
    const count = Math.min(idle + ahead - sweep.queued, proposing.left);
    return count > 0 ? [{ sweep, count }] : [];
  });
}
