/**
 * Ways into a home. `connect` is for commands that run sweeps: become the host, or attach to the one
 * there is. `openService` is for one question: ask the coordinator where one runs, else do it here.
 */
import { existsSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { pino } from 'pino';
import { FolderBlobStore } from '../../blob/folder.js';
import { HttpBlobStore } from '../../blob/http.js';
import type { BlobStore } from '../../blob/store.js';
import { leadAlone } from '../../coordinator/api/leading.js';
import { ApplicationService } from '../../coordinator/api/service.js';
import type { SweepService } from '../../coordinator/api/views.js';
import { DEFAULT_PROJECT, LOCAL_ACTOR, packageVersion } from '../../coordinator/main/coordinator.js';
import { startEmbedded } from '../../coordinator/store/embedded.js';
import { openStore } from '../../coordinator/store/postgres.js';
import { HttpSweepService } from '../client.js';
import { CommandFailed } from '../exit.js';
import { createHome, type Home } from '../home.js';
import { readAnnouncement } from './announcement.js';
import { Host } from './host.js';
import { takeLock } from './lock.js';

/** How long a home may be held by somebody who does not answer. */
const BUSY_LIMIT_MS = 60_000;
const LOOK_AGAIN_MS = 150;

export interface Connection {
  readonly service: SweepService;
  readonly blobs: BlobStore;
  /** Null where another process hosts the home. */
  readonly host: Host | null;
}

export interface ConnectOptions {
  readonly home: Home;
  readonly databaseUrl: string | null;
  readonly onNotice: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Throws CommandFailed when the home is held by somebody who does not answer, ChildFailed when hosting fails. */
export async function connect(options: ConnectOptions): Promise<Connection> {
  const { home, signal } = options;
  createHome(home);
  const giveUpAt = performance.now() + BUSY_LIMIT_MS;
  while (true) {
    signal.throwIfAborted();
    const lock = takeLock(home.lock);
    if (!('holder' in lock)) {
      const host = await Host.start({ home, lock, databaseUrl: options.databaseUrl, onNotice: options.onNotice });
      return { service: host.service(), blobs: new FolderBlobStore(home.blobs), host };
    }
    const attached = await attach(home);
    if (attached !== null) return attached;
    if (performance.now() > giveUpAt) throw heldBy(home, lock.holder.pid);
    await wait(LOOK_AGAIN_MS, undefined, { signal });
  }
}

async function attach(home: Home): Promise<Connection | null> {
  const announcement = readAnnouncement(home);
  if (announcement === null) return null;
  const service = new HttpSweepService(announcement);
  try {
    await service.sweeps();
  } catch {
    return null;
  }
  return { service, blobs: new HttpBlobStore({ baseUrl: announcement.url, token: announcement.token }), host: null };
}

function heldBy(home: Home, pid: number): CommandFailed {
  return new CommandFailed(`home ${home.folder} is held by process ${pid}, whose coordinator does not answer; wait for it, or end it with: kill ${pid}`);
}

export interface OpenService {
  readonly service: SweepService;
  /** Whether a coordinator runs on the home. */
  readonly isBusy: boolean;
  close(): Promise<void>;
}

/** Throws CommandFailed where there is nothing on the home yet. */
export async function openService(home: Home, databaseUrl: string | null): Promise<OpenService> {
  if (databaseUrl === null && !existsSync(home.postgresData)) {
    throw new CommandFailed(`there is no sweep in home ${home.folder} yet; start one with: trawl run FILE --home ${home.folder}`);
  }
  createHome(home);
  const giveUpAt = performance.now() + BUSY_LIMIT_MS;
  while (true) {
    const attached = await attach(home);
    if (attached !== null) return { service: attached.service, isBusy: true, close: () => Promise.resolve() };
    const lock = takeLock(home.lock);
    if (!('holder' in lock)) return openHere(home, databaseUrl, () => lock.release());
    if (performance.now() > giveUpAt) throw heldBy(home, lock.holder.pid);
    await wait(LOOK_AGAIN_MS);
  }
}

async function openHere(home: Home, databaseUrl: string | null, release: () => void): Promise<OpenService> {
  const database = databaseUrl === null ? await startDatabase(home) : { url: databaseUrl, stop: () => Promise.resolve() };
  try {
    const store = await openStore(database.url, { logger: pino({ level: 'silent' }) });
    const leader = leadAlone(store);
    const service = new ApplicationService({ store, blobs: new FolderBlobStore(home.blobs), leader, version: packageVersion(), project: DEFAULT_PROJECT, actor: LOCAL_ACTOR });
    return {
      service,
      isBusy: false,
      async close() {
        await leader.release();
        await store.close();
        await database.stop();
        release();
      },
    };
  } catch (error) {
    await database.stop();
    release();
    throw error;
  }
}

async function startDatabase(home: Home): Promise<{ url: string; stop(): Promise<void> }> {
  const quiet = (): void => undefined;
  return startEmbedded({ dataDir: home.postgresData, runDir: home.postgresRun, onLog: quiet });
}
