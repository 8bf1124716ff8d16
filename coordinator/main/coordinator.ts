/** Puts the coordinator together: store, leader, the carrier of worker sessions, and the HTTP API. */
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { countedOwnedBlobs } from '../../blob/counted.js';
import { openBlobs } from '../../blob/open.js';
import type { NatsPlace } from '../../proto/nats/settings.js';
import { packageRoot, packageVersion } from '../../proto/package-root.js';
import { Access } from '../access/access.js';
import { BlobRights } from '../access/blob-rights.js';
import { Sessions } from '../access/sessions.js';
import type { ServerTls } from '../access/tls.js';
import { claimBlobs } from '../blob/claim.js';
import { BlobCollector } from '../blob/collector.js';
import { ManifestPacks } from '../blob/manifest-packs.js';
import { Boards } from '../api/board.js';
import { EventFeed } from '../api/event-feed.js';
import { httpServer } from '../api/http.js';
import { ModelProcess } from '../api/model-process.js';
import { MissingScores } from '../api/missing-scores.js';
import { Models } from '../api/models.js';
import { leadingBy } from '../api/leading.js';
import { Pages } from '../api/pages.js';
import { readPage } from '../api/page.js';
import { ApplicationService } from '../api/service.js';
import { Stages } from '../api/stages.js';
import { TrialLogs } from '../api/trial-logs.js';
import { natsCarrier } from '../dispatch/nats.js';
import { NotLeading } from '../leader/candidacy.js';
import { proposingOf } from '../leader/proposing-of.js';
import { Leader } from '../leader/leader.js';
import { blobTraffic } from '../metrics/blobs.js';
import { countedHandler } from '../metrics/links.js';
import { CoordinatorMetrics } from '../metrics/metrics.js';
import { TurnMetrics } from '../metrics/observe.js';
import { metricsPage } from '../metrics/page.js';
import { openStore } from '../store/postgres.js';
import { DEFAULT_PROJECT, LOCAL_ACTOR } from './defaults.js';
import { Door, type Addresses, type Listener } from './door.js';

export interface CoordinatorOptions {
  /** Where the blobs are: a folder, or s3://… (blob/location.ts). */
  readonly blobs: string;
  /** Folder of the home: caches for whoever opens models. */
  readonly home: string;
  /** For this machine's own commands and worker: plain, on loopback. */
  readonly loopback: Listener;
  /** For everybody else; null for nobody. `advertise`: the URL that a standby sends people to; null for the address listened on. `proxies`: addresses of reverse proxies before it. */
  readonly outer: (Listener & { readonly tls: ServerTls | null; readonly advertise: string | null; readonly proxies: readonly string[] }) | null;
  readonly token: string;
  readonly databaseUrl: string;
  /** Where workers come over NATS too; null for gRPC alone. */
  readonly nats: NatsPlace | null;
  /** How long a silent worker keeps its work; null for the leader's default. */
  readonly leaseTermMs: number | null;
  readonly logger: Logger;
}

export interface RunningCoordinator {
  readonly loopback: Addresses;
  readonly outer: Addresses | null;
  /** Null where it leads; else the address of the one that does, '' where that is not known (yet). */
  readonly standby: string | null;
  stop(): Promise<void>;
}

/** So long a request, and the start, wait for it to be settled who leads. */
const SETTLE_MS = 5_000;

export async function startCoordinator(options: CoordinatorOptions): Promise<RunningCoordinator> {
  const { logger } = options;
  const store = await openStore(options.databaseUrl, { logger });
  const metrics = new CoordinatorMetrics();
  const access = new Access({ store, homeToken: options.token, homeActor: LOCAL_ACTOR, logger });
  const nats = options.nats === null ? null : natsCarrier({ ...options.nats, doorkeeper: access, logger });
  const leader = new Leader({ store, logger, proposingOf, observer: new TurnMetrics(metrics), ...(nats === null ? {} : { onReign: (epoch: number | null) => nats.lead(epoch) }), ...(options.leaseTermMs === null ? {} : { leaseTermMs: options.leaseTermMs }) });
  const blobs = await openBlobs(options.blobs);
  await claimBlobs(store, blobs, options.blobs);
  const service = new ApplicationService({ store, blobs, leader: leadingBy(leader), version: packageVersion(), project: DEFAULT_PROJECT, actor: LOCAL_ACTOR });
  const modelProcess = new ModelProcess({ home: options.home, blobs: options.blobs });
  const models = new Models({ service, store, blobs, process: modelProcess });
  const packs = new ManifestPacks(blobs);
  const blobRights = new BlobRights({ leased: (token) => leader.leased(token), settled: () => leader.settled, packsOf: (manifest) => packs.of(manifest) });
  const page = readPage(join(packageRoot(), 'dist', 'page'));
  const browserSessions = new Sessions({ store, logger });
  const feed = new EventFeed({ store, logger });
  const logs = new TrialLogs({ store, project: DEFAULT_PROJECT, leader, logger });
  const boards = new Boards(store);
  const pages = new Pages({ store, boards, project: DEFAULT_PROJECT });
  const stages = new Stages({ store, leader: leadingBy(leader), project: DEFAULT_PROJECT });
  const http = (ownDoor: boolean) => (tls: ServerTls | null): Promise<FastifyInstance> =>
    httpServer({
      ...{ serviceFor: (actor) => service.as(actor), access, sessions: browserSessions, feed, logs, pages, stages, models, blobRights, tls, logger, blobs: countedOwnedBlobs(blobs, blobTraffic(metrics)) },
      usingBlob: (id) => store.touchBlob(id),
      blobUsed: (id, bytes) => store.putBlob(id, bytes, 'artifact'),
      picture: (dataset, index, look) => service.picture(dataset, index, look),
      leading: () => leader.leading(SETTLE_MS),
      metrics: () => metricsPage(metrics, leader.facts()),
      openMetrics: ownDoor,
      proxies: ownDoor ? [] : (options.outer?.proxies ?? []),
      ownNamesOnly: ownDoor,
      page,
    });
  const doors = [new Door(options.loopback, null, http(true))];
  if (options.outer !== null) doors.push(new Door(options.outer, options.outer.tls, http(false)));
  access.start();
  const sessions = countedHandler(leader, metrics);
  nats?.startPatiently(sessions);
  const [loopback, outer = null] = await Promise.all(doors.map((door) => door.open(sessions, access, logger)));
  if (loopback === undefined) throw new Error('no door was opened');
  leader.start(options.outer?.advertise ?? (outer ?? loopback).http);
  const standby = await leader.leading(SETTLE_MS).then(
    () => null,
    (error: unknown) => (error instanceof NotLeading ? (error.leader ?? '') : ''),
  );
  const collector = new BlobCollector({ store, blobs, logger, leads: () => leader.leads });
  collector.start();
  const scores = new MissingScores({ store, leader, logger });
  scores.start();
  return {
    loopback,
    outer,
    standby,
    async stop() {
      await feed.stop();
      logs.stop();
      await Promise.all(doors.map((door) => door.closeHttp()));
      modelProcess.stop();
      access.stop();
      await Promise.all([collector.stop(), scores.stop()]);
      await leader.stop();
      await Promise.all([...doors.map((door) => door.closeSessions()), nats?.stop()]);
      await store.close();
    },
  };
}
