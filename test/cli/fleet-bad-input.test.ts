/** What a person of a fleet gets wrong, with the real program: one line that says what to do, and an end or another try, as fits. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { initAuthority, issueCertificate } from '../../cli/certs/files.js';
import { NatsServer } from '../support/nats.js';
import { Trawl, trawl } from './trawl.js';

const LIMIT = { timeout: 180_000 };
const DAY_MS = 86_400_000;
const folder = mkdtempSync(join(tmpdir(), 'trawl-test-'));
const token = join(folder, 'token');
writeFileSync(token, 'a-token');
/** The other one reaches the server, and none of the fleet's subjects. */
const nats = new NatsServer({ config: ['accounts {', '  fleet { users: [{user: ada, password: p}], jetstream: enabled }', '  others { users: [{user: bob, password: p}] }', '}'] });
let up: Trawl;
let url = '';
let workers = '';

before(async () => {
  await nats.start();
  up = new Trawl(['up', '--home', join(folder, 'home'), '--no-worker', '--nats', `nats://ada:p@${nats.address}`]);
  [, url = '', workers = ''] = await up.said(/: (http:\S+) \(HTTP\), ([\d.:]+) \(workers\)/);
});

after(async () => {
  up.signal('SIGINT');
  await up.ended;
  await nats.stop();
  rmSync(folder, { recursive: true, force: true });
});

let homes = 0;

function worker(t: TestContext, ...args: string[]): Trawl {
  const started = new Trawl(['worker', '--home', join(folder, `worker-${(homes += 1)}`), '--token-file', token, '--slots', '1', ...args]);
  t.after(async () => {
    started.signal('SIGKILL');
    await started.ended;
  });
  return started;
}

/** It goes on trying, and leaves when it is told to. */
async function tries(started: Trawl, line: RegExp): Promise<void> {
  await started.said(line);
  started.signal('SIGTERM');
  assert.equal((await started.ended).code, 0);
}

/** Nobody listens there. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

function listening(t: TestContext, server: Server): Promise<number> {
  t.after(() => server.close());
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)));
}

describe('a wrong address', () => {
  it('of a coordinator: a worker tries on, a command ends', LIMIT, async (t) => {
    const port = await freePort();
    await tries(worker(t, '--coordinator', `127.0.0.1:${port}`), /^trawl worker: not connected yet, trying again until it is: no coordinator answers at 127\.0\.0\.1:\d+: .*ECONNREFUSED.*; is that its address for workers, and does it listen there \(trawl up --listen\)\?$/m);
    const { code, stderr } = await trawl(['ls', '--coordinator', `http://127.0.0.1:${port}`, '--token-file', token]);
    assert.deepEqual([code, stderr], [1, `no coordinator answers at http://127.0.0.1:${port} (connect ECONNREFUSED 127.0.0.1:${port}); is that its HTTP address, and does \`trawl up\` run there? [CoordinatorUnreachable]\n`]);
  });

  it('that is the one for HTTP: a worker says that it hung up', LIMIT, async (t) => {
    await tries(worker(t, '--coordinator', new URL(url).host), /^trawl worker: not connected yet, trying again until it is: no coordinator answers at 127\.0\.0\.1:\d+: .+$/m);
  });

  it('of a NATS server: a worker tries on, a coordinator does not start', LIMIT, async (t) => {
    const port = await freePort();
    await tries(worker(t, '--nats', `nats://127.0.0.1:${port}`, '--blobs', url), /^trawl worker: not connected yet, trying again until it is: no NATS server answers at nats:\/\/127\.0\.0\.1:\d+: .*; is that its address, and does it run\?$/m);
    const home = join(folder, 'none');
    const { code, stderr } = await trawl(['up', '--home', home, '--nats', `nats://127.0.0.1:${port}`]);
    assert.equal(code, 2);
    assert.match(stderr, /^--nats: no NATS server answers at nats:\S+: .*; is that its address, and does it run\?\n$/);
    assert.equal(existsSync(home), false);
  });
});

it('a wrong token ends a worker at once, over gRPC and over NATS', LIMIT, async (t) => {
  const wrong = /refused the token: the token is missing or not this coordinator's; give the right one in --token-file FILE or the environment variable TRAWL_TOKEN$/m;
  for (const args of [['--coordinator', workers], ['--nats', `nats://ada:p@${nats.address}`, '--blobs', url]]) {
    const { code, stderr } = await worker(t, ...args).ended;
    assert.equal(code, 1, stderr);
    assert.match(stderr, wrong);
  }
});

it('another NATS account hears no coordinator: the worker says what is needed, and tries on', LIMIT, async (t) => {
  await tries(worker(t, '--nats', `nats://bob:p@${nats.address}`, '--blobs', url), /not connected yet, trying again until it is: no coordinator of fleet default is heard at nats:\S+; it must run with --nats, the same --fleet and an account that shares its subjects$/m);
});

it('an expired certificate: a worker says so and tries on, for it is renewed some day; a command ends', LIMIT, async (t) => {
  const ca = join(folder, 'ca');
  const then = new Date(Date.now() - 40 * DAY_MS);
  await initAuthority(ca, 'trawl', then);
  await issueCertificate(ca, { name: 'box', hosts: ['127.0.0.1'], client: false, days: 30 }, then);
  const port = await listening(t, createTlsServer({ cert: readFileSync(join(ca, 'box.crt')), key: readFileSync(join(ca, 'box.key')), ALPNProtocols: ['h2', 'http/1.1'] }));
  const said = 'cannot be trusted: its certificate has expired; issue a new one there \\(trawl certs issue\\) and start it again';
  await tries(worker(t, '--coordinator', `127.0.0.1:${port}`, '--ca', join(ca, 'ca.crt')), new RegExp(`not connected yet, trying again until it is: the coordinator at 127\\.0\\.0\\.1:${port} ${said}$`, 'm'));
  const { code, stderr } = await trawl(['ls', '--coordinator', `https://127.0.0.1:${port}`, '--token-file', token, '--ca', join(ca, 'ca.crt')]);
  assert.equal(code, 1);
  assert.match(stderr, new RegExp(`^the coordinator at https://127\\.0\\.0\\.1:${port} ${said} \\[CertificateRefused\\]\n$`));
});

it('an S3 bucket without permission: the coordinator does not start, and names the rights', LIMIT, async (t) => {
  // As Amazon documents it (API reference, "Error responses").
  const denied = createServer((request, response) => {
    request.resume();
    request.on('end', () => response.writeHead(403, { 'content-type': 'application/xml' }).end('<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>said</Message></Error>'));
  });
  const port = await listening(t, denied);
  const home = join(folder, 'denied');
  const { code, stderr } = await trawl(['up', '--home', home, '--blobs', `s3://blobs/trawl?endpoint=http://127.0.0.1:${port}&region=us-east-1`], { env: { AWS_ACCESS_KEY_ID: 'A', AWS_SECRET_ACCESS_KEY: 'B' } });
  assert.equal(code, 2, stderr);
  assert.match(stderr, /^the blob store s3:\/\/blobs\/trawl\/ at \S+ cannot be used: permission is denied \(AccessDenied\): allow s3:GetObject, s3:PutObject and s3:DeleteObject on blobs\/trawl\/\* and s3:ListBucket on blobs to these credentials\n$/);
  assert.equal(existsSync(home), false);
});

it('two workers with one name are both taken, and `trawl workers` says how to tell them apart', LIMIT, async (t) => {
  const home = join(folder, 'home');
  const made = await trawl(['token', 'create', '--role', 'worker', '--home', home]);
  writeFileSync(join(folder, 'good'), made.stdout.trim());
  const both = [1, 2].map(() => worker(t, '--coordinator', workers, '--token-file', join(folder, 'good'), '--name', 'box'));
  await Promise.all(both.map((each) => each.said(/1 slot, engine/)));
  let shown = await trawl(['workers', '--home', home]);
  while (!shown.stdout.includes('have one name')) shown = await trawl(['workers', '--home', home]);
  assert.match(shown.stdout, /^wrk_\w+ and wrk_\w+ have one name, box: tell them apart with --name \(trawl worker --name NAME\)\.$/m);
  const { code, stderr } = await trawl(['drain', 'box', '--home', home]);
  assert.equal(code, 2);
  assert.match(stderr, /\[WorkerAmbiguous\]\n$/);
});
