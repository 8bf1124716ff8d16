import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { fastify } from 'fastify';
import type { FastifyInstance } from 'fastify';
import { DiskFullError } from '../../blob/errors.js';
import { FolderBlobStore } from '../../blob/folder.js';
import { registerBlobRoutes } from '../../blob/http-server.js';
import { HttpBlobStore } from '../../blob/http.js';
import type { StoredBlob } from '../../blob/store.js';
import { blobStoreContract, filesUnder } from './contract.js';

class FullStore extends FolderBlobStore {
  override async put(bytes: Uint8Array | Readable): Promise<StoredBlob> {
    // Fails after the first bytes, with most of the body still to come.
    if (bytes instanceof Readable) await once(bytes, 'readable');
    throw new DiskFullError('the test disk', 'ENOSPC');
  }
}

describe('blobs over HTTP', () => {
  let root: string;
  let folder: string;
  let server: FastifyInstance;
  let baseUrl: string;
  let store: HttpBlobStore;
  let used: string[];

  const serve = async (behind: FolderBlobStore): Promise<void> => {
    server = fastify({ forceCloseConnections: true });
    used = [];
    registerBlobRoutes(server, behind, {
      authorize: (asked) => (asked.headers.authorization === 'Bearer secret' ? null : { status: 401, code: 'Unauthorized', message: 'another token' }),
      used: async (id) => void used.push(id),
    });
    baseUrl = await server.listen({ host: '127.0.0.1', port: 0 });
    store = new HttpBlobStore({ baseUrl, token: 'secret', retryForMs: 0, spoolFolder: join(root, 'spool') });
  };

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'trawl-blob-'));
    folder = join(root, 'blobs');
    await Promise.all(['scratch', 'spool'].map((name) => mkdir(join(root, name))));
    await serve(new FolderBlobStore(folder));
  });
  afterEach(async () => {
    await server.close();
    assert.deepEqual(await filesUnder(join(root, 'spool')), []);
    await rm(root, { recursive: true, force: true });
  });

  blobStoreContract(() => ({ store, folder, scratch: join(root, 'scratch') }));

  it('answers nobody without the token', async () => {
    const stranger = new HttpBlobStore({ baseUrl, token: 'guess', retryForMs: 0 });
    await assert.rejects(stranger.put(Buffer.from('abc')), { code: 'BlobRefused', message: /\(401\): its token is not good here/ });
    assert.deepEqual(await filesUnder(folder), []);
  });

  it('refuses a name that is no hash, and bytes that are not of their name', async () => {
    const headers = { authorization: 'Bearer secret', 'content-type': 'application/octet-stream' };
    const bad = await fetch(`${baseUrl}/api/v1/blobs/x`, { method: 'PUT', headers, body: 'abc' });
    assert.equal(bad.status, 400);
    const other = await fetch(`${baseUrl}/api/v1/blobs/${'0'.repeat(64)}`, { method: 'PUT', headers, body: 'abc' });
    assert.equal(other.status, 409);
    assert.equal(((await other.json()) as { code: string }).code, 'BlobMismatch');
  });

  it('says DiskFull when the coordinator has no room, even in the middle of a long body', async () => {
    await server.close();
    await serve(new FullStore(folder));
    await assert.rejects(store.put(randomBytes(5_000_000)), { code: 'DiskFull', message: /the coordinator's disk is full/ });
  });

  it('a sender that goes away in the middle leaves nothing', async () => {
    const { port } = new URL(baseUrl);
    const headers = { authorization: 'Bearer secret', 'content-type': 'application/octet-stream', 'content-length': '1000000' };
    const sender = request({ host: '127.0.0.1', port, path: `/api/v1/blobs/${'0'.repeat(64)}`, method: 'PUT', headers });
    sender.on('error', () => undefined);
    const arrived = new Promise<void>((resolve) => server.server.once('connection', (socket) => socket.once('data', () => resolve())));
    sender.write(randomBytes(10_000));
    await arrived;
    sender.destroy();
    await server.close();
    assert.deepEqual(await filesUnder(folder), []);
  });

  it('notes every use, before it answers', async () => {
    const { id } = await store.put(Buffer.from('abc'));
    assert.deepEqual(used, [id]);
    await store.has(id);
    await store.fetch(id, join(root, 'scratch', 'copy'));
    assert.deepEqual(used, [id, id, id]);
  });

  it('waits for a coordinator that is away for a moment', async () => {
    const { port } = server.server.address() as AddressInfo;
    await server.close();
    const patient = new HttpBlobStore({ baseUrl, token: 'secret', retryForMs: 20_000 });
    const putting = patient.put(Buffer.from('abc'));
    server = fastify({ forceCloseConnections: true });
    registerBlobRoutes(server, new FolderBlobStore(folder), { authorize: () => null });
    await server.listen({ host: '127.0.0.1', port });
    assert.equal((await putting).bytes, 3);
  });

  it('says which coordinator cannot be reached', async () => {
    const lone = new HttpBlobStore({ baseUrl: 'http://127.0.0.1:1', token: 'secret', retryForMs: 0 });
    await assert.rejects(lone.has('0'.repeat(64)), { code: 'BlobUnavailable', message: /http:\/\/127\.0\.0\.1:1\/.* cannot be reached/ });
  });
});
