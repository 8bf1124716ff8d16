/**
 * Which epochs trials shared. Each recorded epoch is one trial's own, the first that ends with it on its
 * path; so own and shared epochs of all trials that have ended add up to what these asked for.
 */
import type { TrialState } from '../trial/states.js';
import type { TrialRun } from './model.js';
import type { TurnNotes } from './notes.js';

/** Of a trial that had ended before this leader took it in. */
export function creditKnown(trial: TrialRun): void {
  for (let epoch = 0; epoch < trial.length; epoch += 1) {
    const node = trial.nodes[epoch];
    if (node !== undefined) node.credited = true;
  }
}

/** Call before the trial is taken off the board. */
export function creditEnd(trial: TrialRun, state: TrialState, notes: TurnNotes): void {
  for (let epoch = 0; epoch < trial.fold.epochs; epoch += 1) {
    const node = trial.nodes[epoch];
    if (node === undefined) continue;
    if (node.credited) notes.shared += 1;
    node.credited = true;
  }
  const spared = trial.nodes.length - trial.fold.epochs;
  if (state === 'pruned') notes.pruned += spared;
  if (state === 'completed') notes.stopped += spared;
}
