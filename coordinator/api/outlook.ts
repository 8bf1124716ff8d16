/** What a sweep's trials still cost: epochs asked for, stored, and to be trained. Pure but for the store's answers. */
import { isClassifier, type EpochKey, type EpochSettings, type ImageTrajectory } from '../../proto/work.js';
import type { RecordedEpoch } from '../store/records.js';
import type { Store } from '../store/store.js';
import type { SweepSpec, TrialPlan } from '../sweep/spec.js';
import { epochCounts } from '../sweep/resolve.js';
import { chunks, distinctKeys } from './known-epochs.js';
import type { Preview, WorkGroup } from './views.js';

/** `all`: what the store knows of the trials' epochs, and perhaps of others. */
export async function outlookOf(store: Pick<Store, 'evaluationsByKey'>, { budget }: SweepSpec, trials: readonly TrialPlan[], all: ReadonlyMap<EpochKey, RecordedEpoch>): Promise<Pick<Preview, 'trials' | 'epochs' | 'work'>> {
  const counts = epochCounts(trials);
  const keys = distinctKeys(trials.map((trial) => trial.path));
  const wanted = new Set(keys);
  const stored = new Map([...all].filter(([key]) => wanted.has(key)));
  const evaluated = new Set<EpochKey>();
  for (const some of chunks(keys)) for (const { key } of await store.evaluationsByKey(some)) evaluated.add(key);
  const again = lostStates(trials, stored, evaluated);
  return {
    trials: trials.length,
    epochs: { requested: counts.requested, distinct: counts.distinct, stored: stored.size, again: again.size, budget: budget.epochs ?? null },
    work: workGroups(trials, (key) => !stored.has(key) || again.has(key)),
  };
}

/**
 * Epochs that are recorded, but whose state is needed and was not kept: where a path goes on, or ends
 * without predictions. They are trained again from the nearest checkpoint before (design rule 6).
 */
function lostStates(trials: readonly TrialPlan[], stored: ReadonlyMap<EpochKey, RecordedEpoch>, evaluated: ReadonlySet<EpochKey>): Set<EpochKey> {
  const again = new Set<EpochKey>();
  for (const { trajectory, path } of trials) {
    const missing = path.findIndex((key) => !stored.has(key));
    const isDone = missing < 0 && path.some((key) => evaluated.has(key));
    if (!isClassifier(trajectory) || isDone) continue;
    for (let epoch = (missing < 0 ? path.length : missing) - 1; epoch >= 0; epoch -= 1) {
      const recorded = stored.get(path[epoch] ?? '');
      if (recorded === undefined || recorded.checkpoint !== null) break;
      again.add(recorded.key);
    }
  }
  return again;
}

/** Epochs not in the store, counted by what decides how long one takes: the network, its input, the batch, and what of a base is trained. */
function workGroups(trials: readonly TrialPlan[], isToTrain: (key: EpochKey) => boolean): WorkGroup[] {
  const groups = new Map<string, WorkGroup>();
  const counted = new Set<EpochKey>();
  for (const trial of trials) {
    if (trial.trajectory.trainable !== 'image-classifier') continue;
    for (const [epoch, key] of trial.path.entries()) {
      const settings = trial.epochs[epoch];
      if (settings === undefined || !isToTrain(key) || counted.has(key)) continue;
      counted.add(key);
      const name = groupName(trial.trajectory, settings);
      const group = groups.get(name) ?? { trajectory: trial.trajectory, settings, epochs: 0 };
      groups.set(name, { ...group, epochs: group.epochs + 1 });
    }
  }
  return [...groups.values()];
}

function groupName({ input, model, optimizer }: ImageTrajectory, settings: EpochSettings): string {
  if (!('batch' in settings)) return '';
  const { batch, base, augment } = settings;
  return JSON.stringify([input, model, optimizer, batch, ...(model.transfer === undefined ? [] : [base?.freeze ?? null, augment === null])]);
}
