/** What a deed would mean for a sweep's trials, said before it is done. Pure. */
import type { Answers, ProgressView } from '../api/types.js';
import { count, whole } from './format.js';
import { openTrials } from './trial-counts.js';

/** Of pausing, resuming and stopping. */
export function affectedText(deed: 'pause' | 'resume' | 'stop', { sweep, trials, epochs }: Pick<ProgressView, 'trials' | 'epochs'> & { readonly sweep: Pick<ProgressView['sweep'], 'state'> }): string {
  const open = openTrials(trials);
  const left = count(Math.max(0, epochs.total - epochs.recorded), 'epoch');
  // Epochs of trials that are cancelled are not counted.
  if (deed === 'resume' && sweep.state === 'stopped') return `Trials that go on: ${whole(open + trials.cancelled)}, of which ${whole(trials.cancelled)} cancelled.`;
  if (deed === 'stop') return `Trials that are cancelled: ${whole(open)}, with ${left} left to train but for those in progress.`;
  return `Open trials: ${whole(open)}, with ${left} left to train.`;
}

/** Of trying trials again. */
export function retryText({ retried, remembered, epochs }: Pick<Answers['POST /sweeps/:sweep/retries'], 'retried' | 'remembered' | 'epochs'>): string {
  if (retried.length === 0 && remembered.length === 0) return 'No trial has failed or was cancelled: there is nothing to be tried again.';
  const again = retried.length === 0 ? 'Nothing is tried again.' : `Queued again: ${count(retried.length, 'trial')}, with ${count(epochs, 'epoch')} to train.`;
  return remembered.length === 0 ? again : `${again} Not tried again: ${count(remembered.length, 'trial')} that failed by the settings, and would again.`;
}
