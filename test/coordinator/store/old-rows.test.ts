/** A database of before there were scores, what epochs took, notes, counts by state and curves, once it is opened by this program. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it, type TestContext } from 'node:test';
import pg from 'pg';
import { FolderBlobStore } from '../../../blob/folder.js';
import { leadAlone } from '../../../coordinator/api/leading.js';
import { MissingScores } from '../../../coordinator/api/missing-scores.js';
import { leaderboard, trialResult } from '../../../coordinator/api/results.js';
import { ApplicationService } from '../../../coordinator/api/service.js';
import { Leader } from '../../../coordinator/leader/leader.js';
import { migrate, readMigrations } from '../../../coordinator/store/migrate.js';
import { openStore } from '../../../coordinator/store/postgres.js';
import type { Store } from '../../../coordinator/store/store.js';
import type { ObjectiveSpec } from '../../../coordinator/sweep/spec.js';
import type { EpochKey, EpochResult } from '../../../proto/work.js';
import { testDatabase } from '../../support/postgres.js';
import { ScriptedWorker } from '../leader/scripted-worker.js';
import { keyOf, specOf, sweepOf } from './facts.js';

/** The last one without any of it. */
const BEFORE = 19;
const quiet = { info: () => undefined, warn: () => undefined };

async function database(t: TestContext): Promise<{ readonly url: string; readonly client: pg.Client }> {
  const made = await testDatabase();
  const client = new pg.Client(made.url);
  await client.connect();
  t.after(async () => {
    await client.end();
    await made.close();
  });
  return { url: made.url, client };
}

async function storeOf(t: TestContext, url: string): Promise<Store> {
  const store = await openStore(url);
  t.after(() => store.close());
  return store;
}

/** By the values of an axis, epoch by epoch: what begins alike is shared. */
const pathOf = (choices: readonly number[]): EpochKey[] => choices.map((_, epoch) => keyOf(`old ${choices.slice(0, epoch + 1).join(' ')}`));

/** Few values, missing ones and such as are none; a tenth of the epochs diverge. */
function resultOf(key: EpochKey): EpochResult {
  const [first = 0, second = 0] = Buffer.from(key.slice(0, 4), 'hex');
  const loss = [0, -0, 1, 2, 2.5, Number.NaN, Number.POSITIVE_INFINITY, null][first % 8] ?? null;
  return { metrics: { ...(loss === null ? {} : { 'val.loss': loss }), 'val.other': second % 3 }, confusion: null, diverged: first < 25 };
}

const PATHS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].flatMap((a) => [[a, 0, 0], [a, 0, 1], [a, 1]]).map(pathOf);
const LOWEST: ObjectiveSpec = { metric: 'val.loss', direction: 'minimize', floors: {} };
const OBJECTIVES: { readonly [name: string]: ObjectiveSpec } = {
  lowest: LOWEST,
  highest: { metric: 'val.loss', direction: 'maximize', floors: {} },
  floored: { metric: 'val.loss', direction: 'minimize', floors: { 'val.other': 1 } },
  'capped by cost': { metric: 'val.loss', direction: 'minimize', floors: {}, ceilings: { 'cost.parameters': 5 } },
  'of several': { metric: 'val.loss', direction: 'minimize', floors: {}, others: [{ metric: 'val.other', direction: 'maximize' }] },
};

/** Sweeps over the same trials, each of which finds epochs of those before; the last of them stopped, and one under way. */
async function fill(store: Store): Promise<void> {
  const leader = new Leader({ store, logger: quiet, proposingOf: () => null });
  leader.start('http://here');
  await leader.leading();
  const worker = new ScriptedWorker(leader);
  await worker.hello([], 4);
  worker.trains(resultOf);
  const submit = async (name: string, objective: ObjectiveSpec, paths: readonly EpochKey[][]): Promise<string> => (await store.submit({ ...sweepOf(name, paths), spec: specOf(name, { objective }) }, leader.epoch)).id;
  for (const [index, [name, objective]] of Object.entries(OBJECTIVES).entries()) {
    const id = await submit(name, objective, PATHS.slice(0, 10 + 5 * index));
    await leader.wake();
    await worker.until(async () => (await store.findSweep('default', id))?.state !== 'running');
  }
  const stopped = await submit('stopped', LOWEST, PATHS);
  await store.setSweepState(stopped, 'stopped', {}, 'ada', leader.epoch);
  await submit('under way', LOWEST, [...PATHS, pathOf([99, 0])]);
  await leader.stop();
}

/** All rows, as far as the other schema has their columns. */
async function copy(from: pg.Client, to: pg.Client): Promise<void> {
  const tables = async (client: pg.Client): Promise<string[]> => (await client.query<{ name: string }>(`select relname as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace and relname <> 'migration'`)).rows.map(({ name }) => name);
  const today = new Set(await tables(from));
  const both = (await tables(to)).filter((name) => today.has(name));
  // References hold in what is copied, and the order of tables would be theirs.
  await to.query('set session_replication_role = replica');
  for (const name of both) {
    await to.query(`delete from ${name}`);
    const found = await from.query<{ rows: unknown }>(`select coalesce(json_agg(t), '[]') as rows from ${name} t`);
    await to.query(`insert into ${name} overriding system value select * from json_populate_recordset(null::${name}, $1)`, [JSON.stringify(found.rows[0]?.rows)]);
  }
  await to.query('set session_replication_role = default');
}

it('a leaderboard and the costs of a database of before there were scores are those of its epochs, and its rows become those that are written today', async (t) => {
  const today = await database(t);
  await fill(await storeOf(t, today.url));
  const old = await database(t);
  await migrate(old.client, (await readMigrations()).slice(0, BEFORE));
  await copy(today.client, old.client);
  const store = await storeOf(t, old.url);
  const folder = await mkdtemp(join(tmpdir(), 'trawl-old-'));
  t.after(() => rm(folder, { recursive: true }));
  const sweeps = await store.listSweeps('default');
  const orders = async (): Promise<{ readonly [name: string]: readonly number[] | null }> =>
    Object.fromEntries(await Promise.all(sweeps.map(async ({ id, name }) => [name, (await store.leaderboardPart(id, 0, 1_000))?.rows.map(({ number }) => number) ?? null] as const)));
  const before = await orders();
  const service = new ApplicationService({ store, blobs: new FolderBlobStore(folder), leader: leadAlone(store), version: '0', project: 'default', actor: 'ada' });
  const costs = new Map((await store.costsOf(sweeps.map(({ id }) => id))).map((each) => [each.sweep, each]));
  for (const { id, name } of sweeps) {
    const { epochs, seconds } = await service.cost(id);
    assert.deepEqual(costs.get(id), { sweep: id, trained: { epochs: epochs.trained, seconds: seconds.trained }, saved: { epochs: epochs.shared + epochs.before, seconds: seconds.saved } }, name);
  }
  // Nobody who would go on with what is under way.
  const lead = await store.lead(new AbortController().signal, { url: null });
  await new MissingScores({ store, leader: { leads: true, epoch: lead.epoch }, logger: quiet }).runOnce();
  await lead.release();
  const after = await orders();
  for (const record of sweeps.filter(({ spec }) => spec.objective.others === undefined)) {
    const board = leaderboard(record, (await store.trialRows(record.id)).map((row) => trialResult(record, row, null, new Map())));
    assert.deepEqual(after[record.name], board.map(({ number }) => number), record.name);
    if (before[record.name] !== null) assert.deepEqual(before[record.name], after[record.name], record.name);
  }
  const kept = 'select s.name, t.number, t.state, t.shortfall, t.minimised + 0 as minimised, t.spent, t.before from trial t join sweep s on s.id = t.sweep order by s.name, t.number';
  const [rows, expected] = [(await old.client.query(kept)).rows, (await today.client.query(kept)).rows];
  assert.deepEqual(rows, expected);
  const curves = 'select s.name, t.number, c.epochs, c.metrics from trial_curves c join trial t on t.id = c.trial join sweep s on s.id = t.sweep order by s.name, t.number';
  const [made, written] = [(await old.client.query(curves)).rows, (await today.client.query(curves)).rows];
  assert.ok(written.length > 0);
  assert.deepEqual(made, written);
  const states = new Set(rows.map(({ state }) => String(state)));
  for (const state of ['completed', 'failed', 'cancelled', 'queued']) assert.ok(states.has(state), `none is ${state}`);
});
