/** What a worker's token reaches of the blobs, with real processes: what its leases need, while it has them. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { HttpSweepService } from '../../cli/client.js';
import { classFolders } from '../support/images.js';
import { Trawl, trawl } from './trawl.js';

const folder = mkdtempSync(join(tmpdir(), 'trawl-test-'));
const home = join(folder, 'home');
let up: Trawl;
let url = '';
let workers = '';

before(async () => {
  up = new Trawl(['up', '--home', home, '--no-worker', '--lease', '5s']);
  [, url = '', workers = ''] = await up.said(/: (http:\S+) \(HTTP\), (\S+) \(workers\)/);
});

after(async () => {
  up.signal('SIGINT');
  await up.ended;
  rmSync(folder, { recursive: true, force: true });
});

async function token(role: string): Promise<string> {
  const { code, stdout, stderr } = await trawl(['token', 'create', '--role', role, '--home', home]);
  assert.equal(code, 0, stderr);
  return stdout.trim();
}

interface Answer {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

async function ask(secret: string, method: 'GET' | 'HEAD' | 'PUT', blob: string, body?: Uint8Array<ArrayBuffer>): Promise<Answer> {
  const headers = { authorization: `Bearer ${secret}`, ...(body === undefined ? {} : { 'content-type': 'application/octet-stream' }) };
  const response = await fetch(`${url}/api/v1/blobs/${blob}`, { method, headers, ...(body === undefined ? {} : { body }) });
  const text = await response.text();
  const said = response.ok || text === '' ? {} : (JSON.parse(text) as { code: string; message: string });
  return { status: response.status, code: '', message: '', ...said };
}

const idOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

it('a worker reads and writes what its leases need while it has them, and nothing else', { timeout: 300_000 }, async (t) => {
  const [box, idle, operator, viewer] = [await token('worker'), await token('worker'), await token('operator'), await token('viewer')];
  const environment = { TRAWL_COORDINATOR: url, TRAWL_TOKEN: operator, TRAWL_HOME: join(folder, 'here') };
  const service = new HttpSweepService({ url, token: operator });
  const foreign = new TextEncoder().encode('of somebody else');
  assert.equal((await ask(operator, 'PUT', idOf(foreign), foreign)).status, 201);

  await classFolders(join(folder, 'images'), ['LOW', 'HIGH'], 12);
  writeFileSync(join(folder, 'long.yaml'), 'name: long\ndata: {path: ./images, split: {val: 0.25, test: 0.25}}\nmodel: lenet5\nspace: {epochs: 20000, batch: 8}\n');
  writeFileSync(join(folder, 'box.token'), box);
  const worker = new Trawl(['worker', '--coordinator', workers, '--home', join(folder, 'box'), '--token-file', join(folder, 'box.token'), '--slots', '1']);
  t.after(async () => {
    worker.signal('SIGKILL');
    await worker.ended;
  });
  const submitted = await trawl(['submit', 'long.yaml'], { cwd: folder, env: environment });
  assert.equal(submitted.code, 0, submitted.stderr);
  // It trains, so it was given the data set.
  while (!(await service.workers()).some(({ stages }) => stages.some(({ epoch }) => epoch > 0))) await wait(50);

  const files = readdirSync(join(home, 'blobs'), { recursive: true, encoding: 'utf8' }).filter((name) => /[0-9a-f]{64}$/.test(name));
  const file = files.find((name) => readFileSync(join(home, 'blobs', name), 'latin1').startsWith('{')) ?? assert.fail('there is no manifest');
  const manifest = file.slice(-64);
  const { packs } = JSON.parse(readFileSync(join(home, 'blobs', file), 'utf8')) as { packs: string[] };
  for (const blob of [manifest, ...packs]) assert.equal((await ask(box, 'GET', blob)).status, 200);
  assert.deepEqual(await ask(box, 'GET', idOf(foreign)), { status: 403, code: 'BlobNotLeased', message: `no lease of this token's workers needs the blob ${idOf(foreign)}; a token of role viewer reads all blobs` });
  assert.equal((await ask(viewer, 'GET', idOf(foreign))).status, 200);
  const made = new TextEncoder().encode('a checkpoint');
  assert.equal((await ask(box, 'HEAD', idOf(made))).status, 404);
  assert.equal((await ask(box, 'PUT', idOf(made), made)).status, 201);
  // Of a token that no worker came with.
  assert.deepEqual(await ask(idle, 'PUT', idOf(made), made), { status: 403, code: 'BlobNotLeased', message: 'no worker of this token has a lease, so it stores nothing; a token of role operator stores blobs' });

  assert.equal((await trawl(['stop', 'long', '--now'], { cwd: folder, env: environment })).code, 0);
  for (const blob of [manifest, ...packs]) assert.equal((await ask(box, 'GET', blob)).code, 'BlobNotLeased');
  const later = new TextEncoder().encode('too late');
  assert.equal((await ask(box, 'PUT', idOf(later), later)).code, 'BlobNotLeased');
});
