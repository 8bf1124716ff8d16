/**
 * What the application service needs of whoever leads: the leader of a running coordinator, or, on a
 * home where nothing runs, this process for the one request.
 */
import { NotLeading } from '../leader/candidacy.js';
import type { Leader } from '../leader/leader.js';
import { WorkerNotFound } from '../leader/worker-requests.js';
import type { LeaderSnapshot } from '../leader/snapshot.js';
import type { StageInProgress } from '../leader/stages-in-progress.js';
import type { Leadership, Store } from '../store/store.js';
import { codeOf } from './errors.js';

export interface Leading {
  /** The fencing number under which a person's requests are written; waits until there is one, unless another coordinator leads. */
  epoch(): Promise<number>;
  /** Tells the leader that a sweep changed; settles when it has taken that in. What runs for `giveBack`, a sweep that was stopped, is not waited for. */
  wake(giveBack?: string): Promise<void>;
  /** As the leader has them. */
  drain(worker: string, actor: string): Promise<boolean>;
  releaseWorker(worker: string, actor: string): Promise<boolean>;
  /** Null while nobody leads here. */
  snapshot(): LeaderSnapshot | null;
  /** Who is at what of a sweep, by its id; none while nobody leads here. */
  stagesInProgress(sweep: string): readonly StageInProgress[];
  /** Why the leader cannot write, where a person must see to it; else null. */
  problem(): string | null;
}

export function leadingBy(leader: Pick<Leader, 'epoch' | 'leading' | 'wake' | 'snapshot' | 'stagesInProgress' | 'drain' | 'releaseWorker' | 'problem'>): Leading {
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
        // A new reign, here or elsewhere, begins with what is committed, be it that another change overtook the turn that took this one in.
        await leader.leading().catch((standby: unknown) => {
          if (!(standby instanceof NotLeading)) throw standby;
        });
      }
    },
    async drain(worker, actor) {
      await leader.leading();
      return leader.drain(worker, actor);
    },
    async releaseWorker(worker, actor) {
      await leader.leading();
      return leader.releaseWorker(worker, actor);
    },
    snapshot: () => leader.snapshot(),
    stagesInProgress: (sweep) => leader.stagesInProgress(sweep),
    problem: () => leader.problem,
  };
}

/** A coordinator that ends on this home may hold the lead a moment longer. */
const PATIENCE_MS = 5_000;

/** For one process alone with its store: leads from the first write until `release`. `epoch` throws NotLeading where a coordinator elsewhere leads. */
export function leadAlone(store: Store): Leading & { release(): Promise<void> } {
  let leadership: Promise<Leadership> | null = null;
  const lead = async (): Promise<Leadership> => {
    const giveUp = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    try {
      return await store.lead(giveUp.signal, { url: null, onStandby: () => (timer = setTimeout(() => giveUp.abort(), PATIENCE_MS)) });
    } catch (error) {
      throw giveUp.signal.aborted ? new NotLeading((await store.leader())?.url ?? null) : error;
    } finally {
      clearTimeout(timer);
    }
  };
  return {
    async epoch() {
      leadership ??= lead();
      return (await leadership).epoch;
    },
    wake: () => Promise.resolve(),
    drain: (worker) => Promise.reject(new WorkerNotFound(worker)),
    releaseWorker: (worker) => Promise.reject(new WorkerNotFound(worker)),
    snapshot: () => null,
    stagesInProgress: () => [],
    problem: () => null,
    async release() {
      await (await leadership?.catch(() => null))?.release();
    },
  };
}
