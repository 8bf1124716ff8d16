/** Work, workers and sweeps as placement sees them. */
import type { LeaseRef } from '../../proto/messages.js';
import type { QueueingBox } from '../placement/ahead.js';
import type { Contender } from '../placement/fair-share.js';
import { startFor, type EpochNode } from '../stage/forest.js';
import { isSelected } from '../placement/selector.js';
import type { BoxHealth } from '../placement/quarantine.js';
import type { Attempt, ReadyItem, SweepRun, WorkerRun } from './model.js';

/** The epoch whose work begins when the item is handed out. */
export function startNode(item: Pick<ReadyItem, 'kind' | 'node'>): EpochNode {
  if (item.kind === 'evaluate') return item.node;
  const start = startFor(item.node);
  return start.kind === 'from' ? start.node : item.node;
}

const UNTOLD = { pool: null, labels: {}, engine: '', gpus: [] } as const;

/** A worker before its hello, or one that a former leader gave leases to. */
export function newWorker(id: string, now: number, deadline: number, health: BoxHealth): WorkerRun {
  return {
    ...{ id, name: id, peer: null, slots: 0, memoryBytes: 0, slotMemoryBytes: 0, numerics: new Set<string>() },
    ...{ carrier: null, openedBy: null, features: new Set<string>(), box: UNTOLD, use: null, seenAt: now, draining: false, health },
    ...{ attempts: new Map<string, Attempt>(), waiting: 0, waitingMs: 0, alone: 0, deadline, reserved: null },
  };
}

/** What it has under this very lease. */
export function heldUnder(worker: WorkerRun, lease: LeaseRef): Attempt | undefined {
  const attempt = worker.attempts.get(lease.attempt);
  return attempt?.token === lease.token ? attempt : undefined;
}

/** Whether it may be given work. */
export function isOpen({ peer, draining, health }: WorkerRun): boolean {
  return peer !== null && !draining && health.until === null;
}

/** Whether a sweep may use it; null for work that was leased by a former leader. */
export function mayServe({ box }: WorkerRun, sweep: SweepRun | null): boolean {
  const workers = sweep?.record.spec.workers;
  return workers === undefined || isSelected(workers, box);
}

/** Whether another box that is open could do what `worker` does for a sweep. */
export function couldStandIn(other: WorkerRun, worker: WorkerRun, sweep: SweepRun | null): boolean {
  return other !== worker && isOpen(other) && other.slots > 0 && mayServe(other, sweep) && [...worker.numerics].every((name) => other.numerics.has(name));
}

export function boxOf(worker: WorkerRun): QueueingBox {
  const { id, slots, numerics, memoryBytes, slotMemoryBytes, waiting, waitingMs } = worker;
  const { pool, labels } = worker.box;
  return { id, pool, labels, slots, busy: worker.attempts.size, numerics, memoryBytes, slotMemoryBytes, reservedFor: worker.reserved?.key ?? null, exclusive: worker.alone > 0, waiting, waitingMs };
}

export function contenderOf(sweep: SweepRun, now: number): Contender & { readonly sweep: SweepRun } {
  const { record, share } = sweep;
  const { priority = 0, concurrency = null } = record.spec;
  return { sweep, id: record.id, priority, concurrency, leased: share.leased, usedMs: share.usedMs(now) };
}
