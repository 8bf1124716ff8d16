/**
 * What the application service needs of whoever leads: the leader of a running coordinator, or, on a
 * home where nothing runs, this process for the one request.
 */
import { NotLeading, type Leader } from '../leader/leader.js';
import type { LeaderSnapshot } from '../leader/snapshot.js';
import type { Leadership, Store } from '../store/store.js';
import { codeOf } from './errors.js';

export interface Leading {
  /** The fencing number under which a person's requests are written; waits until there is one. */
  epoch(): Promise<number>;
  /** Tells the leader that a sweep changed; settles when it has taken that in. What runs for `giveBack`, a sweep that was stopped, is not waited for. */
  wake(giveBack?: string): Promise<void>;
  /** Null while nobody leads here. */
  snapshot(): LeaderSnapshot | null;
}

export function leadingBy(leader: Pick<Leader, 'epoch' | 'leading' | 'wake' | 'snapshot'>): Leading {
  return {
    async epoch() {
      await leader.leading();
      return leader.epoch;
    },
    async wake(giveBack) {
      try {
        await leader.wake(giveBack);
      } catch (error) {
        if (!(error instanceof NotLeading) && codeOf(error) !== 'StaleWrite') throw error;
        // A new reign begins with what is committed, be it that another change overtook the turn that took this one in.
        await leader.leading();
      }
    },
    snapshot: () => leader.snapshot(),
  };
}

/** For one process alone with its store: leads from the first write until `release`. */
export function leadAlone(store: Store): Leading & { release(): Promise<void> } {
  let leadership: Promise<Leadership> | null = null;
  const never = new AbortController();
  return {
    async epoch() {
      leadership ??= store.lead(never.signal);
      return (await leadership).epoch;
    },
    wake: () => Promise.resolve(),
    snapshot: () => null,
    async release() {
      await (await leadership)?.release();
    },
  };
}
