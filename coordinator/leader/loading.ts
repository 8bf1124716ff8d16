/** From the store into the leader's memory: all of it when a reign begins, later what people have changed. */
import type { EpochKey } from '../../proto/work.js';
import type { SweepRecord } from '../store/records.js';
import type { Store } from '../store/store.js';
import type { Dispatcher } from './dispatcher.js';

/** `now`: monotonic milliseconds. */
export async function loadAll(store: Store, dispatcher: Dispatcher, now: () => number): Promise<void> {
  for (const peak of await store.memoryPeaks()) dispatcher.peaks.learn(peak);
  for (const worker of await store.workers()) dispatcher.rows.remember(worker);
  for (const record of await store.openSweeps()) await load(store, dispatcher, record);
  const adoptedAt = now();
  for (const open of await store.openAttempts()) dispatcher.adopt(open, adoptedAt);
}

/** Brings memory in line with what people asked for since. */
export async function reload(store: Store, dispatcher: Dispatcher): Promise<void> {
  const open = await store.openSweeps();
  for (const record of open) {
    const known = dispatcher.board.sweeps.get(record.id);
    const isOpen = known?.state === 'running' || known?.state === 'paused';
    if (!isOpen || known.record.changes !== record.changes) await load(store, dispatcher, record);
    else if (record.state === 'paused') dispatcher.pause(known, null);
    else if (known.state === 'paused') dispatcher.resume(known);
  }
  const ids = new Set(open.map((record) => record.id));
  for (const id of [...dispatcher.board.sweeps.keys()]) if (!ids.has(id)) dispatcher.unload(id);
}

async function load(store: Store, dispatcher: Dispatcher, record: SweepRecord): Promise<void> {
  const trials = await store.trialsOf(record.id);
  const keys: EpochKey[] = [...new Set(trials.flatMap((trial) => trial.plan.path))];
  const [epochs, evaluations, failures] = await Promise.all([
    store.epochsByKey(keys),
    store.evaluationsByKey(keys),
    store.failureCounts(keys, record.id),
  ]);
  dispatcher.load({ record, trials, epochs, evaluations }, failures);
}
