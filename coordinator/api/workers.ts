/** The fleet as a person sees it. Pure: what the leader has in memory, and what the store knows of those that have left. */
import type { SweepSnapshot, WorkerSnapshot } from '../leader/snapshot.js';
import type { StoredWorker } from '../store/records.js';
import type { WorkerView } from './fleet-views.js';

/** Those that have left are listed for a day. */
const GONE_LISTED_MS = 86_400_000;

/** Those that are there by name, then those that have left, the latest first. `live`: null where nobody leads here. */
export function workerViews(live: { readonly workers: readonly WorkerSnapshot[]; readonly sweeps: readonly SweepSnapshot[] } | null, stored: readonly StoredWorker[], now: Date): WorkerView[] {
  const names = new Map(live?.sweeps.map(({ id, name }) => [id, name]));
  const there = (live?.workers ?? []).filter(({ connected }) => connected);
  const ids = new Set(there.map(({ id }) => id));
  const gone = stored.filter(({ id, lastSeen }) => !ids.has(id) && now.getTime() - lastSeen.getTime() < GONE_LISTED_MS);
  const drains = new Map(stored.map(({ id, drain }) => [id, drain]));
  return [
    ...there.toSorted((a, b) => a.name.localeCompare(b.name)).map((worker) => liveView(worker, names, drains.get(worker.id) ?? null)),
    ...gone.toSorted((a, b) => b.lastSeen.getTime() - a.lastSeen.getTime()).map((worker) => goneView(worker, now)),
  ];
}

function liveView(worker: WorkerSnapshot, names: ReadonlyMap<string, string>, drain: StoredWorker['drain']): WorkerView {
  const { id, name, state, carrier, box, use, numerics, slots, memoryBytes, running } = worker;
  const useOf = new Map(use?.gpus.map((gpu) => [gpu.index, gpu]));
  return {
    ...{ id, name, state: state === 'silent' ? 'gone' : state, carrier, pool: box.pool, labels: box.labels, engine: box.engine, numerics },
    ...{ slots, busy: Math.min(slots, running.length), memoryBytes },
    gpus: box.gpus.map(({ index, name: model, memoryBytes: memory }) => {
      const now = useOf.get(index);
      return { index, name: model, memoryBytes: memory, usedBytes: now?.memoryUsedBytes ?? null, utilisation: now?.utilisation ?? null, celsius: now?.celsius ?? null };
    }),
    epochsPerSecond: use?.epochsPerSecond ?? null,
    cache: use?.cache ?? null,
    lastSeenSeconds: worker.silentMs / 1000,
    quarantinedForSeconds: worker.quarantinedForMs === null ? null : worker.quarantinedForMs / 1000,
    quarantinedWhy: worker.quarantinedWhy,
    // One that was started again may have its old row still.
    drain: state === 'draining' ? drainView(drain) : null,
    stages: running.map(({ kind, sweep, trials, from, to, epoch }) => ({ kind, sweep: sweep === null ? null : (names.get(sweep) ?? sweep), trials, from, to, epoch })),
  };
}

function drainView(drain: StoredWorker['drain']): WorkerView['drain'] {
  return drain === null ? null : { by: drain.by, at: drain.at.toISOString() };
}

function goneView({ id, name, numerics, memoryBytes, lastSeen, drain }: StoredWorker, now: Date): WorkerView {
  return {
    ...{ id, name, state: 'gone', carrier: null, pool: null, labels: {}, engine: '', numerics, slots: 0, busy: 0, memoryBytes, gpus: [] },
    ...{ epochsPerSecond: null, cache: null, lastSeenSeconds: (now.getTime() - lastSeen.getTime()) / 1000, quarantinedForSeconds: null, quarantinedWhy: null, drain: drainView(drain), stages: [] },
  };
}
