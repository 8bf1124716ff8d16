/** The way into a home for one question: ask the coordinator where one runs, else do it in this process. */
import { existsSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { CommandFailed } from '../exit.js';
import { createHome, removeNewHome, type Home } from '../home.js';
import { attach, BUSY_LIMIT_MS, heldBy, LOOK_AGAIN_MS } from './connect.js';
import { takeLock } from './lock.js';
import type { OpenService } from './service-here.js';

/** Throws CommandFailed where there is nothing on the home yet. */
export async function openService(home: Home, databaseUrl: string | null): Promise<OpenService> {
  if (databaseUrl === null && !existsSync(home.postgresData)) {
    throw new CommandFailed(`there is no sweep in home ${home.folder} yet; start one with: trawl run FILE --home ${home.folder}`);
  }
  const isNew = createHome(home);
  const giveUpAt = performance.now() + BUSY_LIMIT_MS;
  while (true) {
    const attached = await attach(home);
    if (attached !== null) return { service: attached.service, isBusy: true, close: () => Promise.resolve() };
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
