/** Sweep and trial states. Each machine has one transition function; docs/states.md is checked against both. */
import { CodedError } from '../../proto/coded-error.js';

export type SweepState =
  /** Its trials are dispatched. */
  | 'running'
  /** Nothing new is dispatched; what ran was given back at an epoch end. */
  | 'paused'
  /** Every trial ended. */
  | 'completed'
  /** Ended by a person before every trial did. */
  | 'stopped'
  /** Every trial ended and none completed. */
  | 'failed';

export type TrialState =
  /** None of its epochs is in progress and none of its own was trained yet. */
  | 'queued'
  /** A worker has begun one of its epochs. */
  | 'running'
  /** Its sweep is paused, or a pruner waits for its peers. */
  | 'paused'
  /** Reached its end (or early stopping did) and its evaluation is recorded. */
  | 'completed'
  /** Ended by a pruner. As `failed` and `infeasible`: a person may queue it again. */
  | 'pruned'
  /** Diverged, or an attempt's failure outlived its retry rule. */
  | 'failed'
  /** Needs more memory than any box has. */
  | 'infeasible'
  /** Its sweep was stopped or its budget used up, or a revision dropped it. A sweep that has ended and goes on queues it again. */
  | 'cancelled';

const sweepMoves: { readonly [from in SweepState]: readonly SweepState[] } = {
  running: ['paused', 'completed', 'stopped', 'failed'],
  paused: ['running', 'completed', 'stopped', 'failed'],
  completed: ['running'],
  stopped: ['running'],
  failed: ['running'],
};

const trialMoves: { readonly [from in TrialState]: readonly TrialState[] } = {
  queued: ['running', 'paused', 'completed', 'pruned', 'failed', 'infeasible', 'cancelled'],
  running: ['paused', 'completed', 'pruned', 'failed', 'infeasible', 'cancelled'],
  paused: ['running', 'queued', 'completed', 'pruned', 'failed', 'infeasible', 'cancelled'],
  completed: [],
  pruned: ['queued'],
  failed: ['queued'],
  infeasible: ['queued'],
  cancelled: ['queued'],
};

export class IllegalTransition extends CodedError {
  readonly code = 'IllegalTransition';
  constructor(what: string, from: string, to: string) {
    super(`a ${what} that is ${from} cannot become ${to}`);
  }
}

/** The next state, or IllegalTransition. Staying is always legal. */
export function moveSweep(from: SweepState, to: SweepState): SweepState {
  if (from !== to && !sweepMoves[from].includes(to)) throw new IllegalTransition('sweep', from, to);
  return to;
}

/** The next state, or IllegalTransition. Staying is always legal. */
export function moveTrial(from: TrialState, to: TrialState): TrialState {
  if (from !== to && !trialMoves[from].includes(to)) throw new IllegalTransition('trial', from, to);
  return to;
}

export const sweepTransitions = sweepMoves;
export const trialTransitions = trialMoves;

const ended: ReadonlySet<TrialState> = new Set(['completed', 'pruned', 'failed', 'infeasible', 'cancelled']);

export function isEnded(state: TrialState): boolean {
  return ended.has(state);
}
