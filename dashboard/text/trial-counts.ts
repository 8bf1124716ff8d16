/** How far the trials of a sweep are, in the same words wherever it is told. Pure. */
import type { Answers } from '../api/types.js';
import { count, metric, whole } from './format.js';

/** Of a result from before a trial went on: the epochs after which it was, of how many now. */
type GoesOn = NonNullable<Answers['GET /sweeps/:sweep/progress']['best']>['goesOn'];

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

/** `0.25`, and ` after 2 of 4 epochs` where the trial goes on since. */
export function resultText(value: number | null, goesOn: GoesOn): string {
  return `${metric(value)}${goesOn === null ? '' : ` ${afterText(goesOn)}`}`;
}

export function afterText({ after, of }: NonNullable<GoesOn>): string {
  return `after ${whole(after)} of ${count(of, 'epoch')}`;
}
