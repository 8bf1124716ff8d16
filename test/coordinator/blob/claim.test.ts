import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';
import { FolderBlobStore } from '../../../blob/folder.js';
import { claimBlobs } from '../../../coordinator/blob/claim.js';
import { openStore } from '../../../coordinator/store/postgres.js';
import { temporaryFolder } from '../../support/images.js';
import { testDatabase } from '../../support/postgres.js';
import { newPath, sweepOf } from '../store/facts.js';

test('a database takes the blobs of the place that the first coordinator had, and of no other', async (t) => {
  const database = await testDatabase();
  const store = await openStore(database.url);
  const folder = temporaryFolder(t);
  const ours = new FolderBlobStore(join(folder, 'ours'));
  await Promise.all([claimBlobs(store, ours, 'ours'), claimBlobs(store, new FolderBlobStore(join(folder, 'ours')), 'ours')]);
  await claimBlobs(store, ours, 'ours');
  await assert.rejects(claimBlobs(store, new FolderBlobStore(join(folder, 'other')), '/other'), { code: 'BlobsElsewhere', message: /not in \/other: give the folder or the bucket/ });
  await store.close();
  await database.close();
});

test('a database that refers to blobs from before takes the place that has some of them, and no other', async (t) => {
  const database = await testDatabase();
  const store = await openStore(database.url);
  const leadership = await store.lead(new AbortController().signal, { url: null });
  const folder = temporaryFolder(t);
  const ours = new FolderBlobStore(join(folder, 'ours'));
  const { id: manifest } = await ours.put(Buffer.from('{"packs": []}'));
  for (const [name, blob] of [['kept', manifest], ['lost', 'e'.repeat(64)]] as const) {
    const data = { manifest: blob, digest: 'd', images: 0, classes: ['N', 'P'], positive: 1, counts: { train: [], val: [], test: [] }, rejected: [], warnings: [] };
    await store.submit(sweepOf(name, [newPath(1)], { data }), leadership.epoch);
  }
  const other = new FolderBlobStore(join(folder, 'other'));
  await assert.rejects(claimBlobs(store, other, '/mistyped'), { code: 'BlobsElsewhere', message: /not in \/mistyped: give the folder or the bucket/ });
  await claimBlobs(store, ours, 'ours');
  await assert.rejects(claimBlobs(store, other, '/mistyped'), { code: 'BlobsElsewhere' });
  await leadership.release();
  await store.close();
  await database.close();
});
