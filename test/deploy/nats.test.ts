import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it, type TestContext } from 'node:test';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, credsAuthenticator, headers as natsHeaders, type NatsConnection, type Subscription } from '@nats-io/transport-node';
import { initAuthority, issueCertificate } from '../../cli/certs/files.js';
import { natsCarrier } from '../../coordinator/dispatch/nats.js';
import { parseNatsUrl } from '../../proto/nats/address.js';
import { HEADERS, Subjects } from '../../proto/nats/subjects.js';
import { packageRoot } from '../../proto/package-root.js';
import { natsLink } from '../../worker/link/nats.js';
import { carrierContract } from '../contract/carrier.js';
import { grantedSession } from '../contract/nats-session.js';
import { Recorder } from '../contract/signals.js';
import { accessBy } from '../support/access.js';
import { NatsServer } from '../support/nats.js';
import { readProjectFile } from './files.js';

const FLEET = 'boxes';
/** The contract's. */
const TOKEN = 'the-token';
// The contract's worker, and another one.
const A = 'wrk_1';
const B = 'wrk_2';
const subjects = new Subjects(FLEET);
const folder = mkdtempSync(join(tmpdir(), 'trawl-nats-credentials-'));

function credentials(...args: readonly string[]): { readonly code: number | null; readonly said: string } {
  const { status, stderr } = spawnSync(process.execPath, [join(packageRoot(), 'deploy', 'nats', 'credentials.mjs'), ...args], { encoding: 'utf8' });
  return { code: status, said: stderr.trim() };
}

/** The configuration as it is deployed, but for where it listens and where things lie. `certificates`: a folder; null for no TLS, which this process cannot be told to trust. */
function deployedConfig(certificates: string | null = null): string[] {
  const { text } = readProjectFile('deploy/nats/nats-server.conf');
  const here = text.replaceAll(/^(listen|http|server_name): .*$/gm, '').replace('store_dir: /data', `store_dir: ${JSON.stringify(join(folder, certificates === null ? 'store' : 'tls-store'))}`);
  const tls = certificates === null ? here.replace(/^tls \{[^}]*\}/m, '') : here.replaceAll('/etc/nats', certificates);
  return tls.replace('include accounts.conf', readFileSync(join(folder, 'accounts.conf'), 'utf8')).split('\n');
}

function made(...args: readonly string[]): void {
  const { code, said } = credentials(...args);
  assert.equal(code, 0, said);
}

made('init', folder, '--fleet', FLEET);
made('coordinator', folder);
made('worker', folder, 'a', '--id', A);
made('worker', folder, 'b', '--id', B);
// The same words, of another fleet's account.
const strangers = join(folder, 'strangers');
made('init', strangers, '--fleet', FLEET);
made('worker', strangers, 'a', '--id', A);

const server = new NatsServer({ store: null, config: deployedConfig() });
await server.start();
after(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

const access = (name: string, from = folder, at = server.address): { readonly address: NonNullable<ReturnType<typeof parseNatsUrl>>; readonly credentialsFile: string } => ({ address: parseNatsUrl(`nats://${at}`)!, credentialsFile: join(from, `${name}.creds`) });
let epoch = 0;

async function as(name: string, context: TestContext): Promise<NatsConnection> {
  const worker = { a: A, b: B }[name];
  const connection = await connect({ servers: server.address, authenticator: credsAuthenticator(readFileSync(join(folder, `${name}.creds`))), reconnect: false, ...(worker === undefined ? {} : { inboxPrefix: subjects.inbox(worker) }) });
  context.after(() => connection.close());
  return connection;
}

// All that a session is, with no more rights than these.
carrierContract({
  name: 'NATS, with credentials of one worker',
  async startCoordinatorSide({ handler }) {
    const carrier = natsCarrier({ ...access('coordinator'), fleet: FLEET, doorkeeper: accessBy(TOKEN) });
    await carrier.start(handler);
    epoch += 1;
    carrier.lead(epoch);
    return { address: server.address, stop: () => carrier.stop() };
  },
  makeLink: ({ address, token }) => natsLink({ ...access('a', token === TOKEN ? folder : strangers, address), fleet: FLEET, worker: A, token }),
  async sendGarbage() {
    const connection = await connect({ servers: server.address, authenticator: credsAuthenticator(readFileSync(join(folder, 'b.creds'))), inboxPrefix: subjects.inbox(B) });
    const session = await grantedSession(connection, subjects, B, TOKEN);
    const told = connection.subscribe(subjects.to(B, session), { max: 1 });
    const headers = natsHeaders();
    headers.set(HEADERS.session, session);
    headers.set(HEADERS.piece, '0');
    await jetstream(connection).publish(subjects.from(B), 'this is no protobuf, and no frame either', { headers });
    let complaint = '';
    for await (const message of told) complaint = message.string();
    await connection.close();
    return complaint;
  },
});

describe('NATS credentials', () => {
  /** What the server says of it; a subscription ends by it. */
  const refusal = async (subscription: Subscription): Promise<string> => {
    try {
      for await (const message of subscription) return `heard ${message.subject}`;
      return 'ended without a word';
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  };

  /** The first violation that the server tells of. */
  const violation = async (connection: NatsConnection): Promise<string> => {
    for await (const status of connection.status()) if (status.type === 'error') return status.error.message;
    return 'the connection ended';
  };

  it("do not let a worker hear what another one is told", async (context) => {
    const connection = await as('a', context);
    assert.match(await refusal(connection.subscribe(subjects.to(B, '>'))), /permissions? violation/i);
  });

  it('do not let a worker hear what all workers say or are told', async (context) => {
    for (const subject of [subjects.fromAnyone, subjects.askedByAnyone, `trawl.${FLEET}.>`, '>', '_INBOX.>']) {
      const connection = await as('a', context);
      assert.match(await refusal(connection.subscribe(subject)), /permissions? violation/i, subject);
    }
  });

  it('do not let a worker speak for another one, nor for the coordinator', async (context) => {
    const listener = await as('coordinator', context);
    const heard: string[] = [];
    listener.subscribe(`trawl.${FLEET}.>`, { callback: (_, message) => void heard.push(message.subject) });
    await listener.flush();
    for (const subject of [subjects.from(B), subjects.ask(B), subjects.lead, subjects.to(B, 'x')]) {
      const connection = await as('a', context);
      const told = violation(connection);
      connection.publish(subject, 'mine');
      assert.match(await told, /permissions? violation/i, subject);
    }
    const own = await as('a', context);
    own.publish(subjects.from(A), 'mine');
    await own.flush();
    await listener.flush();
    assert.deepEqual(heard, [subjects.from(A)]);
  });

  it("do not let a worker read or change the fleet's stream", async (context) => {
    const connection = await as('a', context);
    for (const subject of ['$JS.API.STREAM.DELETE.' + subjects.stream, '$JS.API.STREAM.MSG.GET.' + subjects.stream, '$JS.API.CONSUMER.CREATE.' + subjects.stream]) {
      const told = violation(connection);
      connection.publish(subject, '');
      assert.match(await told, /permissions? violation/i, subject);
    }
  });

  it("put a limit on what the fleet's account stores", async (context) => {
    const manager = await jetstreamManager(await as('coordinator', context));
    const { limits } = await manager.getAccountInfo();
    assert.deepEqual([limits.max_storage, limits.max_memory, limits.max_streams, limits.max_bytes_required], [536_870_912, 0, 2, true]);
    await assert.rejects(manager.streams.add({ name: 'unbounded', subjects: [`trawl.${FLEET}.other`] }), /maximum bytes|max bytes/i);
  });

  it('let nobody in without', async () => {
    await assert.rejects(connect({ servers: server.address, reconnect: false }), /authorization violation/i);
  });

  it('end with a revocation, for the connections there are too', async (context) => {
    made('worker', folder, 'gone', '--id', 'wrk_3');
    const login = (): ReturnType<typeof connect> => connect({ servers: server.address, authenticator: credsAuthenticator(readFileSync(join(folder, 'gone.creds'))), reconnect: false });
    const [connection, other] = [await login(), await as('b', context)];
    made('revoke', folder, 'gone');
    server.reload(deployedConfig());
    assert.match(String(await connection.closed()), /revoked/i);
    await assert.rejects(login(), /authorization violation/i);
    await other.flush();
  });

  it('may be renewed while the coordinator runs: its next connection takes those that are there then', { timeout: 30_000 }, async (context) => {
    const broken = new Recorder<string>();
    const carrier = natsCarrier({ ...access('coordinator'), fleet: FLEET, doorkeeper: accessBy(TOKEN), logger: { info: () => undefined, warn: (_, line) => broken.push(line) } });
    context.after(() => carrier.stop());
    await carrier.start({ opened: () => undefined, received: () => undefined, closed: () => undefined });
    epoch += 1;
    carrier.lead(epoch);
    made('revoke', folder, 'coordinator');
    made('coordinator', folder);
    server.reload(deployedConfig());
    await broken.until((lines) => lines.some((line) => line.includes(' broke;')));
    const worker = await as('b', context);
    for await (const message of worker.subscribe(subjects.lead, { max: 1 })) assert.match(message.string(), new RegExp(`^${epoch}-`));
  });

  it('cross the network over TLS alone, where a certificate of the private CA is shown', async (context) => {
    const ca = join(folder, 'ca');
    await initAuthority(ca, 'trawl');
    await issueCertificate(ca, { name: 'nats', hosts: ['127.0.0.1', 'localhost'], client: false, days: 1 });
    const secured = new NatsServer({ store: null, config: deployedConfig(ca) });
    await secured.start();
    context.after(() => secured.stop());
    const login = (tls?: { readonly ca: string }): ReturnType<typeof connect> => connect({ servers: secured.address, authenticator: credsAuthenticator(readFileSync(join(folder, 'a.creds'))), reconnect: false, ...(tls === undefined ? {} : { tls }) });
    const connection = await login({ ca: readFileSync(join(ca, 'ca.crt'), 'utf8') });
    assert.equal(connection.info?.tls_required, true);
    await connection.close();
    await assert.rejects(login(), /certificate/i);
  });

  it('let a worker publish to its own subject with the acknowledgement of the stream', async (context) => {
    const own = await as('b', context);
    const { stream } = await jetstream(own).publish(subjects.from(B), 'mine');
    assert.equal(stream, subjects.stream);
  });
});

describe('credentials.mjs', () => {
  it('says in one line what it did not understand, and makes nothing', () => {
    const empty = mkdtempSync(join(tmpdir(), 'trawl-nats-credentials-'));
    after(() => rmSync(empty, { recursive: true, force: true }));
    for (const [args, said] of [
      [['worker', empty, 'a'], /^DIR: found .* no keys\.json; first: node credentials\.mjs init/],
      [['init', empty, '--fleet', 'a.b'], /^--fleet: found "a\.b", expected letters/],
      [['initialise', empty], /^found "initialise .*expected init DIR/],
      [['init', empty, '--flet', 'a'], /^Unknown option '--flet'/],
    ] as const) {
      const answer = credentials(...args);
      assert.equal(answer.code, 2);
      assert.match(answer.said, said);
      assert.equal(answer.said.split('\n').length, 1);
    }
  });

  it('does not overwrite the keys of a fleet', () => {
    const made = mkdtempSync(join(tmpdir(), 'trawl-nats-credentials-'));
    after(() => rmSync(made, { recursive: true, force: true }));
    assert.equal(credentials('init', made).code, 0);
    const before = readFileSync(join(made, 'keys.json'), 'utf8');
    assert.equal(credentials('init', made).code, 2);
    assert.equal(readFileSync(join(made, 'keys.json'), 'utf8'), before);
  });

  it('keeps the id of a worker whose credentials are made anew', () => {
    const made = mkdtempSync(join(tmpdir(), 'trawl-nats-credentials-'));
    after(() => rmSync(made, { recursive: true, force: true }));
    credentials('init', made);
    credentials('worker', made, 'box-3');
    const id = readFileSync(join(made, 'box-3.worker.json'), 'utf8');
    assert.match(id, /^\{"id":"wrk_[0-9a-f]{20}"\}\n$/);
    assert.equal(credentials('worker', made, 'box-3', '--expires', '90d').code, 0);
    assert.equal(readFileSync(join(made, 'box-3.worker.json'), 'utf8'), id);
  });
});
