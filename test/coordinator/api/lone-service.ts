/** The application service over a store of its own: nobody trains here. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FolderBlobStore } from '../../../blob/folder.js';
import { leadAlone } from '../../../coordinator/api/leading.js';
import { ApplicationService } from '../../../coordinator/api/service.js';
import { openStore } from '../../../coordinator/store/postgres.js';
import type { Store } from '../../../coordinator/store/store.js';
import { testDatabase } from '../../support/postgres.js';

export interface LoneService {
  readonly store: Store;
  readonly blobs: FolderBlobStore;
  readonly leader: ReturnType<typeof leadAlone>;
  /** In project default, as ada. */
  readonly service: ApplicationService;
  close(): Promise<void>;
}

export async function loneService(): Promise<LoneService> {
  const database = await testDatabase();
  const store = await openStore(database.url);
  const folder = await mkdtemp(join(tmpdir(), 'trawl-service-'));
  const leader = leadAlone(store);
  const blobs = new FolderBlobStore(folder);
  const service = new ApplicationService({ store, blobs, leader, version: '0', project: 'default', actor: 'ada' });
  const close = async (): Promise<void> => {
    await leader.release();
    await store.close();
    await database.close();
    await rm(folder, { recursive: true });
  };
  return { store, blobs, leader, service, close };
}
