/** The application service in this process, on a home where nothing runs. */
import { pino } from 'pino';
import type { BlobStore } from '../../blob/store.js';
import { leadAlone } from '../../coordinator/api/leading.js';
import { ApplicationService } from '../../coordinator/api/service.js';
import type { SweepService } from '../../coordinator/api/sweep-service.js';
import { DEFAULT_PROJECT, LOCAL_ACTOR } from '../../coordinator/main/defaults.js';
import { startEmbedded } from '../../coordinator/store/embedded.js';
import { openStore } from '../../coordinator/store/postgres.js';
import { packageVersion } from '../../proto/package-root.js';
import { homeBlobs } from '../blobs.js';
import type { Home } from '../home.js';

export interface OpenService {
  readonly service: SweepService;
  readonly blobs: BlobStore;
  /** Whether a coordinator runs: on the home, or elsewhere. */
  readonly isBusy: boolean;
  close(): Promise<void>;
}

/** `release` is called when it is closed, and when it cannot be opened. */
export async function openHere(home: Home, databaseUrl: string | null, release: () => void): Promise<OpenService> {
  let stopDatabase = (): Promise<void> => Promise.resolve();
  const close = async (): Promise<void> => {
    await stopDatabase();
    release();
  };
  try {
    let url = databaseUrl;
    if (url === null) {
      const embedded = await startEmbedded({ dataDir: home.postgresData, runDir: home.postgresRun, onLog: () => undefined });
      stopDatabase = () => embedded.stop();
      url = embedded.url;
    }
    const store = await openStore(url, { logger: pino({ level: 'silent' }) });
    const leader = leadAlone(store);
    const blobs = await homeBlobs(home);
    const service = new ApplicationService({ store, blobs, leader, version: packageVersion(), project: DEFAULT_PROJECT, actor: LOCAL_ACTOR });
    return {
      service,
      blobs,
      isBusy: false,
      async close() {
        await leader.release();
        await store.close();
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}
