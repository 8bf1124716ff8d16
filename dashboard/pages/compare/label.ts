import type { TrialDetail } from '../../api/types.js';

/** What tells the trials apart on this page. */
export function labelOf({ sweep, trial }: TrialDetail, details: readonly TrialDetail[]): string {
  const isOneSweep = details.every((other) => other.sweep.id === sweep.id);
  return isOneSweep ? `trial ${trial.number}` : `${sweep.name.slice(0, 60)}/${trial.number}`;
}
