/** How the store keeps where a trial stands. */
import { scoreOf, storedScore, type Score } from '../trial/rank.js';
import { isEnded } from '../trial/states.js';
import type { TrialUpdate } from '../store/turn-writes.js';
import type { TrialRun } from './model.js';

export function trialWrite(trial: TrialRun): TrialUpdate {
  const { sweep } = trial;
  const score = completedScore(trial);
  return {
    ...{ id: trial.id, revision: sweep.record.revision, state: trial.state, ...endOf(trial), failure: trial.failure },
    until: sweep.pruning === null ? null : trial.until,
    score: score === null ? undefined : storedScore(score, sweep.record.spec.objective),
  };
}

/** Of a completed trial; null of the others. */
export function completedScore({ number, state, chosen, sweep: { record, rule } }: TrialRun): Score | null {
  const result = chosen?.result ?? null;
  return state !== 'completed' || chosen === null || result === null ? null : scoreOf(number, { ...chosen, result }, record.spec.objective, rule.classes, rule.positive);
}

/** The end of a trial's path; nothing while it is open. */
export function endOf(trial: TrialRun): { readonly epochs: number | null; readonly bestEpoch: number | null } {
  return { epochs: isEnded(trial.state) ? trial.length : null, bestEpoch: trial.state === 'completed' ? (trial.chosen?.epoch ?? null) : null };
}
