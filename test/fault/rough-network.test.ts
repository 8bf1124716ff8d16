/** Both carriers with real processes over a line that is slow and loses things, and with a token that expires in the middle. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import pg from 'pg';
import { HttpSweepService } from '../../cli/client.js';
import { PURPOSE, RandomStream } from '../../proto/random.js';
import { Trawl, trawl } from '../cli/trawl.js';
import { startTcpProxy, type TcpProxy } from '../contract/tcp-proxy.js';
import { NatsServer } from '../support/nats.js';
import { testDatabase } from '../support/postgres.js';
import { until } from './run.js';

const LIMIT = { timeout: 600_000 };
/** Each way. */
const LATENCY_MS = 500;
/** Of pieces of data, each with its connection: more than one of three sessions ends by it before a stage does. */
const LOSS = 0.01;
const TRIALS = 4;
const EPOCHS = 6;

const folder = mkdtempSync(join(tmpdir(), 'trawl-rough-'));
const home = join(folder, 'home');
const nats = new NatsServer();
let database: Awaited<ReturnType<typeof testDatabase>>;
let up: Trawl;
let url = '';
let grpc = '';
let service: HttpSweepService;

before(async () => {
  await nats.start();
  database = await testDatabase();
  up = new Trawl(['up', '--home', home, '--database', database.url, '--no-worker', '--nats', `nats://${nats.address}`, '--lease', '10s']);
  [, url = '', grpc = ''] = await up.said(/: (http:\S+) \(HTTP\), ([\d.:]+) \(workers\)/);
  service = new HttpSweepService({ url, token: await token('admin') });
});

after(async () => {
  up.signal('SIGINT');
  await up.ended;
  await database.close();
  await nats.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function token(role: string): Promise<string> {
  const { code, stdout, stderr } = await trawl(['token', 'create', '--role', role, '--home', home]);
  assert.equal(code, 0, stderr);
  return stdout.trim();
}

const CARRIERS: { readonly [carrier in 'gRPC' | 'NATS']: { readonly target: () => string; readonly args: (at: string, blobs: string) => readonly string[] } } = {
  gRPC: { target: () => grpc, args: (at, blobs) => ['--coordinator', at, '--blobs', blobs] },
  NATS: { target: () => nats.address, args: (at, blobs) => ['--nats', `nats://${at}`, '--blobs', blobs] },
};

function worker(t: TestContext, name: string, secret: string, args: readonly string[]): Trawl {
  writeFileSync(join(folder, `${name}.token`), secret);
  const started = new Trawl(['worker', ...args, '--home', join(folder, name), '--name', name, '--token-file', join(folder, `${name}.token`), '--slots', '2', '--engine', 'wasm']);
  t.after(async () => {
    started.signal('SIGKILL');
    await started.ended;
  });
  return started;
}

async function submit(name: string, epochMs: number): Promise<void> {
  const text = `name: ${name}\ntrainable: {synthetic: {epochMs: ${epochMs}, metrics: {val.loss: 'a / (epoch + 1)'}}}\nspace: {a: [{from: 1, to: ${TRIALS}, step: 1}], epochs: ${EPOCHS}}\nobjective: {minimize: val.loss}\n`;
  await service.submit({ source: { name: `${name}.yaml`, text }, sharing: true, data: null, numerics: 'none' });
}

/** Every trial with the loss that its formula says, every epoch key recorded once. */
async function assertCompleted(name: string): Promise<void> {
  await until('the end of the sweep', async () => ((await service.sweep(name)).state === 'completed' ? true : null));
  const { trials } = await service.results(name, { test: false });
  const found = trials.map(({ state, settings, val }) => [state, settings.a, val?.loss]).sort((one, other) => Number(one[1]) - Number(other[1]));
  assert.deepEqual(found, Array.from({ length: TRIALS }, (_, index) => ['completed', index + 1, (index + 1) / EPOCHS]));
  assert.equal((await service.recordedSince(name, 0)).trained, TRIALS * EPOCHS);
}

for (const [carrier, { target, args }] of Object.entries(CARRIERS)) {
  describe(`a sweep over ${carrier}`, () => {
    it('half a second away, on a line that loses things, completes with nothing lost and nothing doubled', LIMIT, async (t) => {
      const random = new RandomStream(PURPOSE.shuffle, 7);
      const proxies: TcpProxy[] = [];
      for (const at of [target(), new URL(url).host]) proxies.push(await startTcpProxy(at, () => random.uniform()));
      t.after(() => Promise.all(proxies.map((proxy) => proxy.close())));
      for (const proxy of proxies) Object.assign(proxy, { delayMs: LATENCY_MS, loss: LOSS });
      const name = `rough-${carrier.toLowerCase()}`;
      worker(t, name, await token('worker'), args(proxies[0]?.address ?? '', `http://${proxies[1]?.address ?? ''}`));
      await submit(name, 300);
      await assertCompleted(name);
    });

    it('whose worker\'s token expires in the middle goes on with another: the first ends and says why, and its work is not lost', LIMIT, async (t) => {
      const name = `expiring-${carrier.toLowerCase()}`;
      const secret = await token('worker');
      const first = worker(t, `${name}-first`, secret, args(target(), url));
      await submit(name, 700);
      await until('two recorded epochs', async () => ((await service.progress(name)).epochs.recorded >= 2 ? true : null));
      const client = new pg.Client(database.url);
      await client.connect();
      await client.query('update token set expires_at = now() where id = $1', [secret.split('.')[0]]);
      await client.end();
      const { code, stderr } = await first.ended;
      assert.equal(code, 1);
      assert.match(stderr, /refused this worker: .*refused the token: token tok_\w+ \("worker"\) expired at \S+; an admin makes a new one: trawl token create$/m);
      worker(t, `${name}-second`, await token('worker'), args(target(), url));
      await assertCompleted(name);
    });
  });
}
