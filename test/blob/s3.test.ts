import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { parseBlobLocation, type S3Location } from '../../blob/location.js';
import { S3BlobStore } from '../../blob/s3.js';
import { testS3, type TestS3 } from '../support/s3.js';
import { blobStoreContract } from './contract.js';

describe('blobs in a bucket', () => {
  let s3: TestS3;
  let location: S3Location;
  let scratch: string;
  let store: S3BlobStore;
  const keyOf = (id: string): string => `of/trawl/${id.slice(0, 2)}/${id.slice(2, 4)}/${id}`;

  before(async () => {
    s3 = await testS3();
    location = { bucket: s3.bucket, prefix: 'of/trawl/', endpoint: s3.endpoint, region: 'us-east-1' };
  });
  after(() => s3.close());
  beforeEach(async () => {
    const root = await mkdtemp(join(tmpdir(), 'trawl-s3-'));
    scratch = join(root, 'scratch');
    await mkdir(scratch);
    store = new S3BlobStore(location);
  });
  afterEach(async () => {
    await rm(join(scratch, '..'), { recursive: true, force: true });
    for (const key of await s3.keys()) await s3.remove(key);
  });

  blobStoreContract(() => ({
    ...{ store, scratch },
    names: async () => (await s3.keys()).filter((key) => !key.includes('/damaged/')).map((key) => key.split('/').at(-1) ?? ''),
    damage: (id, text) => s3.write(keyOf(id), text),
  }));

  it('a blob of several parts of which the last is not what its name says appears nowhere', async () => {
    const parts = Array.from({ length: 20 }, () => randomBytes(1_000_000));
    const id = createHash('sha256').update(Buffer.concat(parts)).digest('hex');
    await assert.rejects(store.put(Readable.from([...parts.slice(0, -1), randomBytes(1_000_000)]), id), { code: 'BlobMismatch' });
    assert.deepEqual(await s3.keys(), []);
    assert.deepEqual(await store.put(Readable.from(parts), id), { id, bytes: 20_000_000 });
  });

  it('gives the rest of a blob from an offset on', async () => {
    const { id } = await store.put(Buffer.from('abcdef'));
    assert.equal((await buffer(await store.openFrom(id, 4))).toString(), 'ef');
  });

  it('keeps damaged bytes for a look', async () => {
    const { id } = await store.put(Buffer.from('abc'));
    await s3.write(keyOf(id), 'abX');
    await assert.rejects(buffer(await store.open(id)), { code: 'BlobCorrupt' });
    assert.deepEqual(await s3.keys(), [`of/trawl/damaged/${id}`]);
  });

  it('deletes, and deleting what is not there is no error', async () => {
    const { id } = await store.put(Buffer.from('abc'));
    await store.delete(id);
    await store.delete(id);
    assert.equal(await store.size(id), null);
  });

  it('a bucket that can be used passes the check, which leaves nothing behind', async () => {
    await store.check();
    assert.deepEqual(await s3.keys(), []);
  });

  it('says what to mend where there is no such bucket, or nobody has these credentials', async (t) => {
    const unusable = (why: RegExp): object => ({ code: 'BucketUnusable', message: why });
    await assert.rejects(new S3BlobStore({ ...location, bucket: 'none' }).check(), unusable(/s3:\/\/none\/of\/trawl\/ at http.* cannot be used: there is no bucket none: create it/));
    t.after(() => Object.assign(process.env, s3.env));
    process.env.AWS_ACCESS_KEY_ID = 'nobody';
    await assert.rejects(new S3BlobStore(location).check(), unusable(/the credentials are refused \(InvalidAccessKeyId\): mend AWS_ACCESS_KEY_ID/));
  });

  it('says that nobody answers at the endpoint', async () => {
    const nobody = new S3BlobStore({ ...location, endpoint: 'http://127.0.0.1:1' }, { attempts: 1 });
    await assert.rejects(nobody.check(), { code: 'BucketUnusable', message: /no answer from http:\/\/127\.0\.0\.1:1 \(.*ECONNREFUSED.*\): check the endpoint/ });
    await assert.rejects(nobody.has('0'.repeat(64)), { code: 'BlobUnavailable' });
  });
});

/** Answers as Amazon documents them (API reference, "Error responses"), from a server that gives nothing else. */
describe('what a server of S3 refuses', () => {
  let server: Server;
  let location: S3Location;
  let answer: { readonly status: number; readonly headers?: { readonly [name: string]: string }; readonly body: string };

  before(async () => {
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'A', AWS_SECRET_ACCESS_KEY: 'B' });
    server = createServer((request, response) => {
      request.resume();
      request.on('end', () => response.writeHead(answer.status, { 'content-type': 'application/xml', ...answer.headers }).end(answer.body));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    location = { bucket: 'blobs', prefix: '', endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, region: 'us-east-1' };
  });
  after(() => server.close());

  const error = (code: string, more = ''): string => `<?xml version="1.0"?><Error><Code>${code}</Code><Message>said</Message>${more}</Error>`;

  it('a secret that is another one is told like a key that is', async () => {
    answer = { status: 403, body: error('SignatureDoesNotMatch') };
    await assert.rejects(new S3BlobStore(location).check(), { code: 'BucketUnusable', message: /the credentials are refused \(SignatureDoesNotMatch\)/ });
  });

  it('a right that is missing is named', async () => {
    answer = { status: 403, body: error('AccessDenied') };
    await assert.rejects(new S3BlobStore(location).check(), { code: 'BucketUnusable', message: /permission is denied \(AccessDenied\): allow s3:GetObject, s3:PutObject and s3:DeleteObject on blobs\/\* and s3:ListBucket on blobs/ });
  });

  it('of a bucket in another region it says in which', async () => {
    answer = { status: 301, headers: { 'x-amz-bucket-region': 'eu-west-3' }, body: error('PermanentRedirect') };
    await assert.rejects(new S3BlobStore(location).check(), { message: /the bucket is in region eu-west-3, not in us-east-1: add \?region=eu-west-3 to --blobs/ });
    answer = { status: 400, body: error('AuthorizationHeaderMalformed', '<Region>eu-west-3</Region>') };
    await assert.rejects(new S3BlobStore(location).check(), { message: /the bucket is in region eu-west-3/ });
  });

  it('a source whose upload is refused at its beginning is closed', async () => {
    answer = { status: 403, body: error('AccessDenied') };
    const source = Readable.from(Array.from({ length: 20 }, () => Buffer.alloc(1_000_000)));
    await assert.rejects(new S3BlobStore(location, { attempts: 1 }).put(source, '0'.repeat(64)));
    assert.equal(source.destroyed, true);
  });

  it('a server without room is a full disk', async () => {
    answer = { status: 507, body: error('XMinioStorageFull') };
    await assert.rejects(new S3BlobStore(location, { attempts: 1 }).put(Readable.from([Buffer.from('abc')]), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'), { code: 'DiskFull' });
  });
});

describe('where blobs are', () => {
  it('a folder, or a bucket with a prefix, an endpoint and a region', () => {
    assert.deepEqual(parseBlobLocation('/data/blobs'), { kind: 'folder', folder: '/data/blobs' });
    assert.deepEqual(parseBlobLocation('s3://one-bucket'), { kind: 's3', bucket: 'one-bucket', prefix: '', endpoint: null, region: null });
    assert.deepEqual(parseBlobLocation('s3://b.c/of/trawl/?endpoint=http://minio:9000&region=eu'), { kind: 's3', bucket: 'b.c', prefix: 'of/trawl/', endpoint: 'http://minio:9000', region: 'eu' });
  });

  it('what is none is told with what is expected, and a secret in it is not shown', () => {
    for (const [text, why] of [
      ['', /^--blobs: found "", expected a folder, or s3:/],
      ['http://minio:9000/b', /expected a folder, or s3:\/\/BUCKET/],
      ['s3://B', /a bucket's name has 3 to 63/],
      ['s3://bucket?endpoint=minio', /an endpoint such as/],
      ['s3://bucket?region=a&profile=b', /endpoint and region alone .*, not profile/],
      ['s3://AKIA:123/def@bucket/pre', /^--blobs: found "s3:\/\/\*\*\*@bucket\/pre", expected s3:/],
      ['s3://akia:123/pre', /a bucket's name has 3 to 63/],
      ['s3://bucket?endpoint=https://KEY:SECRET@minio', /^--blobs: found "s3:\/\/\*\*\*", expected an endpoint .*, without credentials/],
      ['s3://bucket?endpoint=https://minio?key=secret', /, without credentials/],
      ['s3://key:secret@bucket', /^--blobs: found "s3:\/\/\*\*\*@bucket", expected no credentials/],
    ] as const) {
      assert.throws(() => parseBlobLocation(text), (error: Error & { code?: string }) => error.code === 'BadBlobLocation' && why.test(error.message) && !/[:=]secret|\bdef\b/i.test(error.message));
    }
  });
});
