import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import pg from 'pg';
import { migrate, readMigrations } from '../../coordinator/store/migrate.js';
import { temporaryFolder } from '../support/images.js';
import { testDatabase } from '../support/postgres.js';
import { trawl } from './trawl.js';

it('a Postgres that a newer trawl has migrated is left alone, and told in one line', async (t) => {
  const database = await testDatabase();
  t.after(() => database.close());
  const client = new pg.Client(database.url);
  await client.connect();
  const migrations = await readMigrations();
  await migrate(client, migrations);
  await client.query("insert into migration (number, name, checksum) values ($1, 'of-a-newer-one', '')", [migrations.length + 1]);
  await client.end();
  const home = join(temporaryFolder(t), 'home');
  for (const words of [['ls'], ['up']]) {
    const { code, stderr } = await trawl([...words, '--home', home, '--database', database.url]);
    assert.equal(code, 1, stderr);
    assert.match(stderr, new RegExp(`the database has schema ${migrations.length + 1}, this trawl knows schemas up to ${migrations.length}: use the newer trawl, or another --home or --database`));
    assert.match(stderr, /\[SchemaTooNew\]\n$/);
    assert.equal(existsSync(home), false, 'nothing is created');
  }
  const nowhere = await trawl(['up', '--home', home, '--database', 'postgres://eve:secret@127.0.0.1:1/x']);
  assert.deepEqual([nowhere.code, nowhere.stderr], [1, 'the coordinator does not start: the database at postgres://***@127.0.0.1:1/x cannot be used: connect ECONNREFUSED 127.0.0.1:1 [DatabaseUnavailable]\n']);
  assert.equal(existsSync(home), false, 'nothing is created');
  const wrong = await trawl(['ls', '--home', home, '--database', 'postgres://eve:secret@/x']);
  assert.deepEqual([wrong.code, wrong.stderr], [2, '--database: found "postgres://***@/x", expected an address such as postgres://user:password@host:5432/database\n']);
});
