/** Copies of what the store has lost are asked for at every box: whoever has one puts it back. */
import { FEATURE_RESTORE, type MissingBlob } from '../../proto/messages.js';
import type { BlobId } from '../../proto/work.js';
import type { WorkerRun } from './model.js';
import type { WorkerRequestContext } from './worker-requests.js';

/** Whoever misses it says so again and again, and others at the same time: so often it is asked for. */
const ASK_AGAIN_MS = 1_000;

export class LostBlobs {
  /** When each was last asked for. */
  readonly #askedAt = new Map<BlobId, number>();

  /** Whether boxes were asked for their copies of it, under this leader. */
  isAsked(blob: BlobId): boolean {
    return this.#askedAt.has(blob);
  }

  /** Everyone but the worker that misses it; the event comes once per leader and blob. */
  missing(context: WorkerRequestContext, { blob }: MissingBlob, asking: WorkerRun): void {
    const { workers, writes, now } = context;
    const askedAt = this.#askedAt.get(blob);
    if (askedAt !== undefined && now - askedAt < ASK_AGAIN_MS) return;
    this.#askedAt.set(blob, now);
    const others = [...workers.values()].filter((worker) => worker !== asking && worker.peer !== null && worker.features.has(FEATURE_RESTORE));
    for (const worker of others) context.send(worker, { kind: 'restore', blob });
    if (askedAt === undefined) {
      writes.events.push({ type: 'blob.missing', sweep: null, trial: null, detail: { blob, worker: asking.id, name: asking.name, asked: others.length } });
    }
  }
}
