import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Database } from '../../../coordinator/store/database.js';
import { testDatabase } from '../../support/postgres.js';

it('a connection that breaks between two statements fails its work, and the next one has another', async (t) => {
  const server = await testDatabase();
  const database = new Database(server.url, () => undefined);
  t.after(async () => {
    await database.close();
    await server.close();
  });
  const work = database.read(async (client) => {
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
    // Not `once` of node:events, which hears of errors too.
    const ended = new Promise<void>((resolve) => client.once('end', resolve));
    await database.read((other) => other.query('select pg_terminate_backend($1)', [rows[0]?.pid]));
    await ended;
    await client.query('select 1');
  });
  await assert.rejects(work, { code: 'DatabaseUnavailable' });
  assert.equal((await database.read((client) => client.query('select 1 as one'))).rowCount, 1);
});
