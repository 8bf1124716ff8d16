/** Work and workers as placement sees them. */
import type { Box } from '../placement/place.js';
import { startFor, type EpochNode } from '../stage/forest.js';
import type { WorkerRun } from './model.js';
import type { ReadyItem } from './ready-queue.js';

/** The epoch whose work begins when the item is handed out. */
export function startNode(item: ReadyItem): EpochNode {
  if (item.kind === 'evaluate') return item.node;
  const start = startFor(item.node);
  return start.kind === 'from' ? start.node : item.node;
}

export function boxOf(worker: WorkerRun): Box {
  const attempts = [...worker.attempts.values()];
  return {
    ...{ id: worker.id, slots: worker.slots, busy: attempts.length, numerics: worker.numerics, memoryBytes: worker.memoryBytes, slotMemoryBytes: worker.slotMemoryBytes, reservedFor: worker.reserved?.key ?? null },
    exclusive: attempts.some((attempt) => attempt.alone),
  };
}
