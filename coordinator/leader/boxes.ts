/** Work and workers as placement sees them. */
import type { QueueingBox } from '../placement/ahead.js';
import { startFor, type EpochNode } from '../stage/forest.js';
import type { WorkerRun } from './model.js';
import type { ReadyItem } from './ready-queue.js';

/** The epoch whose work begins when the item is handed out. */
export function startNode(item: ReadyItem): EpochNode {
  if (item.kind === 'evaluate') return item.node;
  const start = startFor(item.node);
  return start.kind === 'from' ? start.node : item.node;
}

export function boxOf(worker: WorkerRun): QueueingBox {
  const { id, slots, numerics, memoryBytes, slotMemoryBytes, waiting, waitingMs } = worker;
  return { id, slots, busy: worker.attempts.size, numerics, memoryBytes, slotMemoryBytes, reservedFor: worker.reserved?.key ?? null, exclusive: worker.alone > 0, waiting, waitingMs };
}
