/** `trawl gc` on a home where nothing runs, and on one where a coordinator does. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import pg from 'pg';
import { FolderBlobStore } from '../../blob/folder.js';
import { HttpSweepService } from '../../cli/client.js';
import { homeAt } from '../../cli/home.js';
import type { GarbageView } from '../../coordinator/api/fleet-views.js';
import { startEmbedded } from '../../coordinator/store/embedded.js';
import { temporaryFolder } from '../support/images.js';
import { Trawl, trawl } from './trawl.js';

test('says what would go and why, and then deletes it, and nothing younger or referred to', async (t) => {
  const folder = temporaryFolder(t);
  const home = join(folder, 'home');
  const blobs = new FolderBlobStore(join(home, 'blobs'));
  const file = join(folder, 'swept.yaml');
  writeFileSync(file, "name: swept\ntrainable: {synthetic: {epochMs: 1, metrics: {val.loss: 'a'}}}\nspace: {a: [1, 2], epochs: 1}\nobjective: {minimize: val.loss}\n");
  assert.equal((await trawl(['run', file, '--home', home, '--slots', '1'])).code, 0);
  const { postgresData: dataDir, postgresRun: runDir } = homeAt(home);
  const postgres = await startEmbedded({ dataDir, runDir, onLog: () => undefined });
  const client = new pg.Client(postgres.url);
  await client.connect();
  const stored = async (text: string, age: string): Promise<string> => {
    const { id, bytes } = await blobs.put(Buffer.from(text));
    await client.query(`insert into blob (id, bytes, kind, last_used) values ($1, $2, 'checkpoint', now() - $3::interval)`, [id, bytes, age]);
    return id;
  };
  const gc = async (...args: string[]): Promise<GarbageView> => {
    const { code, stdout, stderr } = await trawl(['gc', '--home', home, '--json', ...args]);
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout) as GarbageView;
  };
  const there = async (...ids: string[]): Promise<boolean[]> => Promise.all(ids.map((id) => blobs.has(id)));
  const [old, hours, young] = [await stored('two days', '2 days'), await stored('3 hours', '3 hours'), await stored('minutes', '5 minutes')];
  await client.end();
  await postgres.stop();

  const told = await trawl(['gc', '--home', home, '--dry-run']);
  assert.match(told.stdout, new RegExp(`${old.slice(0, 12)}  checkpoint +8 B  \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d\\n\\nWould delete 1 blob, 8 B, that nothing refers to`));
  assert.deepEqual(await there(old, hours, young), [true, true, true]);
  const deleted = await gc();
  assert.deepEqual([deleted.deleted, deleted.bytes, deleted.blobs.map(({ id }) => id)], [true, 8, [old]]);
  assert.deepEqual(await there(old, hours, young), [false, true, true]);

  const up = new Trawl(['up', '--home', home, '--no-worker']);
  await up.said(/Ctrl-C ends it/);
  assert.deepEqual((await gc('--dry-run', '--older-than', '2h')).blobs.map(({ id }) => id), [hours]);
  assert.deepEqual((await gc('--older-than', '2h')).blobs.map(({ id }) => id), [hours]);
  assert.deepEqual(await there(hours, young), [false, true]);
  assert.match((await trawl(['gc', '--home', home])).stdout, /^Nothing to delete/);
  up.signal('SIGINT');
  await up.ended;

  const short = await trawl(['gc', '--home', home, '--older-than', '10m']);
  assert.equal(short.code, 2);
  assert.match(short.stderr, /found 10m, expected a duration of at least 1h/);
});

test('over HTTP asks again until all is deleted', async () => {
  const one = (id: string, more: boolean): GarbageView => ({ deleted: true, more, bytes: 3, blobs: [{ id, kind: 'data', bytes: 3, lastUsed: '2026-01-01T00:00:00.000Z' }] });
  const answers = [one('a', true), one('b', true), one('c', false)];
  const service = new HttpSweepService({ url: 'http://127.0.0.1:1', token: 't', fetch: async () => Response.json(answers.shift()) });
  const { more, bytes, blobs } = await service.collectGarbage({ olderThanMs: 3_600_000, dryRun: false });
  assert.deepEqual([more, bytes, blobs.map(({ id }) => id)], [false, 9, ['a', 'b', 'c']]);
});
