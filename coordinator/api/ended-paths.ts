/** What of a sweep's plans is still ahead, where it has run before. Pure. */
import type { EpochKey } from '../../proto/work.js';
import type { TrialRecord } from '../store/store.js';
import type { TrialPlan } from '../sweep/spec.js';
import type { SweepState } from '../trial/states.js';

/**
 * Plans with their paths as they ended: epochs after an early stop do not exist for a trial (design rule
 * 5), and of a completed sweep nothing is trained any more. `records` are of the same sweep, unchanged;
 * `isStored` says of a key whether its epoch is recorded.
 */
export function endedPaths(plans: readonly TrialPlan[], records: readonly TrialRecord[], state: SweepState, isStored: (key: EpochKey) => boolean): TrialPlan[] {
  // Twins have one path, and end alike.
  const byLastKey = new Map(records.map((record) => [record.plan.path.at(-1), record]));
  return plans.map((plan) => {
    const record = byLastKey.get(plan.path.at(-1));
    if (record === undefined) return plan;
    if (state === 'completed') {
      const missing = plan.path.findIndex((key) => !isStored(key));
      return { ...plan, path: plan.path.slice(0, Math.min(record.epochs ?? plan.path.length, missing < 0 ? plan.path.length : missing)) };
    }
    return record.state === 'completed' && record.epochs !== null ? { ...plan, path: plan.path.slice(0, record.epochs) } : plan;
  });
}
