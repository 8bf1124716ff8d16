/** What of a sweep's plans is still ahead, where it has run before. Pure. */
import type { EpochKey } from '../../proto/work.js';
import type { RecordedEpoch, TrialRecord } from '../store/records.js';
import type { TrialPlan } from '../sweep/spec.js';
import { emptyFold, foldEpoch, type FoldRule } from '../trial/fold.js';
import { isEnded } from '../trial/states.js';
import { pathOf } from './results.js';

/**
 * Plans with their paths as they ended: epochs after an early stop or a pruner's do not exist for a trial
 * (design rule 5), and of one that was cancelled nothing is trained any more unless `revives`. `isStored`
 * says of a key whether its epoch is recorded.
 */
export function endedPaths(records: readonly TrialRecord[], revives: boolean, isStored: (key: EpochKey) => boolean): TrialPlan[] {
  return records.map((record) => {
    const { state, plan } = record;
    if (!isEnded(state) || (state === 'cancelled' && revives)) return plan;
    const path = pathOf(record);
    const missing = path.findIndex((key) => !isStored(key));
    return { ...plan, path: missing < 0 ? path : path.slice(0, missing) };
  });
}

/** Plans with their paths as far as what is recorded lets them go: one that has diverged, or has lost patience, ends there, however many epochs are asked for. */
export function foldedPaths(plans: readonly TrialPlan[], rule: FoldRule, recorded: (key: EpochKey) => RecordedEpoch | undefined): TrialPlan[] {
  return plans.map((plan) => {
    const { path } = plan;
    let fold = emptyFold;
    for (const key of path) {
      const epoch = recorded(key);
      if (epoch === undefined) return plan;
      fold = foldEpoch(fold, epoch.result, path.length, rule);
      if (fold.state !== 'open') break;
    }
    return { ...plan, path: path.slice(0, fold.epochs) };
  });
}
