import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, request } from 'node:http';
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
import { blobStoreContract, filesUnder, inFolder } from './contract.js';

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
  let using: (id: string) => Promise<void>;

  const serve = async (behind: FolderBlobStore): Promise<void> => {
    server = fastify({ forceCloseConnections: true });
    used = [];
    using = async () => undefined;
    registerBlobRoutes(server, behind, {
      authorize: (asked) => (asked.headers.authorization === 'Bearer secret' ? null : { status: 401, code: 'Unauthorized', message: 'another token' }),
      using: (id) => using(id),
      used: async (id) => void used.push(id),
    });
    baseUrl = await server.listen({ host: '127.0.0.1', port: 0 });
    store = new HttpBlobStore({ baseUrls: [baseUrl], token: 'secret', retryForMs: 0, spoolFolder: join(root, 'spool') });
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

  blobStoreContract(() => ({ store, ...inFolder(folder), scratch: join(root, 'scratch') }));

  it('answers nobody without the token', async () => {
    const stranger = new HttpBlobStore({ baseUrls: [baseUrl], token: 'guess', retryForMs: 0 });
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

  it('waits for a deletion under way before it looks for a blob or takes one', async () => {
    const { id } = await store.put(Buffer.from('abc'));
    using = () => new FolderBlobStore(folder).delete(id);
    assert.equal(await store.has(id), false);
    const headers = { authorization: 'Bearer secret', 'content-type': 'application/octet-stream' };
    const put = await fetch(`${baseUrl}/api/v1/blobs/${id}`, { method: 'PUT', headers, body: 'abc' });
    assert.equal(put.status, 201);
    assert.equal(await new FolderBlobStore(folder).has(id), true);
  });

  it('waits for a coordinator that is away for a moment', async () => {
    const { port } = server.server.address() as AddressInfo;
    await server.close();
    const patient = new HttpBlobStore({ baseUrls: [baseUrl], token: 'secret', retryForMs: 20_000 });
    const putting = patient.put(Buffer.from('abc'));
    server = fastify({ forceCloseConnections: true });
    registerBlobRoutes(server, new FolderBlobStore(folder), { authorize: () => null });
    await server.listen({ host: '127.0.0.1', port });
    assert.equal((await putting).bytes, 3);
  });

  it('says which coordinator cannot be reached', async () => {
    const lone = new HttpBlobStore({ baseUrls: ['http://127.0.0.1:1'], token: 'secret', retryForMs: 0 });
    await assert.rejects(lone.has('0'.repeat(64)), { code: 'BlobUnavailable', message: /the coordinator at http:\/\/127\.0\.0\.1:1 cannot be reached/ });
  });

  it('a transfer that is cut off goes on where it ended', async () => {
    const bytes = randomBytes(3_000_000);
    const { id } = await new FolderBlobStore(folder).put(bytes);
    const line = await cuttingProxy(baseUrl, 1_000_000);
    const patient = new HttpBlobStore({ baseUrls: [line.url], token: 'secret', retryForMs: 20_000 });
    await patient.fetch(id, join(root, 'scratch', 'copy'));
    assert.deepEqual(await readFile(join(root, 'scratch', 'copy')), bytes);
    assert.equal(line.ranges[0], undefined);
    assert.ok(line.ranges.length > 2 && line.ranges.slice(1).every((range) => /^bytes=[1-9]\d*-$/.test(range ?? '')), line.ranges.join());
    assert.ok(line.sent < bytes.length + 500_000, `${line.sent} bytes were sent for ${bytes.length}`);
    await line.close();
  });

  it('bytes that are damaged on the way are fetched again', async () => {
    const bytes = randomBytes(200_000);
    const { id } = await new FolderBlobStore(folder).put(bytes);
    const line = await cuttingProxy(baseUrl, Infinity, 1);
    const patient = new HttpBlobStore({ baseUrls: [line.url], token: 'secret', retryForMs: 20_000 });
    await patient.fetch(id, join(root, 'scratch', 'copy'));
    assert.deepEqual(await readFile(join(root, 'scratch', 'copy')), bytes);
    assert.equal(line.ranges.length, 2);
    await line.close();
  });

  it('goes to the next coordinator where one is gone, stands by, or stands still', async () => {
    const { id } = await new FolderBlobStore(folder).put(Buffer.from('abc'));
    const standby = createServer((_request, response) => void response.writeHead(503, { 'content-type': 'application/json' }).end('{"code":"NotLeader","message":"this coordinator is a standby"}'));
    const frozen = createServer(() => undefined);
    const urls = await Promise.all([standby, frozen].map(async (one) => {
      await new Promise<void>((resolve) => one.listen(0, '127.0.0.1', resolve));
      return `http://127.0.0.1:${(one.address() as AddressInfo).port}`;
    }));
    const many = new HttpBlobStore({ baseUrls: ['http://127.0.0.1:1', ...urls, baseUrl], token: 'secret', retryForMs: 0, stallMs: 200 });
    await many.fetch(id, join(root, 'scratch', 'copy'));
    assert.equal(await many.has(id), true);
    for (const one of [standby, frozen]) {
      one.closeAllConnections();
      one.close();
    }
  });

  it('answers a range beyond the end, and gives the rest of a blob', async () => {
    const { id } = await store.put(Buffer.from('abcdef'));
    const ask = (range: string): Promise<Response> => fetch(`${baseUrl}/api/v1/blobs/${id}`, { headers: { authorization: 'Bearer secret', range } });
    const rest = await ask('bytes=4-');
    assert.deepEqual([rest.status, rest.headers.get('content-range'), await rest.text()], [206, 'bytes 4-5/6', 'ef']);
    assert.equal((await ask('bytes=6-')).status, 416);
    assert.equal(await (await ask('bytes=0-1')).text(), 'abcdef');
  });
});

/** In front of a coordinator: breaks each answer off after so many bytes, and damages the last byte of the first few. */
async function cuttingProxy(target: string, cutAfter: number, damaged = 0): Promise<{ readonly url: string; readonly ranges: (string | undefined)[]; readonly sent: number; close(): Promise<void> }> {
  const ranges: (string | undefined)[] = [];
  let sent = 0;
  let damages = damaged;
  const proxy = createServer((asked, answer) => {
    ranges.push(asked.headers.range);
    const onward = request(`${target}${asked.url}`, { method: asked.method ?? 'GET', headers: asked.headers }, (found) => {
      answer.writeHead(found.statusCode ?? 500, found.headers);
      let passed = 0;
      const total = Number(found.headers['content-length']);
      found.on('data', (chunk: Buffer) => {
        const part = chunk.subarray(0, cutAfter - passed);
        passed += part.length;
        sent += part.length;
        if (passed === total && damages > 0) {
          damages -= 1;
          part[part.length - 1] = (part[part.length - 1] ?? 0) ^ 1;
        }
        answer.write(part, () => passed >= cutAfter && passed < total && answer.destroy());
        if (passed >= cutAfter) found.destroy();
      });
      found.on('end', () => answer.end());
      found.on('error', () => undefined);
    });
    onward.on('error', () => undefined);
    onward.end();
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    ranges,
    get sent() {
      return sent;
    },
    close: () => {
      proxy.closeAllConnections();
      return new Promise<void>((resolve) => proxy.close(() => resolve()));
    },
  };
}
