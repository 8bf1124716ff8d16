/** Curves of trials, over a real database: what is kept of those that have ended, and what is read of the others' epochs. */
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import pg from 'pg';
import { openStore } from '../../../coordinator/store/postgres.js';
import type { Leadership, Store } from '../../../coordinator/store/store.js';
import type { TrialUpdate } from '../../../coordinator/store/turn-writes.js';
import { testDatabase, type TestDatabase } from '../../support/postgres.js';
import { epochOf, granted, newPath, sweepOf, turn } from './facts.js';

let database: TestDatabase;
let client: pg.Client;
let store: Store;
let leadership: Leadership;

before(async () => {
  database = await testDatabase();
  client = new pg.Client(database.url);
  await client.connect();
  store = await openStore(database.url);
  leadership = await store.lead(new AbortController().signal, { url: null });
});
after(async () => {
  await leadership.release();
  await store.close();
  await client.end();
  await database.close();
});

/** val.loss of each epoch; val.auc of the second one alone. */
const LOSSES = [3, Number.NaN, -0, 1];

/** A sweep of one trial, whose epochs are recorded. */
async function trained(name: string): Promise<{ readonly id: string; readonly end: (state: TrialUpdate['state'], epochs: number | null) => Promise<void>; readonly curve: (metric: string) => Promise<unknown> }> {
  const path = newPath(LOSSES.length);
  const sweep = await store.submit(sweepOf(name, [path]), leadership.epoch);
  const [trial] = await store.trialsOf(sweep.id);
  const id = trial?.id ?? '';
  const grant = await granted(store, leadership.epoch, path, { payers: [sweep.id] });
  const epochs = LOSSES.map((loss, index) => epochOf(grant, index, { seconds: index + 1, result: { metrics: { 'val.loss': loss, ...(index === 1 ? { 'val.auc': 0.75 } : {}) }, confusion: null, diverged: false } }));
  await store.commitTurn(leadership.epoch, turn({ epochs }));
  return {
    id,
    end: (state, epochs_) => store.commitTurn(leadership.epoch, turn({ trials: [{ id, revision: 1, state, epochs: epochs_, until: null, bestEpoch: null, failure: null }] })),
    curve: async (metric) => (await store.curvesOf([id], metric)).get(id),
  };
}

const kept = async (trial: string): Promise<number | null> => (await client.query<{ epochs: number }>('select epochs from trial_curves where trial = $1', [trial])).rows[0]?.epochs ?? null;

it('a trial that runs has the curve of its recorded epochs, and one that has ended the same as far as it went', async () => {
  const { id, end, curve } = await trained('ends');
  const whole = { values: [3, null, 0, 1], seconds: [1, 2, 3, 4] };
  assert.deepEqual([await curve('val.loss'), await kept(id)], [whole, null]);
  await end('running', null);
  await end('pruned', 3);
  assert.deepEqual([await curve('val.loss'), await kept(id)], [{ values: [3, null, 0], seconds: [1, 2, 3] }, 3]);
  assert.deepEqual(await curve('val.auc'), { values: [null, 0.75, null], seconds: [1, 2, 3] });
  assert.deepEqual(await curve('val.nothing'), { values: [null, null, null], seconds: [1, 2, 3] });
});

it('what is kept of an ended trial needs none of its epochs', async () => {
  const { end, curve } = await trained('by itself');
  await end('running', null);
  await end('completed', 4);
  await client.query('delete from epoch');
  assert.deepEqual(await curve('val.loss'), { values: [3, null, 0, 1], seconds: [1, 2, 3, 4] });
});

it('a trial that goes on after its end is read of its epochs again, and kept anew when it ends', async () => {
  const { id, end, curve } = await trained('goes on');
  await end('running', null);
  await end('failed', 2);
  assert.deepEqual([await curve('val.loss'), await kept(id)], [{ values: [3, null], seconds: [1, 2] }, 2]);
  const sweep = await store.findSweep('default', 'goes on');
  await store.retryTrials(sweep?.id ?? '', [id], 'ada', leadership.epoch);
  assert.deepEqual(await curve('val.loss'), { values: [3, null, 0, 1], seconds: [1, 2, 3, 4] });
  await end('running', null);
  await end('completed', 4);
  assert.deepEqual([await curve('val.loss'), await kept(id)], [{ values: [3, null, 0, 1], seconds: [1, 2, 3, 4] }, 4]);
});
