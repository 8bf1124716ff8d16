/** Work, workers and sweeps as placement sees them. */
import type { QueueingBox } from '../placement/ahead.js';
import type { Contender } from '../placement/fair-share.js';
import { startFor, type EpochNode } from '../stage/forest.js';
import type { ReadyItem, SweepRun, WorkerRun } from './model.js';

/** The epoch whose work begins when the item is handed out. */
export function startNode(item: Pick<ReadyItem, 'kind' | 'node'>): EpochNode {
  if (item.kind === 'evaluate') return item.node;
  const start = startFor(item.node);
  return start.kind === 'from' ? start.node : item.node;
}

export function boxOf(worker: WorkerRun): QueueingBox {
  const { id, slots, numerics, memoryBytes, slotMemoryBytes, waiting, waitingMs } = worker;
  return { id, slots, busy: worker.attempts.size, numerics, memoryBytes, slotMemoryBytes, reservedFor: worker.reserved?.key ?? null, exclusive: worker.alone > 0, waiting, waitingMs };
}

export function contenderOf(sweep: SweepRun, now: number): Contender & { readonly sweep: SweepRun } {
  const { record, share } = sweep;
  const { priority = 0, concurrency = null } = record.spec;
  return { sweep, id: record.id, priority, concurrency, leased: share.leased, usedMs: share.usedMs(now) };
}
