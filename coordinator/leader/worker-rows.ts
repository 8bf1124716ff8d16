/**
 * What the store knows of workers: who they are, when they were heard of, and who was asked to leave, by whom. An
 * order to leave stands until its worker has given up its slots, whoever leads then; who gave it, till it is back.
 */
import { FEATURE_DRAIN } from '../../proto/messages.js';
import type { StoredWorker } from '../store/records.js';
import type { TurnWrites } from '../store/turn-writes.js';
import type { WorkerRun } from './model.js';

/** Heartbeats are not written; so often it is noted who was heard of, for those whose leader does not live to see them go. */
const NOTED_EVERY_MS = 60_000;

export class WorkerRows {
  /** Ids. */
  readonly #orders = new Set<string>();
  /** Who asked for it, by id. */
  readonly #askedBy = new Map<string, string>();
  #notedAt: number | null = null;

  /** What was asked of a worker under a former leader. */
  remember({ id, draining, drain }: Pick<StoredWorker, 'id' | 'draining' | 'drain'>): void {
    if (draining) this.#orders.add(id);
    if (drain !== null) this.#askedBy.set(id, drain.by);
  }

  isAskedToLeave({ id }: WorkerRun): boolean {
    return this.#orders.has(id);
  }

  askToLeave(worker: WorkerRun, by: string, writes: TurnWrites): void {
    this.#orders.add(worker.id);
    this.#askedBy.set(worker.id, by);
    this.write(worker, writes);
  }

  /** Call at its hello, and when its session has ended: without slots it is leaving. An older worker cannot say so: it is gone with its session. */
  lookWhetherItLeaves({ id, slots, peer, features, attempts }: WorkerRun): void {
    const isGone = peer === null && !features.has(FEATURE_DRAIN) && attempts.size === 0;
    if (slots === 0 || isGone) this.#orders.delete(id);
    // Started anew.
    if (peer !== null && slots > 0 && !this.#orders.has(id)) this.#askedBy.delete(id);
  }

  write(worker: WorkerRun, writes: TurnWrites): void {
    const { id, name, slots, memoryBytes, numerics, peer } = worker;
    writes.workers.push({ id, name, slots, memoryBytes, numerics: [...numerics], connected: peer !== null, draining: this.isAskedToLeave(worker), drainedBy: this.#askedBy.get(id) ?? null });
  }

  tick(workers: Iterable<WorkerRun>, now: number, writes: TurnWrites): void {
    this.#notedAt ??= now;
    if (now - this.#notedAt < NOTED_EVERY_MS) return;
    for (const worker of workers) if (worker.peer !== null && now - worker.seenAt < NOTED_EVERY_MS) this.write(worker, writes);
    this.#notedAt = now;
  }
}
