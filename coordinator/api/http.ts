/**
 * /api/v1: the application service over HTTP, for commands on a home that is busy, for people elsewhere
 * and for workers' blobs. Every route but /health wants a bearer token whose role reaches so far. Errors
 * are {code, message}.
 */
import type { RequestListener, Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { TLSSocket } from 'node:tls';
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { z } from 'zod';
import { registerBlobRoutes, type BlobRefusal } from '../../blob/http-server.js';
import type { OwnedBlobStore } from '../../blob/store.js';
import type { BlobId } from '../../proto/work.js';
import type { Access, Identity } from '../access/access.js';
import type { BlobRights, BlobUse } from '../access/blob-rights.js';
import { CertificateMissing } from '../access/errors.js';
import { ROLES, type Right } from '../access/roles.js';
import type { ServerTls } from '../access/tls.js';
import { NotLeading } from '../leader/candidacy.js';
import { BadRequest, codeOf, httpStatus } from './errors.js';
import { registerMetricsRoute, type MetricsPage } from './metrics-route.js';
import type { SweepService } from './sweep-service.js';

/** Of a JSON body: a sweep file, the summary of a data set with its rejected files, and what a module builds. */
const BODY_LIMIT_BYTES = 64 * 1024 * 1024;

const blobId = z.string().regex(/^[0-9a-f]{64}$/);
const counts = z.array(z.number().int().nonnegative());

const dataSummary = z.strictObject({
  manifest: blobId,
  digest: z.string().min(1),
  images: z.number().int().nonnegative(),
  classes: z.array(z.string()).min(2),
  positive: z.number().int().nonnegative(),
  counts: z.strictObject({ train: counts, val: counts, test: counts }),
  rejected: z.array(z.strictObject({ file: z.string(), why: z.string() })),
  warnings: z.array(z.string()),
});

const choice = z.union([z.string(), z.boolean()]);
const knob = z.union([
  z.strictObject({ name: z.string(), kind: z.literal('choice'), default: choice, choices: z.array(choice), meaning: z.string() }),
  z.strictObject({ name: z.string(), kind: z.enum(['int', 'float', 'int-list']), default: z.json(), min: z.number(), max: z.number(), length: z.number().nullable(), meaning: z.string() }),
]);
const layer = z.strictObject({ class_name: z.string(), config: z.object({ name: z.string() }).catchall(z.json()) });
const node = z.strictObject({ ...layer.shape, inbound_nodes: z.json() });
const topology = z.union([
  z.strictObject({ class_name: z.literal('Sequential'), config: z.strictObject({ name: z.string(), layers: z.array(layer) }) }),
  z.strictObject({ class_name: z.literal('Functional'), config: z.strictObject({ name: z.string(), layers: z.array(node), input_layers: z.json(), output_layers: z.json() }) }),
]);
const modelModule = z.strictObject({
  path: z.string(),
  digest: z.string(),
  knobs: z.array(knob),
  topologies: z.array(topology),
  builds: z.record(z.string(), z.number().int().nonnegative()),
});

const submitRequest = z.strictObject({
  source: z.strictObject({ name: z.string().min(1), text: z.string() }),
  sharing: z.boolean(),
  data: dataSummary.nullable(),
  numerics: z.string().min(1),
  module: modelModule.optional(),
  list: z.strictObject({ path: z.string(), shown: z.string(), text: z.string().nullable(), why: z.string().optional() }).optional(),
  replace: z.boolean().optional(),
  warmStartFrom: z.array(z.string().min(1)).min(1).optional(),
  weights: z.strictObject({ blob: z.string().regex(/^[0-9a-f]{64}$/), bytes: z.number().int().min(0), names: z.enum(['keras', 'torch']), layers: z.array(z.string()), usualCut: z.string().nullable() }).optional(),
  program: z.object({ blob: z.string().regex(/^[0-9a-f]{64}$/), bytes: z.number().int().min(0) }).optional(),
});

const stateRequest = z.strictObject({ state: z.enum(['running', 'paused', 'stopped']), now: z.boolean().default(false) });
const sweepChange = z.strictObject({
  epochs: z.number().int().positive().optional(),
  trials: z.number().int().positive().optional(),
  add: z.record(z.string(), z.array(z.json()).min(1)).optional(),
  budget: z.record(z.string(), z.json()).optional(),
  pruner: z.json().optional(),
  priority: z.json().optional(),
  concurrency: z.json().optional(),
  warmStartFrom: z.array(z.string().min(1)).min(1).optional(),
});
const changeRequest = z.strictObject({ change: sweepChange, dryRun: z.boolean().default(false) });
const forkRequest = z.strictObject({ name: z.string().min(1), ...changeRequest.shape });
const retryRequest = z.strictObject({ trials: z.array(z.string()).default([]) });
const enqueueRequest = z.strictObject({ trials: z.array(z.record(z.string(), z.json())).min(1), front: z.boolean().default(false) });
const sweepParams = z.object({ sweep: z.string().min(1) });
const blobParams = z.object({ sha: z.string() });
const workerParams = z.object({ worker: z.string().min(1) });
const trialParams = z.object({ trial: z.string().min(1) });
const testQuery = z.object({ test: z.enum(['0', '1']).default('0') });
const trialsQuery = testQuery.extend({ limit: z.coerce.number().int().min(1).optional() });
const importanceQuery = z.object({ metric: z.string().min(1).optional() });
const differencesQuery = z.object({ other: z.string().min(1) });
const sinceQuery = z.object({ since: z.coerce.number().int().nonnegative() });

const tokenRequest = z.strictObject({ name: z.string().min(1).max(100).nullable().default(null), role: z.enum(ROLES), expiresInMs: z.number().positive().nullable().default(null) });
const garbageRequest = z.strictObject({ olderThanMs: z.number().min(3_600_000), dryRun: z.boolean().default(false) });
const tokenParams = z.object({ token: z.string().min(1) });

export interface HttpOptions {
  /** As somebody asks it. */
  readonly serviceFor: (actor: string) => SweepService;
  readonly access: Pick<Access, 'require'>;
  readonly blobRights: Pick<BlobRights, 'require'>;
  /** Null for plain HTTP. */
  readonly tls?: ServerTls | null;
  readonly logger: Logger;
  readonly blobs: OwnedBlobStore;
  /** Told before and after each use of a blob, so that those in use are not swept. */
  readonly usingBlob: (id: BlobId) => Promise<void>;
  readonly blobUsed: (id: BlobId, bytes: number) => Promise<void>;
  /** Settles once this coordinator leads; throws NotLeading where another one does: nothing but its health is answered then. */
  readonly leading: () => Promise<void>;
  /** What Prometheus reads. */
  readonly metrics: () => Promise<MetricsPage>;
  /** Without a token: at the door for this machine alone. */
  readonly openMetrics?: boolean;
}

export async function httpServer(options: HttpOptions): Promise<FastifyInstance> {
  const { tls = null } = options;
  const app = Fastify({ bodyLimit: BODY_LIMIT_BYTES, forceCloseConnections: true, ...(tls === null ? {} : { serverFactory: secureServer(tls) }) });
  app.setErrorHandler(async (error, request, reply) => {
    const { status, code, message } = describe(error);
    if (error instanceof NotLeading) return reply.status(status).send({ code, message, leader: error.leader });
    if (status >= 500) options.logger.error({ err: error, route: request.url }, 'a request failed');
    return reply.status(status).send({ code, message });
  });
  app.setNotFoundHandler(async (request, reply) => {
    await reply.status(404).send({ code: 'NoSuchRoute', message: `there is no ${request.method} ${request.url}` });
  });
  // After the hooks that ask who it is, and before any body is read.
  app.addHook('preParsing', async (request) => {
    const { url } = request.routeOptions;
    if (url?.startsWith('/api/v1/') === true && url !== '/api/v1/health') await options.leading();
  });
  app.get('/api/v1/health', () => options.serviceFor('nobody').health());
  const asking = new Asking(options);
  asking.register(app, 'read', readingRoutes);
  asking.register(app, 'steer', steeringRoutes);
  asking.register(app, 'administer', (guarded, service) => {
    tokenRoutes(guarded, service);
    guarded.post('/api/v1/garbage', async (request) => service(request).collectGarbage(checked(garbageRequest, request.body)));
  });
  registerMetricsRoute(app, { open: options.openMetrics === true, page: options.metrics, refusal: (request) => asking.refusal(request, 'read') });
  registerBlobRoutes(app, options.blobs, { authorize: (request) => asking.blobRefusal(request), using: options.usingBlob, used: options.blobUsed });
  return app;
}

/** People need no certificate: whether a worker has shown one is asked once it is known who asks. */
function secureServer({ cert, key, clientCa }: ServerTls): (handler: RequestListener) => Server {
  const asked = clientCa === null ? {} : { ca: clientCa, requestCert: true, rejectUnauthorized: false };
  return (handler) => createSecureServer({ cert, key, ...asked }, handler);
}

/** A TLS session that is taken up again counts as authorised even where no certificate was ever shown. */
function hasShownCertificate({ socket }: FastifyRequest['raw']): boolean {
  return socket instanceof TLSSocket && socket.authorized && socket.getPeerX509Certificate() !== undefined;
}

/** The service as whoever sent a request may ask it. */
type ServiceOf = (request: FastifyRequest) => SweepService;

class Asking {
  readonly #options: HttpOptions;
  readonly #identities = new WeakMap<FastifyRequest, Identity>();

  constructor(options: HttpOptions) {
    this.#options = options;
  }

  /** Routes for those who have a right. */
  register(app: FastifyInstance, right: Right, routes: (app: FastifyInstance, service: ServiceOf) => void): void {
    void app.register(async (guarded) => {
      guarded.addHook('onRequest', async (request) => {
        this.#identities.set(request, await this.#require(request, right));
      });
      routes(guarded, (request) => this.#options.serviceFor(this.#identities.get(request)?.actor ?? 'nobody'));
    });
  }

  async #require(request: FastifyRequest, right: Right): Promise<Identity> {
    const { access, tls = null } = this.#options;
    const identity = await access.require(request.headers.authorization, right);
    if (identity.role === 'worker' && tls !== null && tls.clientCa !== null && !hasShownCertificate(request.raw)) throw new CertificateMissing();
    return identity;
  }

  refusal(request: FastifyRequest, right: Right): Promise<BlobRefusal | null> {
    return refusalOf(this.#require(request, right));
  }

  /** Of a request for a blob. What a worker's token reaches is the leader's to say. */
  blobRefusal(request: FastifyRequest): Promise<BlobRefusal | null> {
    return refusalOf(this.#requireBlob(request));
  }

  async #requireBlob(request: FastifyRequest): Promise<void> {
    const use = USES[request.method] ?? 'fetch';
    const { role, token } = await this.#require(request, use === 'put' ? 'putBlobs' : 'getBlobs');
    if (role !== 'worker' || token === null) return;
    await this.#options.leading();
    await this.#options.blobRights.require(token, use, checked(blobParams, request.params).sha);
  }
}

const USES: { readonly [method: string]: BlobUse } = { GET: 'fetch', HEAD: 'look', PUT: 'put' };

async function refusalOf(required: Promise<unknown>): Promise<BlobRefusal | null> {
  try {
    await required;
    return null;
  } catch (error) {
    return describe(error);
  }
}

function readingRoutes(app: FastifyInstance, service: ServiceOf): void {
  const nameOf = (request: FastifyRequest): string => checked(sweepParams, request.params).sweep;
  app.get('/api/v1/sweeps', (request) => service(request).sweeps());
  app.get('/api/v1/sweeps/:sweep', async (request) => service(request).sweep(nameOf(request)));
  app.get('/api/v1/sweeps/:sweep/progress', async (request) => service(request).progress(nameOf(request)));
  app.get('/api/v1/sweeps/:sweep/trials', async (request) => {
    const { test, limit } = checked(trialsQuery, request.query);
    return service(request).results(nameOf(request), { test: test === '1', limit });
  });
  app.get('/api/v1/sweeps/:sweep/importance', async (request) => service(request).importance(nameOf(request), checked(importanceQuery, request.query).metric ?? null));
  app.get('/api/v1/sweeps/:sweep/cost', async (request) => service(request).cost(nameOf(request)));
  app.get('/api/v1/sweeps/:sweep/differences', async (request) => service(request).differences(nameOf(request), checked(differencesQuery, request.query).other));
  app.get('/api/v1/sweeps/:sweep/ensemble', async (request) => service(request).ensemble(nameOf(request)));
  app.get('/api/v1/sweeps/:sweep/recorded', async (request) => service(request).recordedSince(nameOf(request), checked(sinceQuery, request.query).since));
  app.get('/api/v1/sweeps/:sweep/file', async (request) => service(request).file(nameOf(request)));
  app.get('/api/v1/trials/:trial', async (request) => service(request).trial(checked(trialParams, request.params).trial, { test: checked(testQuery, request.query).test === '1' }));
  app.get('/api/v1/workers', (request) => service(request).workers());
  app.get('/api/v1/recordings', async (request) => ({ seq: await service(request).recordedSeq() }));
}

/** Routes that make, change and steer sweeps, and workers. */
function steeringRoutes(app: FastifyInstance, service: ServiceOf): void {
  const workerOf = (request: FastifyRequest): string => checked(workerParams, request.params).worker;
  app.post('/api/v1/workers/:worker/drain', (request) => service(request).drain(workerOf(request)));
  app.post('/api/v1/workers/:worker/release', (request) => service(request).releaseWorker(workerOf(request)));
  const nameOf = (request: FastifyRequest): string => checked(sweepParams, request.params).sweep;
  app.post('/api/v1/sweeps/preview', async (request) => service(request).preview(checked(submitRequest, request.body)));
  app.post('/api/v1/sweeps', async (request) => service(request).submit(checked(submitRequest, request.body)));
  app.post('/api/v1/sweeps/:sweep/state', async (request) => {
    const { state, now } = checked(stateRequest, request.body);
    await service(request).setState(nameOf(request), state, { now });
    return {};
  });
  app.post('/api/v1/sweeps/:sweep/changes', async (request) => {
    const { change, dryRun } = checked(changeRequest, request.body);
    return service(request).change(nameOf(request), change, { dryRun });
  });
  app.post('/api/v1/sweeps/:sweep/forks', async (request) => {
    const { name, change, dryRun } = checked(forkRequest, request.body);
    return service(request).fork(nameOf(request), name, change, { dryRun });
  });
  app.post('/api/v1/sweeps/:sweep/retries', async (request) => service(request).retry(nameOf(request), checked(retryRequest, request.body).trials));
  app.post('/api/v1/sweeps/:sweep/trials', async (request) => {
    const { trials, front } = checked(enqueueRequest, request.body);
    return service(request).enqueue(nameOf(request), trials, { front });
  });
}

function tokenRoutes(app: FastifyInstance, service: ServiceOf): void {
  app.get('/api/v1/tokens', (request) => service(request).tokens());
  app.post('/api/v1/tokens', async (request) => service(request).createToken(checked(tokenRequest, request.body)));
  app.delete('/api/v1/tokens/:token', async (request) => service(request).revokeToken(checked(tokenParams, request.params).token));
}

function checked<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new BadRequest(result.error.issues.map((issue) => `${issue.path.join('.') || 'request'}: ${issue.message}`).join('; '));
}

function describe(error: unknown): { status: number; code: string; message: string } {
  const code = codeOf(error);
  const message = error instanceof Error ? error.message : String(error);
  if (code !== null) return { status: httpStatus(code), code, message };
  // Fastify's own: a body that is no JSON, or too large.
  if (error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number' && error.statusCode < 500) {
    return { status: error.statusCode, code: 'BadRequest', message };
  }
  return { status: 500, code: 'InternalError', message };
}

/** Listens on `port`, 0 for any; waits a while for a port that a former process has not let go of yet. */
export async function listen(app: FastifyInstance, host: string, port: number, retryForMs = 10_000, onTaken?: () => void): Promise<number> {
  const giveUpAt = performance.now() + retryForMs;
  while (true) {
    try {
      await app.listen({ host, port });
      return (app.server.address() as AddressInfo).port;
    } catch (error) {
      const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
      if (!isTaken || performance.now() > giveUpAt) throw error;
      onTaken?.();
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
