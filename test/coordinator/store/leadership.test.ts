import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import pg from 'pg';
import { NotLeader } from '../../../coordinator/store/errors.js';
import { openStore } from '../../../coordinator/store/postgres.js';
import type { Store } from '../../../coordinator/store/store.js';
import { testDatabase } from '../../support/postgres.js';
import type { TestDatabase } from '../../support/postgres.js';
import { epochOf, granted, grantOf, newPath, sweepOf, turn } from './facts.js';

describe('leadership', () => {
  let database: TestDatabase;
  let first: Store;
  let second: Store;
  let admin: pg.Client;
  const forever = new AbortController().signal;

  before(async () => {
    database = await testDatabase();
    [first, second] = await Promise.all([openStore(database.url), openStore(database.url)]);
    admin = new pg.Client(database.url);
    await admin.connect();
  });
  after(async () => {
    await Promise.all([first.close(), second.close(), admin.end()]);
    await database.close();
  });

  const waiters = async (): Promise<number> => {
    const { rows } = await admin.query<{ n: string }>(`select count(*) as n from pg_locks where locktype = 'advisory' and not granted
      and database = (select oid from pg_database where datname = current_database())`);
    return Number(rows[0]?.n);
  };
  /** Waits until so many sessions queue for leadership. */
  const queued = async (count: number): Promise<void> => {
    while ((await waiters()) !== count);
  };

  it('one leads at a time, and each leadership has a higher number than the one before', async () => {
    const one = await first.lead(forever, { url: null });
    const waiting = second.lead(forever, { url: null });
    await queued(1);
    await one.release();
    await one.lost;
    const two = await waiting;
    assert.ok(two.epoch > one.epoch);
    await two.release();
  });

  it('a leader that was cut off cannot write, and learns that it is none', async () => {
    const old = await first.lead(forever, { url: null });
    const held = await granted(first, old.epoch, newPath(2));
    const taking = second.lead(forever, { url: null });
    await queued(1);
    await admin.query(`select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and granted
      and database = (select oid from pg_database where datname = current_database())`);
    const taken = await taking;
    await old.lost;
    await assert.rejects(first.commitTurn(old.epoch, turn({ epochs: [epochOf(held, 0)] })), NotLeader);
    await assert.rejects(first.commitTurn(old.epoch, turn({ grants: [grantOf(newPath(1))] })), { code: 'NotLeader' });
    await assert.rejects(first.submit(sweepOf('late', [newPath(1)]), old.epoch), NotLeader);
    await assert.rejects(first.setSweepState('swp_none', 'paused', {}, 'ada', old.epoch), NotLeader);
    assert.equal(await second.findSweep('default', 'late'), null);
    await second.commitTurn(taken.epoch, turn({ epochs: [epochOf(held, 0)] }));
    assert.equal((await first.epochsByKey(held.keys)).length, 1);
    await taken.release();
  });

  it('a take-over waits for the turn that is being committed', async () => {
    const old = await first.lead(forever, { url: null });
    // Another session in the middle of a turn: it holds the leader's row.
    const turning = new pg.Client(database.url);
    await turning.connect();
    await turning.query('begin');
    await turning.query('select 1 from leader where epoch = $1 for share', [old.epoch]);
    await old.release();
    let leads = false;
    const taking = second.lead(forever, { url: null }).then((leadership) => {
      leads = true;
      return leadership;
    });
    for (;;) {
      const { rows } = await admin.query(`select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like 'update leader%' and datname = current_database()`);
      if (rows.length > 0) break;
    }
    assert.equal(leads, false);
    await turning.query('commit');
    await (await taking).release();
    await turning.end();
  });

  it('waiting for leadership can be given up', async () => {
    const one = await first.lead(forever, { url: null });
    const patience = new AbortController();
    const waiting = second.lead(patience.signal, { url: null });
    await queued(1);
    patience.abort();
    await assert.rejects(waiting, { name: 'AbortError' });
    await queued(0);
    await one.release();
    await assert.rejects(second.lead(AbortSignal.abort(), { url: null }), { name: 'AbortError' });
  });
});
