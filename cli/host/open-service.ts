/** The way to the sweeps for one question: ask the coordinator where one runs, else do it in this process. */
import { existsSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { HttpBlobStore } from '../../blob/http.js';
import { fetchTrusting } from '../../blob/trusting-fetch.js';
import { HttpSweepService } from '../client.js';
import { BadInput } from '../exit.js';
import { createHome, removeNewHome, type Home } from '../home.js';
import { commandLine, near } from '../program-name.js';
import type { Remote } from '../remote.js';
import { attach, BUSY_LIMIT_MS, heldBy, LOOK_AGAIN_MS } from './connect.js';
import { takeLock } from './lock.js';
import type { Place } from './place.js';
import type { OpenService } from './service-here.js';

/** Nothing was ever submitted on the home. */
export class NoSweepsYet extends BadInput {
  constructor(home: Home) {
    const found = existsSync(home.folder) ? 'a folder without sweeps' : 'no such folder';
    super(`--home: ${near(home.folder)}: found ${found}, expected a home with sweeps in it; name another, or start a sweep there with: ${commandLine(['run', 'FILE'], home)}`);
    this.name = 'NoSweepsYet';
  }
}

/** Throws CommandFailed where somebody holds the home for long, and NoSweepsYet unless `make` says that the first sweep is about to come. */
export async function openService({ home, databaseUrl, remote }: Place, { make }: { readonly make: boolean } = { make: false }): Promise<OpenService> {
  if (remote !== null) return openRemote(remote);
  // A coordinator that runs there may have its database elsewhere.
  if (databaseUrl === null && !make && !existsSync(home.postgresData) && (await attach(home)) === null) throw new NoSweepsYet(home);
  const isNew = createHome(home);
  const giveUpAt = performance.now() + BUSY_LIMIT_MS;
  while (true) {
    const attached = await attach(home);
    if (attached !== null) return { ...attached, isBusy: true, close: () => Promise.resolve() };
    const lock = takeLock(home.lock);
    if (!('holder' in lock)) {
      // Loaded where it is needed only: a command on a busy home needs neither the store nor the service.
      const { openHere } = await import('./service-here.js');
      return openHere(home, databaseUrl, () => lock.release()).catch((error: unknown) => {
        if (isNew) removeNewHome(home);
        throw error;
      });
    }
    if (performance.now() > giveUpAt) throw heldBy(home, lock.holder.pid);
    await wait(LOOK_AGAIN_MS);
  }
}

/** Asks nothing yet. */
function openRemote({ url, token, trust }: Remote): OpenService {
  const fetch = fetchTrusting(trust);
  return { service: new HttpSweepService({ url, token, fetch }), blobs: new HttpBlobStore({ baseUrls: url.split(','), token, fetch }), isBusy: true, close: () => Promise.resolve() };
}
