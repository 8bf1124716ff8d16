/** What happens in the leader's turns that no row tells of: for those who watch. No decision reads it. */
import type { OutcomeClass } from '../../proto/work.js';
import type { WaitReason } from '../placement/waiting.js';

/** How work came to its box. */
export type PlacementKind =
  /** The box that holds the weights to begin with. */
  | 'near'
  /** The one with the largest share of free slots. */
  | 'idlest'
  /** A box to itself. */
  | 'alone'
  /** It waits at its box for the next free slot. */
  | 'ahead'
  /** A box is kept free until it is idle. */
  | 'reserved'
  /** It waited at a busy box while another was idle. */
  | 'called-back';

export interface TurnNotes {
  readonly placed: { [kind in PlacementKind]: number };
  readonly ended: { readonly kind: 'train' | 'evaluate'; readonly outcome: OutcomeClass }[];
  /** Leases of workers that fell silent. */
  expired: number;
  /** Reports whose lease was gone: they changed nothing. */
  stale: number;
  /** Epochs on the paths of trials that ended which another trial had trained, or which were recorded before. */
  shared: number;
  /** Planned epochs that trials were spared by their pruner; by their rule to stop. */
  pruned: number;
  stopped: number;
  /** Sweeps that a person stopped, and their trials that had not ended. */
  sweepsStopped: number;
  trialsCancelled: number;
  /** Time that ready work waited, summed over its pieces, in ms. */
  readonly waitedMs: { [reason in WaitReason]: number };
}

export function emptyNotes(): TurnNotes {
  return {
    placed: { near: 0, idlest: 0, alone: 0, ahead: 0, reserved: 0, 'called-back': 0 },
    ended: [],
    ...{ expired: 0, stale: 0, shared: 0, pruned: 0, stopped: 0, sweepsStopped: 0, trialsCancelled: 0 },
    waitedMs: nobodyWaits(),
  };
}

/** Ready work by what it waits for. */
export type Waiting = { [reason in WaitReason]: number };

export function nobodyWaits(): Waiting {
  return { worker: 0, pool: 0, engine: 0, memory: 0, alone: 0, slot: 0, concurrency: 0, budget: 0 };
}
