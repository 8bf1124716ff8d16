import { PassThrough } from 'node:stream';
import type { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { BlobId } from '../proto/work.js';
import { BlobMismatchError, BlobNotFoundError, DiskFullError } from './errors.js';
import { isBlobId } from './store.js';
import type { OwnedBlobStore } from './store.js';
import { heldErrors } from './verified-file.js';

export interface BlobRefusal {
  /** Of HTTP. */
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

export interface BlobRouteOptions {
  /** Why this request may not use the blobs; null where it may. */
  authorize(request: FastifyRequest): BlobRefusal | null | Promise<BlobRefusal | null>;
  /** Told of it before a blob is looked for or put: from here on it is not deleted, or is gone. */
  using?(id: BlobId): Promise<void>;
  /** Told of every blob put, fetched or asked for, before the answer goes out: its last use is now. */
  used?(id: BlobId, bytes: number): Promise<void>;
}

interface BlobRoute {
  Params: { sha: string };
}

const path = '/api/v1/blobs/:sha';

/** PUT, GET and HEAD of blobs by their hash. Bodies are streamed in both directions, whatever their size. */
export function registerBlobRoutes(fastify: FastifyInstance, store: OwnedBlobStore, options: BlobRouteOptions): void {
  // A scope of its own: the parser below and the hook concern these routes only.
  void fastify.register(async (routes) => {
    routes.addContentTypeParser('application/octet-stream', (_request, payload, done) => done(null, payload));
    routes.addHook('onRequest', async (request, reply) => {
      const refusal = await options.authorize(request);
      if (refusal !== null) return refuse(reply, refusal.status, refusal.code, refusal.message);
      const { sha } = request.params as BlobRoute['Params'];
      if (!isBlobId(sha)) return refuse(reply, 400, 'BadBlobId', `${sha.slice(0, 80)} is no blob: expected 64 lower-case hex digits`);
      return undefined;
    });
    routes.put<BlobRoute>(path, async (request, reply) => receive(request, reply, store, options));
    routes.get<BlobRoute>(path, { exposeHeadRoute: false }, async (request, reply) => {
      const bytes = await present(request.params.sha, reply, store, options);
      return bytes === null ? reply : give(request, reply, store, bytes);
    });
    routes.head<BlobRoute>(path, async (request, reply) => {
      const bytes = await present(request.params.sha, reply, store, options);
      return bytes === null ? reply : reply.send();
    });
  });
}

/** Sets the headers of a blob that is there and notes its use; answers 404 and gives null where there is none. */
async function present(id: BlobId, reply: FastifyReply, store: OwnedBlobStore, options: BlobRouteOptions): Promise<number | null> {
  await options.using?.(id);
  const bytes = await store.size(id);
  if (bytes === null) {
    await refuse(reply, 404, 'BlobNotFound', new BlobNotFoundError(id).message);
    return null;
  }
  await options.used?.(id, bytes);
  void reply.header('content-type', 'application/octet-stream').header('content-length', bytes).header('accept-ranges', 'bytes');
  return bytes;
}

/** From an offset where one is asked for: only that form of a range, since nobody needs another. */
async function give(request: FastifyRequest<BlobRoute>, reply: FastifyReply, store: OwnedBlobStore, bytes: number): Promise<FastifyReply> {
  const id = request.params.sha;
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  if (from === 0) return reply.send(await store.open(id));
  if (from >= bytes) {
    void reply.type('application/json').header('content-range', `bytes */${bytes}`).removeHeader('content-length');
    return refuse(reply, 416, 'BadRange', `blob ${id} has ${bytes} bytes, so there are none from ${from} on`);
  }
  void reply.code(206).header('content-range', `bytes ${from}-${bytes - 1}/${bytes}`).header('content-length', bytes - from);
  return reply.send(await store.openFrom(id, from));
}

async function receive(request: FastifyRequest<BlobRoute>, reply: FastifyReply, store: OwnedBlobStore, options: BlobRouteOptions): Promise<FastifyReply> {
  const body = request.body as Readable | undefined;
  const id = request.params.sha;
  try {
    // An empty body has no content type to find a parser by.
    const bytes = body === undefined ? new Uint8Array() : shielded(body);
    await options.using?.(id);
    const stored = await store.put(bytes, id);
    await options.used?.(stored.id, stored.bytes);
    return await reply.code(201).send(stored);
  } catch (error) {
    // The sender reads the answer only when all was taken from it, so the rest is read and dropped.
    if (body !== undefined) await drained(body);
    if (error instanceof DiskFullError) return refuse(reply, 507, error.code, error.message);
    if (error instanceof BlobMismatchError) return refuse(reply, 409, error.code, error.message, { found: error.found });
    throw error;
  }
}

/** The body as a stream whose end by the store does not close the connection; a cut-off sender fails it. */
function shielded(body: Readable): Readable {
  const inner = heldErrors(new PassThrough());
  body.pipe(inner);
  body.on('error', (error) => inner.destroy(error));
  body.on('close', () => {
    if (!body.readableEnded) inner.destroy(new Error('the sender went away before the last byte'));
  });
  return inner;
}

async function drained(body: Readable): Promise<void> {
  body.unpipe();
  if (body.readableEnded || body.destroyed) return;
  body.resume();
  await new Promise<void>((resolve) => body.once('end', resolve).once('close', resolve).once('error', () => resolve()));
}

function refuse(reply: FastifyReply, status: number, code: string, message: string, more: { readonly found?: string } = {}): FastifyReply {
  return reply.code(status).send({ code, message, ...more });
}
