/** What NATS does to its messages that a stream of gRPC does not, and what becomes of it. */
import assert from 'node:assert/strict';
import { after, describe, it, type TestContext } from 'node:test';
import { jetstream, jetstreamManager, RetentionPolicy } from '@nats-io/jetstream';
import { connect, headers as natsHeaders, nanos } from '@nats-io/transport-node';
import type { NatsConnection } from '@nats-io/transport-node';
import { NatsUnavailable, StreamUnfit } from '../../coordinator/dispatch/nats-errors.js';
import type { NatsCarrier } from '../../coordinator/dispatch/nats.js';
import { natsCarrier } from '../../coordinator/dispatch/nats.js';
import type { StreamLimits } from '../../coordinator/dispatch/nats-stream.js';
import type { Offer } from '../../proto/messages.js';
import { parseNatsUrl } from '../../proto/nats/address.js';
import type { NatsAccess } from '../../proto/nats/connecting.js';
import { HEADERS, Subjects } from '../../proto/nats/subjects.js';
import type { Link } from '../../worker/link/link.js';
import { natsLink } from '../../worker/link/nats.js';
import { accessBy } from '../support/access.js';
import { NatsServer } from '../support/nats.js';
import { epochReport, offer, ScriptedCoordinator, startWorker, welcomeOnly } from './carrier.js';
import { Recorder } from './signals.js';

const LIMIT = { timeout: 30_000 };
const TOKEN = 'the-token';

/** What a worker's user needs, as README has it. */
const PERMISSIONS = 'permissions: {publish: ["trawl.*.from.wrk_1", "trawl.*.ask.wrk_1"], subscribe: ["trawl.*.lead", "trawl.*.to.wrk_1.>"]}';
const server = new NatsServer({
  config: ['accounts {', '  fleet {', '    jetstream: enabled', `    users: [{user: lead, password: p}, {user: one, password: p, ${PERMISSIONS}}]`, '  }', '  others { users: [{user: stranger, password: p}] }', '}'],
});
await server.start();
after(() => server.stop());

function access(user: string, at = server): NatsAccess {
  const address = parseNatsUrl(`nats://${user}:p@${at.address}`);
  assert.ok(address);
  return { address, credentialsFile: null };
}

let fleets = 0;
const newFleet = (): string => `fleet${(fleets += 1)}`;

interface Coordinating {
  readonly carrier: NatsCarrier;
  readonly warnings: Recorder<string>;
}

async function coordinate(context: TestContext, fleet: string, handler: ScriptedCoordinator, options: { readonly epoch: number | null; readonly at?: NatsServer; readonly limits?: StreamLimits }): Promise<Coordinating> {
  const warnings = new Recorder<string>();
  const logger = { info: () => undefined, warn: (_: object, line: string) => warnings.push(line) };
  const carrier = natsCarrier({ ...access('lead', options.at), fleet, doorkeeper: accessBy(TOKEN), logger, ...(options.limits === undefined ? {} : { limits: options.limits }) });
  context.after(() => carrier.stop());
  await carrier.start(handler);
  carrier.lead(options.epoch);
  return { carrier, warnings };
}

const linkTo = (fleet: string, user = 'lead', at = server): Link => natsLink({ ...access(user, at), fleet, worker: 'wrk_1', token: TOKEN });

async function admin(context: TestContext, at = server): Promise<NatsConnection> {
  const connection = await connect({ servers: at.address, user: 'lead', pass: 'p' });
  context.after(() => connection.close());
  return connection;
}

/** Everything that workers have said so far, as the stream holds it. */
async function stored(connection: NatsConnection, fleet: string): Promise<{ readonly subject: string; readonly data: Uint8Array; readonly session: string; readonly piece: string }[]> {
  const manager = await jetstreamManager(connection);
  const name = new Subjects(fleet).stream;
  const { state } = await manager.streams.info(name);
  const messages = [];
  for (let seq = state.first_seq; seq <= state.last_seq; seq++) {
    const message = await manager.streams.getMessage(name, { seq });
    if (message !== null) messages.push({ subject: message.subject, data: message.data, session: message.header.get(HEADERS.session), piece: message.header.get(HEADERS.piece) });
  }
  return messages;
}

async function say(connection: NatsConnection, subject: string, session: string, piece: string, data: Uint8Array | string): Promise<void> {
  const headers = natsHeaders();
  headers.set(HEADERS.session, session);
  headers.set(HEADERS.piece, piece);
  await jetstream(connection).publish(subject, data, { headers });
}

describe('sessions on NATS', () => {
  it('go to the coordinator of the latest epoch; one that was deposed and does not know is left, and a standby is silent', LIMIT, async (context) => {
    const fleet = newFleet();
    const [former, next] = [new ScriptedCoordinator(welcomeOnly), new ScriptedCoordinator()];
    const first = await coordinate(context, fleet, former, { epoch: 4 });
    const second = await coordinate(context, fleet, next, { epoch: null });
    const worker = startWorker(context, linkTo(fleet));
    await worker.others.count(1);
    worker.session.report(epochReport(0));
    await former.messages.count(2);
    assert.equal(next.messages.items.length, 0, 'the standby hears nothing');
    second.carrier.lead(5);
    await worker.session.whenAnswered();
    worker.session.report(epochReport(1));
    await worker.session.whenAnswered();
    assert.deepEqual(next.epochs(), [0, 1]);
    assert.deepEqual(former.epochs(), [0]);
    await first.warnings.until((lines) => lines.some((line) => line.includes('another coordinator is heard') && line.includes('--fleet')));
    // It comes to know, and is of no more consequence.
    first.carrier.lead(null);
    worker.session.report(epochReport(2));
    await worker.session.whenAnswered();
    // Where the deposed one is the first to answer the hello, the worker goes once more.
    assert.match(worker.connections.items.join(' '), /^up( down up){1,2}$/);
  });

  it('are not opened by what the stream holds from before, nor by anything that comes twice', LIMIT, async (context) => {
    const fleet = newFleet();
    const former = new ScriptedCoordinator(welcomeOnly);
    const first = await coordinate(context, fleet, former, { epoch: 1 });
    const worker = startWorker(context, linkTo(fleet));
    for (let epoch = 0; epoch < 3; epoch++) worker.session.report(epochReport(epoch));
    await former.messages.count(4);
    await first.carrier.stop();
    const coordinator = new ScriptedCoordinator();
    await coordinate(context, fleet, coordinator, { epoch: 2 });
    await worker.session.whenAnswered();
    const connection = await admin(context);
    const messages = await stored(connection, fleet);
    assert.ok(new Set(messages.map(({ session }) => session)).size >= 2, 'the stream holds both reigns');
    for (const { subject, session, piece, data } of [...messages, ...messages.toReversed()]) await say(connection, subject, session, piece, data);
    worker.session.report(epochReport(3));
    await worker.session.whenAnswered();
    assert.deepEqual(coordinator.epochs(), [0, 1, 2, 3]);
    assert.equal(coordinator.opened_.items.length, 1);
    assert.deepEqual(worker.connections.items, ['up', 'down', 'up']);
  });

  it('begin anew where a report is missing, and it is said again', LIMIT, async (context) => {
    const fleet = newFleet();
    const coordinator = new ScriptedCoordinator();
    const { warnings } = await coordinate(context, fleet, coordinator, { epoch: 1 });
    const worker = startWorker(context, linkTo(fleet));
    worker.session.report(epochReport(0));
    await worker.session.whenAnswered();
    const connection = await admin(context);
    const [last] = (await stored(connection, fleet)).toReversed();
    assert.ok(last);
    // A piece from the future: those between it and the last have been lost.
    await say(connection, last.subject, last.session, '9', last.data);
    await coordinator.closed_.count(1);
    worker.session.report(epochReport(1));
    await worker.session.whenAnswered();
    assert.deepEqual(coordinator.epochs(), [0, 1]);
    assert.ok(warnings.items.some((line) => /piece \d was lost: found piece 9/.test(line)), warnings.items.join('\n'));
  });

  for (const [what, header, value] of [
    ['one in between', HEADERS.piece, '7'],
    ['the last one', HEADERS.sent, '2'],
  ] as const) {
    it(`begin anew where something that the coordinator sent is missing: ${what}`, LIMIT, async (context) => {
      const fleet = newFleet();
      const coordinator = new ScriptedCoordinator();
      await coordinate(context, fleet, coordinator, { epoch: 1 });
      const worker = startWorker(context, linkTo(fleet));
      await worker.others.count(1);
      const connection = await admin(context);
      const [first] = await stored(connection, fleet);
      assert.ok(first);
      const headers = natsHeaders();
      headers.set(header, value);
      connection.publish(new Subjects(fleet).to('wrk_1', first.session), '', { headers });
      await worker.others.count(2);
      assert.deepEqual(worker.connections.items, ['up', 'down', 'up']);
      worker.session.report(epochReport(0));
      await worker.session.whenAnswered();
    });
  }

  it('that say hello for another worker than their subject names are refused', LIMIT, async (context) => {
    const fleet = newFleet();
    const coordinator = new ScriptedCoordinator();
    const { warnings } = await coordinate(context, fleet, coordinator, { epoch: 1 });
    startWorker(context, natsLink({ ...access('lead'), fleet, worker: 'wrk_2', token: TOKEN }));
    await warnings.until((lines) => lines.some((line) => line.includes('a hello of wrk_1 came on the subject of wrk_2')));
    assert.equal(coordinator.opened_.items.length, 0);
  });

  it('live with the permissions of README, and the same user cannot be another worker', LIMIT, async (context) => {
    const fleet = newFleet();
    const coordinator = new ScriptedCoordinator();
    await coordinate(context, fleet, coordinator, { epoch: 1 });
    const worker = startWorker(context, linkTo(fleet, 'one'));
    worker.session.report(epochReport(0));
    await worker.session.whenAnswered();
    const other = startWorker(context, natsLink({ ...access('one'), fleet, worker: 'wrk_2', token: TOKEN }));
    await other.refusals.count(1);
    assert.equal(other.refusals.items[0]?.code, 'Unauthenticated');
    assert.match(other.refusals.items[0].message, /does not allow this: .*; this worker's id is wrk_2, .*: copy the worker\.json that was made with its credentials .*, or make credentials for wrk_2$/);
  });

  it('are granted to the inbox of the worker alone: nobody is answered through another subject', LIMIT, async (context) => {
    const fleet = newFleet();
    const subjects = new Subjects(fleet);
    await coordinate(context, fleet, new ScriptedCoordinator(), { epoch: 1 });
    const connection = await connect({ servers: server.address, user: 'lead', pass: 'p', inboxPrefix: subjects.inbox('wrk_1') });
    context.after(() => connection.close());
    // From then on it listens.
    const lead = connection.subscribe(subjects.lead, { max: 1 });
    await lead[Symbol.asyncIterator]().next();
    const answers: string[] = [];
    const elsewhere = [subjects.inbox('wrk_2') + '.x', subjects.inbox('wrk_1'), '_INBOX.x', subjects.from('wrk_2')];
    for (const subject of elsewhere) {
      connection.subscribe(subject, { callback: (_, message) => void answers.push(message.subject) });
      connection.publish(subjects.ask('wrk_1'), '', { reply: subject });
    }
    connection.publish(subjects.ask('wrk_1'), '');
    // The coordinator answers in the order of the questions.
    assert.match((await connection.request(subjects.ask('wrk_1'))).string(), /^1-/);
    assert.deepEqual(answers, []);
  });

  it('are looked for in vain in another account, with a line that says what is needed', LIMIT, async (context) => {
    const fleet = newFleet();
    await coordinate(context, fleet, new ScriptedCoordinator(), { epoch: 1 });
    const closed = new Recorder<{ readonly message: string; readonly retry: boolean }>();
    linkTo(fleet, 'stranger').connect({ received: () => undefined, closed: (why) => closed.push(why) });
    await closed.count(1);
    assert.equal(closed.items[0]?.retry, true);
    assert.match(closed.items[0].message, /^no coordinator of fleet fleet\d+ is heard at nats:\/\/127\.0\.0\.1:\d+; it must run with --nats, the same --fleet and an account that shares its subjects$/);
  });
});

describe('the stream of a fleet', () => {
  const limits = { maxAgeMs: 10_000, maxMessages: 20, maxBytes: 2 ** 20 };

  it('has the limits that were asked for, and one that has others is brought in line', LIMIT, async (context) => {
    const fleet = newFleet();
    const manager = await jetstreamManager(await admin(context));
    const { stream, fromAnyone } = new Subjects(fleet);
    await manager.streams.add({ name: stream, subjects: [fromAnyone], max_msgs: 5 });
    await coordinate(context, fleet, new ScriptedCoordinator(), { epoch: 1, limits });
    const { config } = await manager.streams.info(stream);
    assert.deepEqual([config.max_msgs, config.max_bytes, config.max_age, config.discard, config.storage], [20, 2 ** 20, nanos(10_000), 'old', 'file']);
  });

  it('is refused with one line where it cannot be what it must be', LIMIT, async (context) => {
    const fleet = newFleet();
    const manager = await jetstreamManager(await admin(context));
    const { stream, fromAnyone } = new Subjects(fleet);
    await manager.streams.add({ name: stream, subjects: [fromAnyone], retention: RetentionPolicy.Workqueue });
    await assert.rejects(coordinate(context, fleet, new ScriptedCoordinator(), { epoch: 1 }), (error) => error instanceof StreamUnfit && /keeps by workqueue, expected limits; delete it \(nats stream rm TRAWL_fleet\d+\), or take another --fleet$/.test(error.message));
    const other = newFleet();
    await manager.streams.add({ name: 'SOMETHING', subjects: [new Subjects(other).fromAnyone] });
    await assert.rejects(coordinate(context, other, new ScriptedCoordinator(), { epoch: 1 }), (error) => error instanceof StreamUnfit && /another stream holds trawl\.fleet\d+\.from\.\*/.test(error.message));
  });

  it('may be so small that it forgets what nobody has read yet: every report arrives, in order', LIMIT, async (context) => {
    const fleet = newFleet();
    const coordinator = new ScriptedCoordinator();
    const { warnings } = await coordinate(context, fleet, coordinator, { epoch: 1, limits: { ...limits, maxMessages: 2 } });
    const worker = startWorker(context, linkTo(fleet));
    await worker.others.count(1);
    const connection = await admin(context);
    const { stream } = new Subjects(fleet);
    const fromOther = new Subjects(fleet).from('wrk_9');
    const wasLost = (): boolean => warnings.items.some((line) => line.includes('was lost'));
    let epoch = 0;
    for (; epoch < 50 || !wasLost(); epoch++) {
      worker.session.report(epochReport(epoch));
      // The server forgets as fast as it can.
      for (let index = 0; index < 100; index++) connection.publish(fromOther, 'nobody waits for this');
      await connection.flush();
    }
    await worker.session.whenAnswered();
    assert.deepEqual([...new Set(coordinator.epochs())], [...Array(epoch).keys()]);
    const { state } = await (await jetstreamManager(connection)).streams.info(stream);
    assert.equal(state.messages, 2);
  });

  it('may be deleted: it is made anew, and what was not answered is said again', LIMIT, async (context) => {
    const fleet = newFleet();
    const coordinator = new ScriptedCoordinator(welcomeOnly);
    const { warnings } = await coordinate(context, fleet, coordinator, { epoch: 1 });
    const worker = startWorker(context, linkTo(fleet));
    worker.session.report(epochReport(0));
    await coordinator.messages.count(2);
    coordinator.react = new ScriptedCoordinator().react;
    await (await jetstreamManager(await admin(context))).streams.delete(new Subjects(fleet).stream);
    await worker.session.whenAnswered();
    assert.deepEqual(coordinator.epochs(), [0, 0]);
    assert.ok(warnings.items.some((line) => line.includes(`the stream TRAWL_${fleet}`) && line.includes('cannot be read')), warnings.items.join('\n'));
  });
});

describe('a nats-server', () => {
  const users = ['authorization { users: [{user: lead, password: p}] }'];

  async function another(context: TestContext, config: readonly string[]): Promise<NatsServer> {
    const own = new NatsServer({ config: [...users, ...config] });
    context.after(() => own.stop());
    await own.start();
    return own;
  }

  it('may be killed and started again: both sides come back, and nothing is lost', LIMIT, async (context) => {
    const own = await another(context, []);
    const fleet = newFleet();
    const coordinator = new ScriptedCoordinator();
    const { warnings } = await coordinate(context, fleet, coordinator, { epoch: 1, at: own });
    const worker = startWorker(context, linkTo(fleet, 'lead', own));
    worker.session.report(epochReport(0));
    await worker.session.whenAnswered();
    await own.kill();
    await coordinator.closed_.count(1);
    worker.session.report(epochReport(1));
    await own.start();
    await worker.session.whenAnswered();
    assert.deepEqual(coordinator.epochs(), [0, 1]);
    assert.ok(warnings.items.some((line) => /the connection to nats:\/\/127\.0\.0\.1:\d+ broke/.test(line)), warnings.items.join('\n'));
  });

  it('that takes little per message carries offers of any length in pieces', LIMIT, async (context) => {
    const own = await another(context, ['max_payload: 8192']);
    const fleet = newFleet();
    const coordinator = new ScriptedCoordinator();
    await coordinate(context, fleet, coordinator, { epoch: 1, at: own });
    const worker = startWorker(context, linkTo(fleet, 'lead', own));
    await worker.others.count(1);
    const keys = Array.from({ length: 5_000 }, (_, index) => index.toString(16).padStart(64, '0'));
    const long: Offer = { ...offer, work: { ...offer.work, kind: 'train', to: keys.length, keys, epochs: keys.map((_, index) => ({ values: { lr: 1 / (index + 1) } })) } as Offer['work'] };
    coordinator.opened_.items[0]?.send(long);
    await worker.others.count(2);
    assert.deepEqual(worker.others.items[1], long);
    worker.session.report({ kind: 'finished', attempt: 'att_1', token: 'lease', outcome: { class: 'TrainableError', message: 'm'.repeat(100_000), neededBytes: null }, log: '' });
    await worker.session.whenAnswered();
  });

  it('that takes next to nothing is refused with a line', LIMIT, async (context) => {
    const own = await another(context, ['max_payload: 1024']);
    await assert.rejects(coordinate(context, newFleet(), new ScriptedCoordinator(), { epoch: 1, at: own }), (error) => error instanceof NatsUnavailable && error.message.endsWith('takes messages of 1024 bytes at most; raise its max_payload to 4096 or more'));
  });
});
