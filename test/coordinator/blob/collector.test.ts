import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import pg from 'pg';
import { FolderBlobStore } from '../../../blob/folder.js';
import { Garbage } from '../../../coordinator/blob/garbage.js';
import { BlobCollector, unreferencedForMs } from '../../../coordinator/blob/collector.js';
import { openStore } from '../../../coordinator/store/postgres.js';
import type { Leadership, Store } from '../../../coordinator/store/store.js';
import { testDatabase } from '../../support/postgres.js';
import type { TestDatabase } from '../../support/postgres.js';
import { epochOf, granted, newPath, sweepOf, turn } from '../store/facts.js';

describe('the collection of blobs', () => {
  let database: TestDatabase;
  let store: Store;
  let leadership: Leadership;
  let folder: string;
  let blobs: FolderBlobStore;
  let collector: BlobCollector;
  let leads = true;
  const quiet = { info: () => undefined, warn: () => undefined };
  const aDayOn = (): Date => new Date(Date.now() + unreferencedForMs + 60_000);

  before(async () => {
    database = await testDatabase();
    store = await openStore(database.url);
    leadership = await store.lead(new AbortController().signal, { url: null });
    folder = await mkdtemp(join(tmpdir(), 'trawl-collect-'));
    blobs = new FolderBlobStore(folder);
    collector = new BlobCollector({ store, blobs, logger: quiet, leads: () => leads });
  });
  after(async () => {
    await leadership.release();
    await store.close();
    await database.close();
    await rm(folder, { recursive: true, force: true });
  });

  const stored = async (text: string, kind: string): Promise<string> => {
    const { id, bytes } = await blobs.put(Buffer.from(text));
    await store.putBlob(id, bytes, kind);
    return id;
  };

  it('deletes what nothing refers to, a day after its last use and not before', async () => {
    const [kept, dropped, probabilities, stray, young] = await Promise.all(['kept', 'dropped', 'probabilities', 'stray', 'young'].map((text) => stored(text, 'artifact')));
    const pack = await stored('pack', 'pack');
    const manifest = await stored(JSON.stringify({ packs: [pack] }), 'manifest');
    const data = { manifest, digest: 'd', images: 0, classes: ['N', 'P'], positive: 1, counts: { train: [], val: [], test: [] }, rejected: [], warnings: [] };
    await store.submit(sweepOf('live', [newPath(1)], { data }), leadership.epoch);
    const grant = await granted(store, leadership.epoch, newPath(2));
    const lease = { attempt: grant.attempt, token: grant.token };
    const [first = '', second = ''] = grant.keys;
    const result = { metrics: { loss: 0, accuracy: 1, auc: 1 }, confusion: [[1]], probabilities: probabilities ?? '' };
    await store.commitTurn(leadership.epoch, turn({
      epochs: [epochOf(grant, 0), epochOf(grant, 1)],
      checkpoints: [{ ...lease, key: first, blob: dropped ?? '', bytes: 7 }, { ...lease, key: second, blob: kept ?? '', bytes: 4 }],
      dropped: [first],
      evaluations: [{ ...lease, key: second, part: 'val', result }],
    }));

    assert.equal(await collector.runOnce(new Date()), 0, 'all were used today');
    assert.equal((await store.unreferencedBlobs(aDayOn())).length, 4, 'dropped, stray, young, and the pack that only the manifest names');
    leads = false;
    assert.equal(await collector.runOnce(aDayOn()), 0, 'a standby deletes nothing');
    leads = true;
    const garbage = await new Garbage({ store, blobs }).find(aDayOn());
    assert.deepEqual(garbage.map(({ id, kind, bytes }) => [id, kind, bytes]).sort(), [[dropped, 'checkpoint', 7], [stray, 'artifact', 5], [young, 'artifact', 5]].sort());
    assert.equal(await collector.runOnce(aDayOn()), 3);
    const left = await Promise.all([kept, probabilities, pack, manifest, dropped, stray, young].map((id) => blobs.has(id ?? '')));
    assert.deepEqual(left, [true, true, true, true, false, false, false]);
    assert.equal(await collector.runOnce(aDayOn()), 0);
  });

  it('a use within the day keeps it', async () => {
    const id = await stored('used again', 'artifact');
    const before = new Date();
    await store.touchBlob(id);
    assert.equal((await store.unreferencedBlobs(before)).some((blob) => blob.id === id), false);
  });

  /** Of a store whose deletions are told before they are done. */
  const deleting = (told: (id: string) => void | Promise<void>): Pick<Garbage, 'collect'> =>
    new Garbage({
      store,
      blobs: new (class extends FolderBlobStore {
        override async delete(id: string): Promise<void> {
          await told(id);
          await super.delete(id);
        }
      })(folder),
    });

  it('leaves what is asked for after it was found to be unreferenced', async () => {
    const [first, second] = [await stored('found first', 'data'), await stored('found second', 'data')];
    const client = new pg.Client(database.url);
    await client.connect();
    await client.query(`update blob set last_used = now() - case id when $1 then interval '4 days' else interval '3 days' end where id in ($1, $2)`, [first, second]);
    await client.end();
    const { deleted } = await deleting(() => store.touchBlob(second)).collect(new Date(Date.now() - unreferencedForMs));
    assert.deepEqual(deleted.map(({ id }) => id), [first]);
    assert.equal(await blobs.has(second), true);
  });

  it('a use that is noted while it is deleted waits, finds nothing, and what is put then is known', async () => {
    const id = await stored('put again', 'data');
    const putting: Promise<boolean>[] = [];
    await deleting((gone) => {
      if (gone !== id) return;
      const put = async (): Promise<boolean> => {
        await store.touchBlob(id);
        const found = await blobs.has(id);
        await stored('put again', 'data');
        return found;
      };
      putting.push(put());
    }).collect(aDayOn());
    assert.deepEqual(await Promise.all(putting), [false]);
    assert.equal(await blobs.has(id), true);
    assert.equal((await store.unreferencedBlobs(aDayOn())).some((blob) => blob.id === id), true);
  });

  it('is not forgotten where its bytes could not be deleted', async () => {
    const id = await stored('stays', 'data');
    const failing = deleting(() => Promise.reject(new Error('the disk is gone')));
    await assert.rejects(failing.collect(aDayOn()), /the disk is gone/);
    assert.equal((await store.unreferencedBlobs(aDayOn())).some((blob) => blob.id === id), true);
    await collector.runOnce(aDayOn());
    assert.equal(await blobs.has(id), false);
  });

  it('gets on however little time it has', async () => {
    await Promise.all([stored('slow 1', 'data'), stored('slow 2', 'data'), stored('slow 3', 'data')]);
    const garbage = new Garbage({ store, blobs });
    const mores: boolean[] = [];
    for (let round = 0; round < 3; round += 1) {
      const { deleted, more } = await garbage.collect(aDayOn(), 0);
      assert.equal(deleted.length, 1);
      mores.push(more);
    }
    assert.deepEqual(mores, [true, true, false]);
  });

  it('deletes nothing while a manifest of live data cannot be read', async () => {
    const stray = await stored('one more', 'artifact');
    const gone = { manifest: 'e'.repeat(64), digest: 'x', images: 0, classes: ['N', 'P'], positive: 1, counts: { train: [], val: [], test: [] }, rejected: [], warnings: [] };
    await store.submit(sweepOf('broken', [newPath(1)], { data: gone }), leadership.epoch);
    await assert.rejects(collector.runOnce(aDayOn()), { code: 'BlobNotFound' });
    assert.equal(await blobs.has(stray), true);
  });

  it('starts and stops as often as it is told', async () => {
    collector.start();
    collector.start();
    await collector.stop();
    await collector.stop();
  });
});
