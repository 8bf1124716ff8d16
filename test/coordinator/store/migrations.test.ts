import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import pg from 'pg';
import { migrate, readMigrations } from '../../../coordinator/store/migrate.js';
import type { Migration } from '../../../coordinator/store/migrate.js';
import { openStore } from '../../../coordinator/store/postgres.js';
import { dumpSchema } from '../../../coordinator/store/schema-dump.js';
import { packageRoot } from '../../../proto/package-root.js';
import { testDatabase } from '../../support/postgres.js';
import type { TestDatabase } from '../../support/postgres.js';

describe('migrations', () => {
  let database: TestDatabase;
  let client: pg.Client;
  let another: pg.Client;

  // Keeps the server between the tests, which have a database each.
  let kept: TestDatabase;
  before(async () => {
    kept = await testDatabase();
  });
  after(() => kept.close());

  beforeEach(async () => {
    database = await testDatabase();
    client = new pg.Client(database.url);
    another = new pg.Client(database.url);
    await Promise.all([client.connect(), another.connect()]);
  });
  afterEach(async () => {
    await Promise.all([client.end(), another.end()]);
    await database.close();
  });

  const applied = async (): Promise<number[]> => (await client.query<{ number: number }>('select number from migration order by number')).rows.map((row) => row.number);
  const tables = async (): Promise<string[]> => (await client.query<{ name: string }>(`select relname as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace order by 1`)).rows.map((row) => row.name);
  const made: readonly Migration[] = [
    { number: 1, name: '0001-one.sql', sql: 'create table one (a integer)' },
    { number: 2, name: '0002-two.sql', sql: 'create table two (a integer); insert into two values (1)' },
  ];

  it('the committed schema is that of the migrations', async () => {
    await migrate(client, await readMigrations());
    const file = join(packageRoot(), 'coordinator', 'store', 'schema.sql');
    const dump = await dumpSchema(client);
    // TRAWL_WRITE_SCHEMA=1 writes it anew after a migration was added.
    if (process.env.TRAWL_WRITE_SCHEMA !== undefined) await writeFile(file, dump);
    assert.equal(dump, await readFile(file, 'utf8'));
  });

  it('numbers stand in file names, without gaps', async () => {
    for (const { number, name } of await readMigrations()) assert.equal(Number(/^(\d{4})-[a-z-]+\.sql$/.exec(name)?.[1]), number, name);
  });

  it('two that start at once migrate once', async () => {
    await Promise.all([migrate(client, made), migrate(another, made)]);
    assert.deepEqual(await applied(), [1, 2]);
    assert.equal((await client.query('select * from two')).rowCount, 1);
  });

  it('two stores that open a new database at once both work', async () => {
    const stores = await Promise.all([openStore(database.url), openStore(database.url)]);
    for (const store of stores) assert.equal(await store.recordedSeq(), 0);
    await Promise.all(stores.map((store) => store.close()));
  });

  it('adds only what is new', async () => {
    await migrate(client, made.slice(0, 1));
    await migrate(client, made);
    await migrate(client, made);
    assert.deepEqual(await tables(), ['migration', 'one', 'two']);
  });

  it('a migration that fails leaves the schema as it was', async () => {
    await assert.rejects(migrate(client, [...made, { number: 3, name: '0003-bad.sql', sql: 'create table three (a integer); select 1/0' }]), /division by zero/);
    assert.deepEqual(await tables(), []);
  });

  it('refuses a schema from a newer trawl', async () => {
    await migrate(client, made);
    await assert.rejects(migrate(client, made.slice(0, 1)), { code: 'SchemaTooNew', message: /has schema 2, this trawl knows schemas up to 1/ });
  });

  it('refuses a migration that was edited after it was applied', async () => {
    await migrate(client, made.slice(0, 1));
    await assert.rejects(migrate(client, [{ number: 1, name: '0001-one.sql', sql: 'create table one (b integer)' }, ...made.slice(1)]), { code: 'MigrationEdited', message: /0001-one\.sql/ });
    assert.deepEqual(await tables(), ['migration', 'one']);
  });

  it('says which database cannot be reached, without its password', async () => {
    const wrong = [
      ['postgresql://eve:secret@127.0.0.1:1/x', /postgresql:\/\/\*\*\*@127\.0\.0\.1:1\/x cannot be used: connect ECONNREFUSED/],
      [database.url.replace(/:[^:@/]+@/, ':wrong@'), /password authentication failed/],
      [database.url.replace(/trawl_test_\w+/, 'nowhere'), /database "nowhere" does not exist/],
    ] as const;
    for (const [url, message] of wrong) {
      await assert.rejects(openStore(url), (error: Error & { code?: string }) => {
        assert.equal(error.code, 'DatabaseUnavailable');
        assert.match(error.message, message);
        assert.doesNotMatch(error.message, /secret|wrong@/);
        return true;
      });
    }
  });
});
