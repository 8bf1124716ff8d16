/** How a trial and its attempts ended, in words. Pure. */
import type { TrialDetail, TrialState } from '../../api/types.js';

type Attempt = TrialDetail['attempts'][number];

/** Whether more may come of it. */
export function isOpen(state: TrialState): boolean {
  return state === 'queued' || state === 'running' || state === 'paused';
}

/**
 * An attempt is done when all its epochs are reported, also where the last of them says that the loss has ceased to
 * be finite: for whoever looks at the trial, it has diverged there. Null while it goes on.
 */
export function outcomeText({ outcome, to }: Pick<Attempt, 'outcome' | 'to'>, { failure, epochs }: Pick<TrialDetail['trial'], 'failure' | 'epochs'>): string | null {
  return outcome === 'done' && failure?.class === 'Diverged' && to >= epochs ? 'diverged' : outcome;
}
