/**
 * What the application service needs of whoever leads. The leader of a running coordinator is one;
 * for a home where nothing runs, `leadAlone` takes the leadership for the one request.
 */
import type { Leadership, Store } from '../store/store.js';

export interface SnapshotAttempt {
  readonly attempt: string;
  /** The worker's name. */
  readonly worker: string;
  readonly kind: 'train' | 'evaluate';
  /** Ids of the trials whose paths hold its epochs. */
  readonly trials: readonly string[];
  readonly from: number;
  readonly to: number;
  readonly epoch: number;
  readonly step: number;
  readonly steps: number;
  /** NaN before the first step. */
  readonly loss: number;
}

export interface LeaderSnapshot {
  readonly workers: readonly { readonly id: string; readonly name: string; readonly slots: number }[];
  readonly attempts: readonly SnapshotAttempt[];
}

export interface Leading {
  /** The fencing number under which a person's requests are written; waits until there is one. */
  epoch(): Promise<number>;
  /** False while it waits for the leadership. */
  isLeading(): boolean;
  /** Tells the leader that a sweep changed; settles when it has taken that in. */
  wake(): Promise<void>;
  snapshot(): LeaderSnapshot;
}

/** For one process alone with its store: leads from the first write until `release`. */
export function leadAlone(store: Store): Leading & { release(): Promise<void> } {
  let leadership: Promise<Leadership> | null = null;
  const abort = new AbortController();
  return {
    async epoch() {
      leadership ??= store.lead(abort.signal);
      return (await leadership).epoch;
    },
    isLeading: () => leadership !== null,
    wake: () => Promise.resolve(),
    snapshot: () => ({ workers: [], attempts: [] }),
    async release() {
      await (await leadership)?.release();
    },
  };
}
