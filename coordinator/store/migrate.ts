/**
 * Brings a database to this program's schema. All pending migrations are one transaction under an
 * advisory lock, so of two that start at once one applies and the other finds it done, and a failure leaves the
 * schema as it was.
 */
import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClientBase } from 'pg';
import { packageRoot } from '../../proto/package-root.js';
import { DatabaseTooOld, MigrationEdited, SchemaTooNew } from './errors.js';

export interface Migration {
  /** From 1, without gaps. */
  readonly number: number;
  readonly name: string;
  readonly sql: string;
}

/** Any number that nobody else of this database uses; leadership has its own in leader.ts. */
const migrationLock = 7_261_000_001;
/** The oldest server on which the statements were tried. */
const oldestServer = 150_000;

/** Throws where a file's number is not its place: one that is put before another would be taken for that. */
export async function readMigrations(): Promise<Migration[]> {
  const folder = join(packageRoot(), 'coordinator', 'store', 'migrations');
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort();
  const misplaced = names.find((name, index) => Number.parseInt(name, 10) !== index + 1);
  if (misplaced !== undefined) throw new Error(`migration ${misplaced} has the number of another, or one that leaves a gap`);
  return Promise.all(names.map(async (name, index) => ({ number: index + 1, name, sql: await readFile(join(folder, name), 'utf8') })));
}

/** Throws SchemaTooNew, MigrationEdited, DatabaseTooOld; then nothing was changed. */
export async function migrate(client: ClientBase, migrations: readonly Migration[]): Promise<void> {
  const version = Number((await client.query<{ v: string }>('select current_setting(\'server_version_num\') as v')).rows[0]?.v);
  if (version < oldestServer) throw new DatabaseTooOld(String(Math.floor(version / 10_000)), String(oldestServer / 10_000));
  await client.query('begin');
  try {
    await client.query('select pg_advisory_xact_lock($1)', [migrationLock]);
    await client.query(`create table if not exists migration (
      number integer primary key,
      name text not null,
      checksum text not null,
      applied_at timestamptz not null default now()
    )`);
    const applied = (await client.query<{ number: number; checksum: string }>('select number, checksum from migration order by number')).rows;
    const newest = applied.at(-1)?.number ?? 0;
    if (newest > migrations.length) throw new SchemaTooNew(newest, migrations.length);
    for (const migration of migrations) await apply(client, migration, applied.find((row) => row.number === migration.number)?.checksum);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback');
    throw error;
  }
}

async function apply(client: ClientBase, migration: Migration, applied: string | undefined): Promise<void> {
  const checksum = createHash('sha256').update(migration.sql).digest('hex');
  if (applied === checksum) return;
  if (applied !== undefined) throw new MigrationEdited(migration.name);
  await client.query(migration.sql);
  await client.query('insert into migration (number, name, checksum) values ($1, $2, $3)', [migration.number, migration.name, checksum]);
}
