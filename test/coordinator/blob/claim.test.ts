import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';
import { FolderBlobStore } from '../../../blob/folder.js';
import { claimBlobs } from '../../../coordinator/blob/claim.js';
import { openStore } from '../../../coordinator/store/postgres.js';
import { temporaryFolder } from '../../support/images.js';
import { testDatabase } from '../../support/postgres.js';

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
