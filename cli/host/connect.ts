/** The way into a home for commands that run sweeps: become the host, or attach to the one there is. */
import { setTimeout as wait } from 'node:timers/promises';
import { HttpBlobStore } from '../../blob/http.js';
import { openBlobs } from '../../blob/open.js';
import type { BlobStore } from '../../blob/store.js';
import type { SweepService } from '../../coordinator/api/sweep-service.js';
import type { NatsSettings } from '../../proto/nats/settings.js';
import { HttpSweepService, ServiceError } from '../client.js';
import { CommandFailed } from '../exit.js';
import { createHome, removeNewHome, type Home } from '../home.js';
import { readAnnouncement } from './announcement.js';
import { Host } from './host.js';
import { LOOPBACK_ONLY, type Listening } from './listening.js';
import { takeLock } from './lock.js';

/** How long a home may be held by somebody who does not answer. */
export const BUSY_LIMIT_MS = 60_000;
export const LOOK_AGAIN_MS = 150;

export interface Connection {
  readonly service: SweepService;
  readonly blobs: BlobStore;
  /** Null where another process hosts the home. */
  readonly host: Host | null;
}

export interface ConnectOptions {
  readonly home: Home;
  readonly databaseUrl: string | null;
  /** Where the blobs are: a folder, or s3://… */
  readonly blobs: string;
  /** How long a silent worker keeps its work; null for the coordinator's default. */
  readonly leaseMs: number | null;
  /** A NATS server over which workers are taken too. */
  readonly nats?: NatsSettings;
  /** Of the host, where this process becomes that. */
  readonly listening?: Listening;
  readonly onNotice: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Throws CommandFailed when the home is held by somebody who does not answer, ChildFailed when hosting fails. */
export async function connect(options: ConnectOptions): Promise<Connection> {
  const { home, signal } = options;
  const isNew = createHome(home);
  const giveUpAt = performance.now() + BUSY_LIMIT_MS;
  while (true) {
    signal.throwIfAborted();
    const lock = takeLock(home.lock);
    if (!('holder' in lock)) {
      const host = await Host.start({ home, lock, databaseUrl: options.databaseUrl, blobs: options.blobs, leaseMs: options.leaseMs, listening: options.listening ?? LOOPBACK_ONLY, ...(options.nats === undefined ? {} : { nats: options.nats }), onNotice: options.onNotice }).catch((error: unknown) => {
        // A server that does not answer, mostly: the message says it, and the logs of that start say no more.
        if (isNew && options.databaseUrl !== null) removeNewHome(home);
        throw error;
      });
      return { service: host.service(), blobs: await openBlobs(options.blobs), host };
    }
    const attached = await attach(home);
    if (attached !== null) return attached;
    if (performance.now() > giveUpAt) throw heldBy(home, lock.holder.pid);
    await wait(LOOK_AGAIN_MS, undefined, { signal });
  }
}

/** Null where nobody answers. Throws CommandFailed where a standby does. */
export async function attach(home: Home): Promise<Connection | null> {
  const announcement = readAnnouncement(home);
  if (announcement === null) return null;
  const service = new HttpSweepService(announcement);
  try {
    await service.sweeps();
  } catch (error) {
    if (error instanceof ServiceError && error.leader !== null) throw new CommandFailed(error.message);
    return null;
  }
  return { service, blobs: new HttpBlobStore({ baseUrls: [announcement.url], token: announcement.token }), host: null };
}

export function heldBy(home: Home, pid: number): CommandFailed {
  return new CommandFailed(`home ${home.folder} is held by process ${pid}, whose coordinator does not answer; wait for it, or end it with: kill ${pid}`);
}
