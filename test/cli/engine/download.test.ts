import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { type TestContext } from 'node:test';
import { download, type Download } from '../../../cli/engine/download.js';
import { temporaryFolder } from '../../support/images.js';
import { digest, IndexServer, type Served } from './index-server.js';

const CONTENT = randomBytes(300_000);

async function fetching(t: TestContext, served: Partial<Served>, changes: Partial<Download> = {}): Promise<{ server: IndexServer; file: string; wanted: Download }> {
  const server = await IndexServer.start(t, { 'a.bin': { content: CONTENT, ...served } });
  const file = join(temporaryFolder(t), 'downloads', 'a.bin');
  const wanted: Download = {
    ...{ url: `${server.url}/files/a.bin`, source: server.url, file, bytes: CONTENT.length, hash: { algorithm: 'sha256', digest: digest(CONTENT) } },
    ...{ onProgress: (done) => server.arrived(done), signal: new AbortController().signal, pauseMs: 1, remedy: 'or fetch it elsewhere', ...changes },
  };
  return { server, file, wanted };
}

test('a download that is cut off goes on where it stopped, as often as it brings something', async (t) => {
  const { server, file, wanted } = await fetching(t, { cuts: [40_000, 100_000, 7, 1, 90_000] });
  await download(wanted);
  assert.deepEqual(readFileSync(file), CONTENT);
  assert.deepEqual(server.askedFor('a.bin').map(({ range }) => range), [undefined, 'bytes=40000-', 'bytes=140000-', 'bytes=140007-', 'bytes=140008-', 'bytes=230008-']);
  assert.ok(!existsSync(`${file}.part`));
});

test('what has arrived before the server is gone for good is kept, said, and gone on from by the next command', async (t) => {
  const { server, file, wanted } = await fetching(t, { cuts: [120_000, 0, 0, 0, 0] });
  await assert.rejects(download(wanted), (error: Error) => {
    assert.match(error.message, /a\.bin cannot be fetched: .+; 120 kB are kept, and the same command goes on from there$/);
    return 'code' in error && error.code === 'DownloadFailed';
  });
  assert.ok(!existsSync(file));
  assert.equal(statSync(`${file}.part`).size, 120_000);
  await download(wanted);
  assert.deepEqual(readFileSync(file), CONTENT);
  assert.equal(server.askedFor('a.bin').at(-1)?.range, 'bytes=120000-');
});

test('a server that knows no ranges gives the file from its beginning', async (t) => {
  const { file, wanted } = await fetching(t, { ignoresRange: true, cuts: [50_000] });
  await download(wanted);
  assert.deepEqual(readFileSync(file), CONTENT);
});

test('bytes of another file are thrown away, and nothing is left under the name', async (t) => {
  const { file, wanted } = await fetching(t, {}, { hash: { algorithm: 'sha256', digest: digest(Buffer.from('another')) } });
  await assert.rejects(download(wanted), { code: 'WrongHash', message: new RegExp(`^a\\.bin: found SHA ${digest(CONTENT).slice(0, 16)}`) });
  assert.ok(!existsSync(file) && !existsSync(`${file}.part`));
});

test('a connection that brings nothing any more counts as broken off', async (t) => {
  const { wanted } = await fetching(t, { hangsAfter: 0 }, { stallMs: 20 });
  await assert.rejects(download(wanted), { code: 'DownloadFailed', message: /nothing arrived for 0\.02 s; check the network/ });
});

test('a server that takes the connection and never answers counts as broken off too', async (t) => {
  const { wanted } = await fetching(t, {}, { stallMs: 20 });
  const silent = createServer(() => undefined);
  t.after(() => {
    silent.closeAllConnections();
    silent.close();
  });
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}/a.bin`;
  await assert.rejects(download({ ...wanted, url }), { code: 'DownloadFailed', message: /nothing arrived for 0\.02 s; check the network/ });
});

test('an answer that another try does not mend ends it at once', async (t) => {
  const { server, wanted } = await fetching(t, {});
  await assert.rejects(download({ ...wanted, url: `${server.url}/files/none.bin` }), { code: 'DownloadFailed', message: /the server answers 404/ });
  assert.equal(server.asked.length, 1);
});

test('a login in the address goes to its own host in a header, and into no message', async (t) => {
  const { server, wanted } = await fetching(t, { cuts: [0, 0, 0, 0] });
  const url = wanted.url.replace('//', '//me:s%40crets@');
  await assert.rejects(download({ ...wanted, url, source: url }), (error: Error) => !error.message.includes('crets') && error.message.includes(server.url));
  assert.equal(server.asked[0]?.authorization, `Basic ${Buffer.from('me:s@crets').toString('base64')}`);
  server.asked.length = 0;
  const elsewhere = 'http://me:secret@localhost:1/simple';
  await download({ ...wanted, source: elsewhere });
  assert.equal(server.askedFor('a.bin').at(-1)?.authorization, undefined);
});

test('an abort leaves what has arrived', async (t) => {
  const controller = new AbortController();
  const reason = new Error('Ctrl-C');
  const { file, wanted } = await fetching(t, { hangsAfter: 100_000 }, { signal: controller.signal, onProgress: (done) => done >= 100_000 && controller.abort(reason) });
  await assert.rejects(download(wanted), reason);
  assert.equal(statSync(`${file}.part`).size, 100_000);
});
