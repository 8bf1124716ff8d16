/** What follows a failed attempt (design rule 11): one rule per class, counted at the epoch where the span began. */
import type { OutcomeClass } from '../../proto/work.js';

export type FailureClass = Exclude<OutcomeClass, 'done' | 'released' | 'Preempted'>;
export type Verdict =
  /** The stage is ready again. */
  | 'retry'
  /** Ready again, but only alone on a box, with all its memory. */
  | 'retryAlone'
  /** The trials that need it fail. */
  | 'fail'
  /** The trials that need it are infeasible. */
  | 'infeasible'
  /** The sweep pauses until a person made room, or put its data back. */
  | 'pause';

/** How many attempts of this class a span may lose before its trials fail. */
export const attemptsBeforeFailure: { readonly [kind in 'WorkerLost' | 'TrainableError' | 'Timeout' | 'CheckpointLost']: number } = {
  // A stage that has lost three workers fails instead of killing a fourth.
  WorkerLost: 3,
  // A crash may be the box's fault once; twice in the same place it is the trial's.
  TrainableError: 2,
  Timeout: 2,
  // It is made again, so it can be lost again; a store that loses all it is given is not to be filled for ever.
  CheckpointLost: 3,
};

/** `count` includes the failure at hand; `alone` says whether it had the largest box to itself. */
export function afterFailure(failure: FailureClass, count: number, alone: boolean): Verdict {
  switch (failure) {
    case 'OutOfMemory':
      return alone ? 'infeasible' : 'retryAlone';
    case 'DataError':
      return 'fail';
    case 'DiskFull':
    case 'DataLost':
      return 'pause';
    case 'WorkerLost':
    case 'TrainableError':
    case 'Timeout':
    case 'CheckpointLost':
      return count < attemptsBeforeFailure[failure] ? 'retry' : 'fail';
  }
}
