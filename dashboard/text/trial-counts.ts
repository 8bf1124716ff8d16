/** How far the trials of a sweep are, in the same words wherever it is told. Pure. */
import type { Answers } from '../api/types.js';
import { whole } from './format.js';

export type TrialCounts = Answers['GET /sweeps/:sweep/progress']['trials'];

/** `4 of 6`: completed or pruned, as commands count them. */
export function doneText({ done, total }: TrialCounts): string {
  return `${whole(done)} of ${whole(total)}`;
}

/** Those that came to another end, e.g. `2 failed`; empty where there are none. */
export function otherEnds(trials: TrialCounts): string[] {
  return (['failed', 'infeasible', 'cancelled'] as const).filter((end) => trials[end] > 0).map((end) => `${whole(trials[end])} ${end}`);
}

/** Trials that have not ended. */
export function openTrials({ running, waiting }: TrialCounts): number {
  return running + waiting;
}
