/** A sweep over NATS with real processes: coordinator, nats-server, a worker that is started by itself. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after, before, type TestContext } from 'node:test';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { homeAt } from '../../cli/home.js';
import { readAnnouncement } from '../../cli/host/announcement.js';
import { Trawl, trawl } from '../cli/trawl.js';
import { NatsServer } from '../support/nats.js';
import { leaderboard, processes, RealRun, until, writeSweep, type RunDocument } from './run.js';

const PASSWORD = 's3cret-of-this-test';
/** A sweep takes seconds, on a box that runs much else minutes. */
const LIMIT = { timeout: 300_000 };

const folder = mkdtempSync(join(tmpdir(), 'trawl-fault-nats-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const server = new NatsServer({ config: ['accounts {', `  fleet { users: [{user: ada, password: ${PASSWORD}}], jetstream: enabled }`, `  others { users: [{user: bob, password: ${PASSWORD}}] }`, '}'] });
let file = '';
let calm: RunDocument;

before(async () => {
  await server.start();
  file = await writeSweep(folder);
  calm = await new RealRun(file, join(folder, 'calm')).document();
});
after(() => server.stop());

const natsUrl = (user = 'ada', password = PASSWORD): string => `nats://${user}:${password}@${server.address}`;

/** `trawl up --nats` on a home of its own, and workers that know nothing but the NATS server and the blobs' address. */
class Fleet {
  readonly name: string;
  readonly home: string;
  readonly up: Trawl;
  readonly workers: Trawl[] = [];

  private constructor(name: string) {
    this.name = name;
    this.home = join(folder, name);
    this.up = new Trawl(['up', '--home', this.home, '--no-worker', '--fleet', name], { env: { TRAWL_NATS_URL: natsUrl() } });
  }

  static async start(context: TestContext, name: string): Promise<Fleet> {
    const fleet = new Fleet(name);
    context.after(async () => {
      for (const process of [...fleet.workers, fleet.up]) {
        process.signal('SIGTERM');
        await process.ended;
      }
    });
    await fleet.up.said(/Ctrl-C ends it/);
    return fleet;
  }

  work(): Trawl {
    const announcement = readAnnouncement(homeAt(this.home));
    assert.ok(announcement);
    const token = join(folder, `${this.name}.token`);
    writeFileSync(token, announcement.token, { mode: 0o600 });
    const home = join(folder, `${this.name}-worker-${this.workers.length}`);
    const worker = new Trawl(['worker', '--blobs', announcement.url, '--home', home, '--fleet', this.name, '--slots', '2', '--token-file', token], { env: { TRAWL_NATS_URL: natsUrl() } });
    this.workers.push(worker);
    return worker;
  }

  /** The process that does the work of a `trawl` command. */
  childOf(parent: Trawl, part: string): number {
    const all = processes();
    const found = all.find(({ command, parent: of }) => of === parent.child.pid && command.includes(part));
    assert.ok(found, `a child with ${part} in its command line`);
    return found.pid;
  }
}

function assertSame(document: RunDocument): void {
  assert.deepEqual(leaderboard(document), leaderboard(calm));
  assert.equal(document.sweep.state, 'completed');
  assert.equal(document.epochs.trained, calm.epochs.trained, 'no epoch key is recorded twice, and none is missing');
}

test('a sweep over NATS has the leaderboard of the one over gRPC, bit for bit, and shows its password to nobody', LIMIT, async (context) => {
  const fleet = await Fleet.start(context, 'calm-nats');
  const worker = fleet.work();
  const run = new RealRun(file, fleet.home);
  await run.recorded(2);
  const { stdout } = await trawl(['show', 'faults', '--home', fleet.home, '--json']);
  const seen = processes().map(({ command }) => command).join('\n');
  assert.match(seen, /worker\/main\/main\.js/);
  assert.doesNotMatch(seen, new RegExp(PASSWORD));
  const [child] = processes().filter(({ command, parent }) => command.includes('child-main.js') && parent === fleet.childOf(worker, 'main.js'));
  assert.ok(child, 'a training child of the worker');
  if (process.platform === 'linux') assert.doesNotMatch(readFileSync(`/proc/${child.pid}/environ`, 'utf8'), new RegExp(`${PASSWORD}|TRAWL_NATS`));
  const document = await run.document();
  assertSame(document);
  assert.equal(document.epochs.retrained, 0);
  const logs = readdirSync(join(fleet.home, 'logs')).map((name) => readFileSync(join(fleet.home, 'logs', name), 'utf8')).join('\n');
  assert.match(logs, /workers are taken over NATS/);
  assert.doesNotMatch(logs + stdout + JSON.stringify(document), new RegExp(PASSWORD));
});

test('kill -9 of nats-server in the middle of a sweep, with what was in its memory, changes nothing', LIMIT, async (context) => {
  const fleet = await Fleet.start(context, 'server');
  fleet.work();
  const run = new RealRun(file, fleet.home);
  await run.recorded(4);
  await server.kill();
  await server.start();
  assertSame(await run.document());
});

test('kill -9 of the coordinator: the worker finds the next one and delivers late', LIMIT, async (context) => {
  const fleet = await Fleet.start(context, 'coordinator');
  fleet.work();
  const run = new RealRun(file, fleet.home);
  await run.recorded(4);
  process.kill(fleet.childOf(fleet.up, join('coordinator', 'main', 'main.js')), 'SIGKILL');
  assertSame(await run.document());
});

test('kill -9 of the worker: another takes over what it had', LIMIT, async (context) => {
  const fleet = await Fleet.start(context, 'worker');
  const first = fleet.work();
  const run = new RealRun(file, fleet.home);
  await run.recorded(4);
  process.kill(fleet.childOf(first, join('worker', 'main', 'main.js')), 'SIGKILL');
  await first.ended;
  fleet.work();
  assertSame(await run.document());
});

test('a stream that is deleted in the middle of a sweep is made anew', LIMIT, async (context) => {
  const fleet = await Fleet.start(context, 'stream');
  fleet.work();
  const run = new RealRun(file, fleet.home);
  await run.recorded(4);
  const admin = await connect({ servers: server.address, user: 'ada', pass: PASSWORD });
  context.after(() => admin.close());
  const manager = await jetstreamManager(admin);
  await manager.streams.delete('TRAWL_stream');
  assertSame(await run.document());
  await until('the new stream', async () => manager.streams.info('TRAWL_stream').catch(() => null));
});

test('a worker that the server refuses says so in one line without its password, and ends', LIMIT, async () => {
  const { code, stderr } = await trawl(['worker', '--blobs', 'http://127.0.0.1:1', '--home', join(folder, 'refused')], { env: { TRAWL_TOKEN: 't', TRAWL_NATS_URL: natsUrl('ada', 'wrong-one') } });
  assert.match(stderr, /^the coordinator at nats:\/\/127\.0\.0\.1:\d+ \(fleet default\) refused this worker: the NATS server at \S+ refused the user, password, token or credentials file .*; give those of the fleet's account$/m);
  assert.doesNotMatch(stderr, /wrong-one/);
  assert.equal(code, 1, stderr);
});

test('what cannot be right ends at once, in one line, with nothing created', LIMIT, async () => {
  const home = join(folder, 'none');
  const cases = [
    [['up', '--nats', natsUrl('ada', 'wrong-one')], /^--nats: the NATS server at nats:\/\/127\.0\.0\.1:\d+ refused the user, password, token or credentials file/],
    [['up', '--nats', natsUrl('bob')], /^--nats: JetStream is not enabled on the NATS server .* for this account/],
    [['up', '--nats', 'nats://127.0.0.1:9'], /^--nats: no NATS server answers at nats:\/\/127\.0\.0\.1:9/],
    [['up', '--nats', `http://ada:${PASSWORD}@host`], /^--nats: found "http:\/\/\*\*\*@host", expected nats:\/\//],
    [['up', '--nats', 'nats://127.0.0.1', '--fleet', 'a.b', '--nats-creds', join(folder, 'sweep.yaml')], /^--nats.*sweep\.yaml.*\n--fleet: found "a\.b"|^--fleet: found "a\.b".*\n--nats-creds/],
    [['worker', '--blobs', 'http://127.0.0.1:1'], /^--coordinator: found nothing, expected HOST:PORT .* or --nats URL/],
    [['worker', '--coordinator', '127.0.0.1:1', '--nats', natsUrl(), '--blobs', 'http://127.0.0.1:1'], /^--nats: found beside --coordinator, expected one of the two\n$/],
    [['up', '--fleet', 'lab'], /^--nats: found nothing, expected it beside --fleet/],
  ] as const;
  for (const [args, expected] of cases) {
    const { code, stderr } = await trawl([...args, '--home', home], { env: { TRAWL_TOKEN: 't' } });
    assert.match(stderr, expected);
    assert.doesNotMatch(stderr, new RegExp(`${PASSWORD}|wrong-one`));
    assert.equal(code, 2, stderr);
    assert.throws(() => readdirSync(home), /ENOENT/, 'nothing is created');
  }
});
