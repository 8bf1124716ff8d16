/** Puts the coordinator together: store, leader, the carrier of worker sessions, and the HTTP API. */
import { join } from 'node:path';
import type { Logger } from 'pino';
import { FolderBlobStore } from '../../blob/folder.js';
import type { NatsPlace } from '../../proto/nats/settings.js';
import { packageVersion } from '../../proto/package-root.js';
import { Access } from '../access/access.js';
import { BlobCollector } from '../blob/collector.js';
import { httpServer, listen } from '../api/http.js';
import { leadingBy } from '../api/leading.js';
import { ApplicationService } from '../api/service.js';
import { grpcCarrier } from '../dispatch/grpc.js';
import { natsCarrier } from '../dispatch/nats.js';
import { proposingOf } from '../leader/proposing-of.js';
import { Leader } from '../leader/leader.js';
import { openStore } from '../store/postgres.js';
import { DEFAULT_PROJECT, LOCAL_ACTOR } from './defaults.js';

export interface CoordinatorOptions {
  readonly home: string;
  /** Address to listen on. */
  readonly host: string;
  /** 0 for any that is free. */
  readonly grpcPort: number;
  readonly httpPort: number;
  readonly token: string;
  readonly databaseUrl: string;
  /** Where workers come over NATS too; null for gRPC alone. */
  readonly nats: NatsPlace | null;
  /** How long a silent worker keeps its work; null for the leader's default. */
  readonly leaseTermMs: number | null;
  readonly logger: Logger;
}

export interface RunningCoordinator {
  /** HOST:PORT for workers. */
  readonly grpcAddress: string;
  readonly httpUrl: string;
  stop(): Promise<void>;
}

/** The folder of a home that holds its blobs. */
export function blobFolder(home: string): string {
  return join(home, 'blobs');
}

export async function startCoordinator(options: CoordinatorOptions): Promise<RunningCoordinator> {
  const { logger } = options;
  const store = await openStore(options.databaseUrl, { logger });
  const nats = options.nats === null ? null : natsCarrier({ ...options.nats, logger });
  const leader = new Leader({ store, logger, proposingOf, ...(nats === null ? {} : { onReign: (epoch: number | null) => nats.lead(epoch) }), ...(options.leaseTermMs === null ? {} : { leaseTermMs: options.leaseTermMs }) });
  const blobs = new FolderBlobStore(blobFolder(options.home));
  const service = new ApplicationService({ store, blobs, leader: leadingBy(leader), version: packageVersion(), project: DEFAULT_PROJECT, actor: LOCAL_ACTOR });
  const access = new Access({ store, homeToken: options.token, homeActor: LOCAL_ACTOR, logger });
  const carrier = grpcCarrier({ host: options.host, port: options.grpcPort, doorkeeper: access, logger });
  const app = await httpServer({ serviceFor: (actor) => service.as(actor), access, logger, blobs, blobUsed: (id, bytes) => store.putBlob(id, bytes, 'artifact') });
  leader.start();
  access.start();
  const collector = new BlobCollector({ store, blobs, logger });
  collector.start();
  nats?.startPatiently(leader);
  const { address } = await carrier.start(leader);
  const port = await listen(app, options.host, options.httpPort);
  return {
    grpcAddress: address,
    httpUrl: `http://${options.host}:${port}`,
    async stop() {
      await app.close();
      access.stop();
      await collector.stop();
      await leader.stop();
      await Promise.all([carrier.stop(), nats?.stop()]);
      await store.close();
    },
  };
}
