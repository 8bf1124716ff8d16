import assert from 'node:assert/strict';
import { it } from 'node:test';
import pg from 'pg';
import type { BrowserSession } from '../../../coordinator/store/records.js';
import { openStore } from '../../../coordinator/store/postgres.js';
import { testDatabase } from '../../support/postgres.js';

it('sessions of browsers are found until they are over or ended, by whoever opens the store', async (t) => {
  const database = await testDatabase();
  const store = await openStore(database.url);
  const client = new pg.Client(database.url);
  await client.connect();
  t.after(async () => {
    await Promise.all([client.end(), store.close()]);
    await database.close();
  });
  const [later, before] = [new Date(Date.now() + 3_600_000), new Date(Date.now() - 1)];
  const session = (byte: string, endsAt = later): BrowserSession => ({ hash: byte.repeat(32), token: null, endsAt });
  await store.openBrowserSession(session('01', before));
  assert.equal(await store.findBrowserSession(session('01').hash), null);
  await store.openBrowserSession(session('02'));
  await store.openBrowserSession(session('03'));
  await store.endBrowserSession(session('03').hash);
  await store.endBrowserSession(session('03').hash);
  const again = await openStore(database.url);
  assert.deepEqual([await again.findBrowserSession(session('02').hash), await again.findBrowserSession(session('03').hash)], [session('02'), null]);
  await again.close();
  assert.deepEqual((await client.query(`select encode(hash, 'hex') as hash from browser_session`)).rows, [{ hash: session('02').hash }]);
});
