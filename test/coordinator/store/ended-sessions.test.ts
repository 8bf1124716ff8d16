import assert from 'node:assert/strict';
import { it } from 'node:test';
import pg from 'pg';
import { openStore } from '../../../coordinator/store/postgres.js';
import { testDatabase } from '../../support/postgres.js';

it('ended sessions are kept until they would have been over, however often they are ended', async (t) => {
  const database = await testDatabase();
  const store = await openStore(database.url);
  const client = new pg.Client(database.url);
  await client.connect();
  t.after(async () => {
    await Promise.all([client.end(), store.close()]);
    await database.close();
  });
  const [later, before] = [new Date(Date.now() + 3_600_000), new Date(Date.now() - 1)];
  await store.endSession('over', before);
  await store.endSession('open', later);
  await store.endSession('open', later);
  assert.deepEqual(await store.endedSessions(), [{ id: 'open', endsAt: later }]);
  assert.deepEqual((await client.query('select id from ended_session')).rows, [{ id: 'open' }]);
});
