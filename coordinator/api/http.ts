/**
 * /api/v1: the application service over HTTP, for commands on a home that is busy and for workers'
 * blobs. Every route but /health wants the bearer token. Errors are {code, message}.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { z } from 'zod';
import { registerBlobRoutes } from '../../blob/http-server.js';
import type { OwnedBlobStore } from '../../blob/store.js';
import type { BlobId } from '../../proto/work.js';
import { BadRequest, codeOf, httpStatus } from './errors.js';
import type { SweepService } from './views.js';

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
const trialParams = z.object({ trial: z.string().min(1) });
const testQuery = z.object({ test: z.enum(['0', '1']).default('0') });
const importanceQuery = z.object({ metric: z.string().min(1).optional() });
const differencesQuery = z.object({ other: z.string().min(1) });
const sinceQuery = z.object({ since: z.coerce.number().int().nonnegative() });

export interface HttpOptions {
  readonly service: SweepService;
  readonly token: string;
  readonly logger: Logger;
  readonly blobs: OwnedBlobStore;
  /** Told of each use of a blob, so that those in use are not swept. */
  readonly blobUsed: (id: BlobId, bytes: number) => Promise<void>;
}

export async function httpServer(options: HttpOptions): Promise<FastifyInstance> {
  const app = Fastify({ bodyLimit: BODY_LIMIT_BYTES, forceCloseConnections: true });
  app.setErrorHandler(async (error, request, reply) => {
    const { status, code, message } = describe(error);
    if (status >= 500) options.logger.error({ err: error, route: request.url }, 'a request failed');
    await reply.status(status).send({ code, message });
  });
  app.setNotFoundHandler(async (request, reply) => {
    await reply.status(404).send({ code: 'NoSuchRoute', message: `there is no ${request.method} ${request.url}` });
  });
  app.get('/api/v1/health', () => options.service.health());
  await app.register(async (guarded) => {
    guarded.addHook('onRequest', async (request, reply) => {
      if (isAuthorised(request, options.token)) return;
      await reply.status(401).send({ code: 'Unauthorized', message: 'the bearer token is missing or not the one of this coordinator' });
    });
    routes(guarded, options.service);
  });
  registerBlobRoutes(app, options.blobs, { authorize: (request) => isAuthorised(request, options.token), used: options.blobUsed });
  return app;
}

function routes(app: FastifyInstance, service: SweepService): void {
  app.post('/api/v1/sweeps/preview', async (request) => service.preview(checked(submitRequest, request.body)));
  app.post('/api/v1/sweeps', async (request) => service.submit(checked(submitRequest, request.body)));
  app.get('/api/v1/sweeps', () => service.sweeps());
  app.get('/api/v1/sweeps/:sweep', async (request) => service.sweep(checked(sweepParams, request.params).sweep));
  app.get('/api/v1/sweeps/:sweep/progress', async (request) => service.progress(checked(sweepParams, request.params).sweep));
  app.get('/api/v1/sweeps/:sweep/trials', async (request) =>
    service.results(checked(sweepParams, request.params).sweep, { test: checked(testQuery, request.query).test === '1' }),
  );
  app.get('/api/v1/sweeps/:sweep/importance', async (request) => service.importance(checked(sweepParams, request.params).sweep, checked(importanceQuery, request.query).metric ?? null));
  app.get('/api/v1/sweeps/:sweep/cost', async (request) => service.cost(checked(sweepParams, request.params).sweep));
  app.get('/api/v1/sweeps/:sweep/differences', async (request) =>
    service.differences(checked(sweepParams, request.params).sweep, checked(differencesQuery, request.query).other),
  );
  app.get('/api/v1/sweeps/:sweep/ensemble', async (request) => service.ensemble(checked(sweepParams, request.params).sweep));
  app.get('/api/v1/sweeps/:sweep/recorded', async (request) =>
    service.recordedSince(checked(sweepParams, request.params).sweep, checked(sinceQuery, request.query).since),
  );
  app.post('/api/v1/sweeps/:sweep/state', async (request) => {
    const { state, now } = checked(stateRequest, request.body);
    await service.setState(checked(sweepParams, request.params).sweep, state, { now });
    return {};
  });
  changeRoutes(app, service);
  app.get('/api/v1/trials/:trial', async (request) =>
    service.trial(checked(trialParams, request.params).trial, { test: checked(testQuery, request.query).test === '1' }),
  );
  app.get('/api/v1/workers', () => service.workers());
  app.get('/api/v1/recordings', async () => ({ seq: await service.recordedSeq() }));
}

/** Routes that change what a sweep consists of. */
function changeRoutes(app: FastifyInstance, service: SweepService): void {
  app.get('/api/v1/sweeps/:sweep/file', async (request) => service.file(checked(sweepParams, request.params).sweep));
  app.post('/api/v1/sweeps/:sweep/changes', async (request) => {
    const { change, dryRun } = checked(changeRequest, request.body);
    return service.change(checked(sweepParams, request.params).sweep, change, { dryRun });
  });
  app.post('/api/v1/sweeps/:sweep/forks', async (request) => {
    const { name, change, dryRun } = checked(forkRequest, request.body);
    return service.fork(checked(sweepParams, request.params).sweep, name, change, { dryRun });
  });
  app.post('/api/v1/sweeps/:sweep/retries', async (request) => service.retry(checked(sweepParams, request.params).sweep, checked(retryRequest, request.body).trials));
  app.post('/api/v1/sweeps/:sweep/trials', async (request) => {
    const { trials, front } = checked(enqueueRequest, request.body);
    return service.enqueue(checked(sweepParams, request.params).sweep, trials, { front });
  });
}

function checked<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new BadRequest(result.error.issues.map((issue) => `${issue.path.join('.') || 'request'}: ${issue.message}`).join('; '));
}

/** Digests of equal length are compared, so that neither length nor a common prefix shows in the time taken. */
function isAuthorised(request: FastifyRequest, token: string): boolean {
  const given = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(token));
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
