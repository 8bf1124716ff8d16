/** A model.json at an address: its binary files are fetched from beside it, of a server that speaks HTTP. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { readWeightFile } from '../../../cli/weights/file.js';
import { digestOfWeights, fetchWeights } from '../../../cli/weights/fetch.js';
import { DataError } from '../../../worker/data/data-error.js';
import { temporaryFolder } from '../../support/images.js';

const VALUES = Float32Array.from({ length: 20 }, (_, index) => index / 3);
const BYTES = Buffer.from(VALUES.buffer);
const WEIGHTS = [{ name: 'a/kernel', shape: [3, 4], dtype: 'float32' }, { name: 'a/bias', shape: [8], dtype: 'float32' }];
const manifest = (...paths: string[]): string => JSON.stringify({ modelTopology: {}, weightsManifest: [{ paths, weights: WEIGHTS }] });
const signal = new AbortController().signal;

interface Served {
  readonly url: string;
  readonly asked: string[];
}

type Files = { readonly [path: string]: string | Buffer | ((request: IncomingMessage, response: ServerResponse) => void) };

/** Until the test ends. */
async function serve(t: TestContext, files: Files): Promise<Served> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    const file = files[new URL(request.url ?? '', 'http://host').pathname];
    if (typeof file === 'function') file(request, response);
    else response.writeHead(file === undefined ? 404 : 200).end(file);
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  t.after(() => { server.close(); server.closeAllConnections(); });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

const fetched = (cacheDir: string, file: string, more: { readonly sha256?: string; readonly onProgress?: (done: number, total: number | null) => void } = {}): Promise<string> =>
  fetchWeights({ file, ...(more.sha256 === undefined ? {} : { sha256: more.sha256 }) }, { cacheDir, onProgress: more.onProgress ?? (() => undefined), signal });

async function expectTensors(path: string): Promise<void> {
  const { tensors } = await readWeightFile(path);
  assert.deepEqual([...(tensors.get('a/kernel')?.values ?? [])], [...VALUES.subarray(0, 12)]);
  assert.deepEqual([...(tensors.get('a/bias')?.values ?? [])], [...VALUES.subarray(12)]);
}

test('the files that a model.json names are fetched from beside it, once, with the query of its address', async (t) => {
  const { url, asked } = await serve(t, { '/m/model.json': manifest('one.bin', 'deep er/two.bin'), '/m/one.bin': BYTES.subarray(0, 50), '/m/deep%20er/two.bin': BYTES.subarray(50) });
  const cacheDir = temporaryFolder(t);
  const seen: number[] = [];
  const path = await fetched(cacheDir, `${url}/m/model.json?key=1`, { onProgress: (done, total) => { if (total === BYTES.length) seen.push(done); } });
  await expectTensors(path);
  assert.deepEqual(asked, ['/m/model.json?key=1', '/m/one.bin?key=1', '/m/deep%20er/two.bin?key=1']);
  assert.equal(seen.at(-1), BYTES.length, 'progress ends at the bytes of all files');
  assert.equal(await fetched(cacheDir, `${url}/m/model.json?key=1`), path);
  assert.equal(asked.length, 3, 'once');
});

test('sha256 is of the model.json and its files one behind another, and what it does not match is thrown away', async (t) => {
  const files: { [path: string]: string | Buffer } = { '/model.json': manifest('one.bin'), '/one.bin': BYTES };
  const { url } = await serve(t, files);
  const cacheDir = temporaryFolder(t);
  const sha256 = createHash('sha256').update(files['/model.json'] ?? '').update(BYTES).digest('hex');
  const path = await fetched(cacheDir, `${url}/model.json`, { sha256 });
  await expectTensors(path);
  assert.equal(await digestOfWeights(path, signal), sha256, 'of files on disk too');
  files['/one.bin'] = Buffer.concat([BYTES.subarray(0, 79), Buffer.of(1)]);
  const other = temporaryFolder(t);
  await assert.rejects(fetched(other, `${url}/model.json`, { sha256 }), { name: 'WrongDigest', digest: createHash('sha256').update(files['/model.json'] ?? '').update(files['/one.bin']).digest('hex') });
  assert.deepEqual(readdirSync(join(other, 'weights')), []);
  files['/one.bin'] = BYTES;
  await expectTensors(await fetched(other, `${url}/model.json`, { sha256 }));
});

for (const path of ['../secret.bin', 'a/../../secret.bin', '/secret.bin', '//elsewhere/secret.bin', 'http://127.0.0.1:1/secret.bin', 'file:///etc/hostname', '..\\secret.bin', 'a//b.bin', './a.bin', 'a.bin?x', 'a.bin#x', '']) {
  test(`a model.json that names ${JSON.stringify(path)} is refused, and nothing more is asked for`, async (t) => {
    const { url, asked } = await serve(t, { '/m/model.json': manifest('one.bin', path), '/m/one.bin': BYTES, '/secret.bin': BYTES });
    const cacheDir = temporaryFolder(t);
    await assert.rejects(fetched(cacheDir, `${url}/m/model.json`), (error: unknown) => error instanceof DataError && error.message.includes(`names the file ${JSON.stringify(path)}, expected one beside it`));
    assert.deepEqual(asked, ['/m/model.json']);
    assert.deepEqual(readdirSync(join(cacheDir, 'weights')), []);
    // On disk the same.
    const local = join(temporaryFolder(t), 'm', 'model.json');
    mkdirSync(dirname(local));
    writeFileSync(local, manifest('one.bin', path));
    writeFileSync(join(dirname(local), 'one.bin'), BYTES);
    await assert.rejects(readWeightFile(local), /expected one beside it/);
  });
}

test('a part of a path that is dots in percent-encoding is a name like others', async (t) => {
  const { url, asked } = await serve(t, { '/m/model.json': manifest('%2e%2e/secret.bin'), '/secret.bin': BYTES });
  await assert.rejects(fetched(temporaryFolder(t), `${url}/m/model.json`), { code: 'DownloadFailed' });
  assert.deepEqual(asked, ['/m/model.json', '/m/%252e%252e/secret.bin']);
});

test('a file that is larger than its tensors is not read to its end, whether the server says its length or not', async (t) => {
  for (const says of [true, false]) {
    let sent = 0;
    const endless = (_: IncomingMessage, response: ServerResponse): void => {
      if (says) response.setHeader('content-length', 1e12);
      const more = (): void => {
        if (response.destroyed) return;
        sent += 65_536;
        response.write(Buffer.alloc(65_536), () => more());
      };
      more();
    };
    const { url } = await serve(t, { '/model.json': manifest('one.bin'), '/one.bin': endless });
    const cacheDir = temporaryFolder(t);
    await assert.rejects(fetched(cacheDir, `${url}/model.json`), { code: 'DownloadFailed', message: /one\.bin is too large: found .*, expected at most 80 B/ });
    assert.ok(sent < 100_000_000, String(sent));
    assert.ok(!readdirSync(join(cacheDir, 'weights'), { recursive: true, encoding: 'utf8' }).some((name) => name.includes('one.bin')));
  }
});

test('files that are smaller than their tensors, and one that is not there, are told by their names', async (t) => {
  const files: { [path: string]: string | Buffer } = { '/model.json': manifest('one.bin', 'two.bin'), '/one.bin': BYTES.subarray(0, 50) };
  const { url, asked } = await serve(t, files);
  const cacheDir = temporaryFolder(t);
  await assert.rejects(fetched(cacheDir, `${url}/model.json`), { code: 'DownloadFailed', message: /two\.bin cannot be fetched: the server answers 404/ });
  files['/two.bin'] = BYTES.subarray(50, 60);
  await assert.rejects(fetched(cacheDir, `${url}/model.json`), (error: unknown) => error instanceof DataError && error.message.includes('its files one.bin, two.bin have 60 bytes on the server, expected the 80'));
  assert.deepEqual(asked, ['/model.json', '/one.bin', '/two.bin', '/two.bin'], 'what had arrived was not fetched again');
  files['/two.bin'] = BYTES.subarray(50);
  await expectTensors(await fetched(cacheDir, `${url}/model.json`));
});

test('a download that broke off within a binary file goes on where it stopped', async (t) => {
  const ranges: (string | undefined)[] = [];
  let arrived = (): void => undefined;
  const breaking = (request: IncomingMessage, response: ServerResponse): void => {
    ranges.push(request.headers.range);
    const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    if (from === 0) {
      response.writeHead(200, { 'content-length': 80 });
      response.write(BYTES.subarray(0, 30));
      arrived = () => response.destroy();
    } else response.writeHead(206, { 'content-range': `bytes ${from}-79/80`, 'content-length': 80 - from }).end(BYTES.subarray(from));
  };
  const { url } = await serve(t, { '/model.json': manifest('one.bin'), '/one.bin': breaking });
  const path = await fetched(temporaryFolder(t), `${url}/model.json`, { onProgress: (done, total) => { if (done === 30 && total === 80) arrived(); } });
  await expectTensors(path);
  assert.deepEqual(ranges, [undefined, 'bytes=30-']);
  assert.ok(existsSync(path) && readFileSync(join(dirname(path), 'one.bin')).equals(BYTES));
});
