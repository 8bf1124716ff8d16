/**
 * A store with an ended sweep of many trials, written by Postgres itself: a grid of four hyperparameters and
 * random search over two more, ten epochs each, none shared, as wide as rows of image classifiers are. And then
 * another one, whose trials share their first epochs.
 */
import pg from 'pg';
import { newId } from '../../proto/ids.js';
import { curvesBatch } from '../../coordinator/store/curves.js';
import { openStore } from '../../coordinator/store/postgres.js';
import { specOf, sweepOf } from '../coordinator/store/facts.js';

export interface Filled {
  readonly sweep: string;
  readonly trials: number;
  readonly epochs: number;
}

const EPOCHS = 10;
/** So many trials are written by one statement. */
const AT_ONCE = 10_000;

/** How many first stages the trials of the other sweep have, and how long those are. */
const SHARED = { stages: 100, epochs: 5 };

/** `url`: of an empty database. The sweep is called `many`. Every twentieth trial has failed. */
export async function fillStore(url: string, trials: number, onProgress: (done: number) => void): Promise<Filled> {
  const sweep = await writeSweep(url, 'many', async (client, id) => {
    for (let first = 0; first < trials; first += AT_ONCE) {
      const count = Math.min(AT_ONCE, trials - first);
      await client.query(epochs, [first, count, EPOCHS]);
      await client.query(rows, [first, count, EPOCHS, id, newId('trl').slice(4, 12)]);
      await writeCurves(client, id, first);
      onProgress(first + count);
    }
  });
  return { sweep, trials, epochs: trials * EPOCHS };
}

/** After fillStore, a sweep called `shared` of as many trials: each goes through the first epochs of one of 100, and then its own last ones. */
export async function fillShared(url: string): Promise<void> {
  await writeSweep(url, 'shared', async (client, id) => {
    await client.query(sharedRows, [id, SHARED.stages, SHARED.epochs, newId('trl').slice(4, 12)]);
    await writeCurves(client, id, 0);
  });
}

/** As the end of a trial writes them, for those from a number on. */
async function writeCurves(client: pg.Client, sweep: string, from: number): Promise<void> {
  const { rows: ended } = await client.query<{ id: string; epochs: number }>('select id, epochs from trial where sweep = $1 and number >= $2', [sweep, from]);
  const batch = curvesBatch(ended);
  if (batch !== null) await client.query(batch.text, [...batch.values]);
}

/** `write` is given the sweep's id. Resolves to it. */
async function writeSweep(url: string, name: string, write: (client: pg.Client, id: string) => Promise<unknown>): Promise<string> {
  const sweep = await emptySweep(url, name);
  const client = new pg.Client(url);
  await client.connect();
  try {
    await write(client, sweep);
    await client.query(`update sweep set state = 'completed', finished_at = now() where id = $1`, [sweep]);
    await client.query('analyze');
  } finally {
    await client.end();
  }
  return sweep;
}

async function emptySweep(url: string, name: string): Promise<string> {
  const store = await openStore(url);
  const leadership = await store.lead(new AbortController().signal, { url: null });
  try {
    const spec = specOf(name, { axes: [{ name: 'lr', values: [0.1] }], objective: { metric: 'val.auc', direction: 'maximize', floors: {} } });
    return (await store.submit({ ...sweepOf(name, []), spec }, leadership.epoch)).id;
  } finally {
    await leadership.release();
    await store.close();
  }
}

/** One leaf of the hash of its name, as real keys are: they lie anywhere in the index. */
const key = (trial: string, epoch: string): string => `sha256(('bench ' || ${trial} || ' ' || ${epoch})::bytea)`;

const epochs = `insert into epoch (key, parent, epoch, result, seconds, params, attempt)
  select ${key('t', 'e')}, case when e > 0 then ${key('t', '(e - 1)')} end, e,
    jsonb_build_object('metrics', jsonb_build_object('train.loss', 0.7 * exp(-0.2 * e) + q, 'train.accuracy', 0.95 - q / 2, 'val.loss', 0.8 * exp(-0.15 * e) + q, 'val.accuracy', 0.93 - q / 2, 'val.auc', 0.98 - q - 0.3 * exp(-0.5 * e)),
      'confusion', jsonb_build_array(jsonb_build_array(380 - (q * 100)::int, (q * 100)::int), jsonb_build_array((q * 80)::int, 390 - (q * 80)::int)), 'diverged', false),
    1.5 + q, 120000 + t % 7, 'att_bench'
  from (select t, e, abs(sin(t * 12.9898)) * 0.3 as q from generate_series($1::int, $1::int + $2::int - 1) t, generate_series(0, $3::int - 1) e) as each`;

const rows = `insert into trial (id, sweep, revision, number, assignment, plan, path, state, epochs, best_epoch, failure, shortfall, minimised, spent, before, updated_at)
  select 'trl_' || $5 || lpad(t::text, 8, '0'), $4, 1, t,
    json_build_object('lr', 0.0001 * power(1000, (t * 7919 % 10000) / 10000.0), 'dropout', round((t::bigint * 104729 % 1000)::numeric / 2000, 3), 'batch', (array[16, 30, 64])[t % 3 + 1], 'imageSize', (array[28, 64, 100])[t / 3 % 3 + 1], 'fcWidth', (array[32, 128, 512])[t / 9 % 3 + 1], 'optimizer', (array['adam', 'sgdm'])[t % 2 + 1]),
    json_build_object('trajectory', json_build_object('format', 1, 'trainable', 'synthetic', 'version', 1, 'numerics', 'none', 'epochMs', 0, 'metrics', json_build_object('val.auc', '1'), 'salt', null), 'epochs', (select json_agg(json_build_object('values', json_build_object('lr', 0.1, 'note', repeat('x', 60)))) from generate_series(1, $3::int))),
    array(select ${key('t', 'e')} from generate_series(0, $3::int - 1) e order by e),
    case when t % 20 = 19 then 'failed' else 'completed' end, $3::int, case when t % 20 <> 19 then $3::int - 1 end,
    case when t % 20 = 19 then '{"class": "OutOfMemory", "message": "out of memory"}'::jsonb end,
    case when t % 20 <> 19 then 0 end, case when t % 20 <> 19 then -(select (result #>> '{metrics,val.auc}')::float8 from epoch where key = ${key('t', '($3::int - 1)')}) end, array_fill(1.5 + abs(sin(t * 12.9898)) * 0.3, array[$3::int]), 0, now() - (100000 - t) * interval '1 second'
  from generate_series($1::int, $1::int + $2::int - 1) t`;

const sharedRows = `insert into trial (id, sweep, revision, number, assignment, plan, path, state, epochs, best_epoch, failure, shortfall, minimised, spent, before, updated_at)
  select 'trl_' || $4 || lpad(t.number::text, 8, '0'), $1, 1, t.number, t.assignment, t.plan, f.path[1:$3] || t.path[$3 + 1:], t.state, t.epochs, t.best_epoch, t.failure, t.shortfall, t.minimised,
    f.spent[1:$3] || t.spent[$3 + 1:], 0, t.updated_at
  from sweep s join trial t on t.sweep = s.id join trial f on f.sweep = s.id and f.number = t.number % $2 where s.name = 'many'`;
