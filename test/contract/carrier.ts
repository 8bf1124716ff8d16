/**
 * What every carrier of the session protocol must do, whatever it is made of. A carrier brings its
 * coordinator side, its link, and a way to send it bytes that are no frame.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import type { CarrierHandler, Peer } from '../../coordinator/dispatch/carrier.js';
import type { Answer, CoordinatorMessage, Hello, LeaseRef, Offer, Refused, ReliableMessage, Welcome, WorkerMessage } from '../../proto/messages.js';
import { PROTOCOL_VERSION } from '../../proto/messages.js';
import type { Link, LinkClosed } from '../../worker/link/link.js';
import type { Report } from '../../worker/link/session.js';
import { WorkerSession } from '../../worker/link/session.js';
import { Recorder } from './signals.js';
import { startTcpProxy } from './tcp-proxy.js';

export interface CoordinatorSide {
  readonly address: string;
  stop(): Promise<void>;
}

export interface CarrierUnderTest {
  readonly name: string;
  /** Listens on loopback; port 0 for any. */
  startCoordinatorSide(options: { readonly token: string; readonly port: number; readonly handler: CarrierHandler }): Promise<CoordinatorSide>;
  makeLink(options: { readonly address: string; readonly token: string }): Link;
  /** Sends, with the right token, bytes that are no frame; settles with what the far side says of them. */
  sendGarbage(address: string, token: string): Promise<string>;
}

const TOKEN = 'the-token';
const KEY = '5e'.repeat(32);
const LIMIT = { timeout: 20_000 };

export const helloOf = (leases: readonly LeaseRef[] = []): Omit<Hello, 'kind' | 'protocol'> => ({
  features: ['synthetic'],
  worker: 'wrk_1',
  name: 'box',
  slots: 2,
  memoryBytes: 8e9,
  slotMemoryBytes: 4e9,
  numerics: ['none'],
  node: '20.0.0',
  leases,
  waiting: [],
});

export function epochReport(epoch: number): Report {
  return { kind: 'epoch', attempt: 'att_1', token: 'lease', epoch, key: KEY, result: { metrics: { 'val.loss': 1 / (epoch + 1) }, confusion: null, diverged: false }, cost: { seconds: 0.5, steps: 3, params: 7, msPerImage: 0.25 } };
}

export const offer: Offer = {
  kind: 'offer',
  attempt: 'att_1',
  token: 'lease',
  work: {
    kind: 'train',
    trajectory: { format: 1, trainable: 'synthetic', version: 1, numerics: 'none', epochMs: 0, metrics: {}, salt: null },
    from: 0,
    to: 1,
    keys: [KEY],
    epochs: [{ values: { lr: 0.1 } }],
    checkpoint: null,
    keep: [],
    evaluate: [],
    awaitFrom: 0,
    dataset: null,
    memoryBytes: null,
    timeoutMs: null,
    silenceMs: null,
    checkpointEveryMs: 1_000,
  },
};

const welcome: Welcome = { kind: 'welcome', leaseTermMs: 60_000, heartbeatMs: 10_000, lost: [] };

function answerTo(seq: number): Answer {
  return { kind: 'answer', seq, verdict: 'ok', next: 'continue', keep: false, evaluate: false };
}

/** Records what a coordinator sees, and does what the test says about it. */
export class ScriptedCoordinator implements CarrierHandler {
  readonly opened_ = new Recorder<Peer>();
  readonly closed_ = new Recorder<Peer>();
  readonly messages = new Recorder<WorkerMessage>();
  react: (peer: Peer, message: WorkerMessage) => void;

  constructor(react: (peer: Peer, message: WorkerMessage) => void = welcomeAndAnswer) {
    this.react = react;
  }

  opened(peer: Peer): void {
    this.opened_.push(peer);
  }

  received(peer: Peer, message: WorkerMessage): void {
    this.messages.push(message);
    this.react(peer, message);
  }

  closed(peer: Peer): void {
    this.closed_.push(peer);
  }

  /** The epochs that were reported, in the order in which they came. */
  epochs(): number[] {
    return this.messages.items.flatMap((message) => (message.kind === 'epoch' ? [message.epoch] : []));
  }
}

function welcomeAndAnswer(peer: Peer, message: WorkerMessage): void {
  if (message.kind === 'hello') peer.send(welcome);
  if ('seq' in message) peer.send(answerTo(message.seq));
}

export function welcomeOnly(peer: Peer, message: WorkerMessage): void {
  if (message.kind === 'hello') peer.send(welcome);
}

interface AnsweredReport {
  readonly answer: Answer;
  readonly message: ReliableMessage;
}

export interface TestWorker {
  readonly session: WorkerSession;
  readonly answers: Recorder<AnsweredReport>;
  readonly others: Recorder<CoordinatorMessage>;
  readonly refusals: Recorder<Refused>;
  readonly connections: Recorder<'up' | 'down'>;
}

export function startWorker(context: TestContext, link: Link, leases: readonly LeaseRef[] = []): TestWorker {
  const answers = new Recorder<AnsweredReport>();
  const others = new Recorder<CoordinatorMessage>();
  const refusals = new Recorder<Refused>();
  const connections = new Recorder<'up' | 'down'>();
  const other = (message: CoordinatorMessage): void => others.push(message);
  const session = new WorkerSession({
    link,
    hello: () => helloOf(leases),
    handler: {
      welcome: other,
      offer: other,
      keep: other,
      cancel: other,
      askedToDrain: () => others.push({ kind: 'drain' }),
      restore: other,
      follow: other,
      answer: (answer, message) => answers.push({ answer, message }),
      refused: (refused) => refusals.push(refused),
      connection: (state) => connections.push(state),
    },
  });
  context.after(() => session.stop());
  session.start();
  return { session, answers, others, refusals, connections };
}

export function carrierContract(carrier: CarrierUnderTest): void {
  async function coordinate(context: TestContext, handler: CarrierHandler, port = 0): Promise<CoordinatorSide> {
    const side = await carrier.startCoordinatorSide({ token: TOKEN, port, handler });
    context.after(() => side.stop());
    return side;
  }

  const linkTo = (address: string, token = TOKEN): Link => carrier.makeLink({ address, token });

  /** A connection without a session above it, for what no session would send. */
  function connectRaw(address: string, first: WorkerMessage): { received: Recorder<CoordinatorMessage>; closed: Recorder<LinkClosed>; close(): void } {
    const received = new Recorder<CoordinatorMessage>();
    const closed = new Recorder<LinkClosed>();
    const connection = linkTo(address).connect({ received: (message) => received.push(message), closed: (why) => closed.push(why) });
    connection.send(first);
    return { received, closed, close: () => connection.close() };
  }

  describe(`the ${carrier.name} carrier`, () => {
    it('opens a session with the hello and brings the welcome back', LIMIT, async (context) => {
      const coordinator = new ScriptedCoordinator();
      const { address } = await coordinate(context, coordinator);
      const leases = [{ attempt: 'att_7', token: 'tok' }];
      const worker = startWorker(context, linkTo(address), leases);
      await worker.others.count(1);
      assert.deepEqual(coordinator.messages.items, [{ kind: 'hello', protocol: PROTOCOL_VERSION, ...helloOf(leases) }]);
      assert.deepEqual(worker.others.items, [welcome]);
      assert.deepEqual(worker.connections.items, ['up']);
      assert.equal(coordinator.opened_.items.length, 1);
    });

    it('keeps the order of messages in both directions', LIMIT, async (context) => {
      const coordinator = new ScriptedCoordinator(welcomeOnly);
      const { address } = await coordinate(context, coordinator);
      const worker = startWorker(context, linkTo(address));
      await worker.others.count(1);
      for (let epoch = 0; epoch < 500; epoch++) worker.session.report(epochReport(epoch));
      await coordinator.messages.count(501);
      assert.deepEqual(coordinator.epochs(), [...Array(500).keys()]);
      const peer = coordinator.opened_.items[0]!;
      peer.send(offer);
      for (let epoch = 0; epoch < 500; epoch++) peer.send({ kind: 'keep', attempt: 'att_1', epoch });
      peer.send({ kind: 'cancel', attempt: 'att_1', how: 'release' });
      await worker.others.count(503);
      assert.deepEqual(worker.others.items[1], offer);
      assert.deepEqual(worker.others.items.slice(2, 502).map((message) => message.kind === 'keep' && message.epoch), [...Array(500).keys()]);
      assert.deepEqual(worker.others.items[502], { kind: 'cancel', attempt: 'att_1', how: 'release' });
    });

    it('carries what an attempt prints, and the question for it, byte by byte and between reports in their order', LIMIT, async (context) => {
      const coordinator = new ScriptedCoordinator(welcomeOnly);
      const { address } = await coordinate(context, coordinator);
      const worker = startWorker(context, linkTo(address));
      await worker.others.count(1);
      const follow = { kind: 'follow', attempt: 'att_1', token: 'lease', from: 5, forMs: 10_000 } as const;
      coordinator.opened_.items[0]!.send(follow);
      await worker.others.count(2);
      assert.deepEqual(worker.others.items[1], follow);
      // Every byte there is: what is printed need not be text.
      const text = Uint8Array.from({ length: 32 * 1024 }, (_, index) => index % 256);
      worker.session.report(epochReport(0));
      worker.session.mention({ kind: 'log', attempt: 'att_1', token: 'lease', from: 5, text });
      worker.session.report(epochReport(1));
      await coordinator.messages.count(4);
      const [, first, log, second] = coordinator.messages.items;
      assert.deepEqual([first?.kind, second?.kind], ['epoch', 'epoch']);
      assert.ok(log?.kind === 'log' && log.from === 5 && Buffer.from(log.text).equals(text));
    });

    it('matches answers to reports by their number, in whatever order they come', LIMIT, async (context) => {
      const coordinator = new ScriptedCoordinator(welcomeOnly);
      const { address } = await coordinate(context, coordinator);
      const worker = startWorker(context, linkTo(address));
      for (let epoch = 0; epoch < 3; epoch++) worker.session.report(epochReport(epoch));
      await coordinator.messages.count(4);
      const peer = coordinator.opened_.items[0]!;
      const seqs = coordinator.messages.items.flatMap((message) => ('seq' in message ? [message.seq] : []));
      peer.send({ ...answerTo(seqs[2]!), verdict: 'stale', next: 'stop' });
      peer.send({ ...answerTo(seqs[0]!), keep: true });
      peer.send({ ...answerTo(seqs[1]!), evaluate: true });
      await worker.answers.count(3);
      const seen = worker.answers.items.map(({ answer, message }) => [message.kind === 'epoch' && message.epoch, answer.verdict, answer.next, answer.keep, answer.evaluate]);
      assert.deepEqual(seen, [
        [2, 'stale', 'stop', false, false],
        [0, 'ok', 'continue', true, false],
        [1, 'ok', 'continue', false, true],
      ]);
      assert.equal(worker.session.unanswered, 0);
    });

    it('loses nothing when the connection is cut, and keeps the order', LIMIT, async (context) => {
      const coordinator = new ScriptedCoordinator();
      const side = await coordinate(context, coordinator);
      const proxy = await startTcpProxy(side.address);
      context.after(() => proxy.close());
      const worker = startWorker(context, linkTo(proxy.address));
      await worker.others.count(1);
      for (let epoch = 0; epoch < 30; epoch++) {
        worker.session.report(epochReport(epoch));
        if (epoch % 10 === 5) {
          await worker.answers.count(epoch - 2);
          proxy.cut();
        }
      }
      await worker.session.whenAnswered();
      assert.deepEqual([...new Set(coordinator.epochs())], [...Array(30).keys()]);
      assert.ok(worker.connections.items.includes('down'), 'the worker noticed the cut');
    });

    it('shows the coordinator a report twice when its answer was lost, and the worker one answer', LIMIT, async (context) => {
      const coordinator = new ScriptedCoordinator();
      const side = await coordinate(context, coordinator);
      const proxy = await startTcpProxy(side.address);
      context.after(() => proxy.close());
      const worker = startWorker(context, linkTo(proxy.address));
      await worker.others.count(1);
      proxy.muteAnswers();
      worker.session.report(epochReport(0));
      await coordinator.messages.count(2);
      proxy.cut();
      await worker.answers.count(1);
      assert.deepEqual(coordinator.epochs(), [0, 0]);
      const hello = coordinator.messages.items.findLast((message) => message.kind === 'hello');
      assert.deepEqual(hello?.leases, [{ attempt: 'att_1', token: 'lease' }]);
      await coordinator.closed_.count(1);
      assert.equal(worker.answers.items.length, 1);
    });

    it('refuses a wrong token for good, with a line that says so', LIMIT, async (context) => {
      const coordinator = new ScriptedCoordinator();
      const { address } = await coordinate(context, coordinator);
      const worker = startWorker(context, linkTo(address, 'another-token'));
      await worker.refusals.count(1);
      const [refused] = worker.refusals.items;
      assert.equal(refused?.code, 'Unauthenticated');
      assert.equal(refused.retry, false);
      assert.match(refused.message, /token/);
      assert.doesNotMatch(refused.message, /another-token|the-token|\n/);
      assert.equal(coordinator.opened_.items.length, 0);
    });

    it('refuses another protocol version, naming both', LIMIT, async (context) => {
      const coordinator = new ScriptedCoordinator();
      const { address } = await coordinate(context, coordinator);
      const raw = connectRaw(address, { kind: 'hello', protocol: 99, ...helloOf() });
      await raw.closed.count(1);
      const [refused] = raw.received.items;
      assert.equal(refused?.kind, 'refused');
      assert.equal(refused.code, 'ProtocolVersion');
      assert.equal(refused.retry, false);
      assert.match(refused.message, new RegExp(`99.*${PROTOCOL_VERSION}`));
      assert.equal(coordinator.opened_.items.length, 0);
    });

    it('ends a session whose first message is no hello', LIMIT, async (context) => {
      const coordinator = new ScriptedCoordinator();
      const { address } = await coordinate(context, coordinator);
      const raw = connectRaw(address, { kind: 'heartbeat' });
      await raw.closed.count(1);
      assert.equal(raw.closed.items[0]?.code, 'BadMessage');
      assert.equal(coordinator.opened_.items.length, 0);
    });

    it('ends the session that sends garbage, and no other', LIMIT, async (context) => {
      const coordinator = new ScriptedCoordinator();
      const { address } = await coordinate(context, coordinator);
      const worker = startWorker(context, linkTo(address));
      await worker.others.count(1);
      const complaint = await carrier.sendGarbage(address, TOKEN);
      assert.match(complaint, /cannot be read/);
      worker.session.report(epochReport(0));
      await worker.answers.count(1);
      assert.deepEqual(worker.connections.items, ['up']);
    });

    it('comes back to a coordinator that was not the leader at first', LIMIT, async (context) => {
      let asked = 0;
      const coordinator = new ScriptedCoordinator((peer, message) => {
        if (message.kind !== 'hello') return;
        asked += 1;
        if (asked > 2) {
          peer.send(welcome);
          return;
        }
        peer.send({ kind: 'refused', code: 'NotLeader', message: 'this coordinator is a standby', retry: true });
        peer.close();
      });
      const { address } = await coordinate(context, coordinator);
      const worker = startWorker(context, linkTo(address));
      await worker.others.count(1);
      assert.deepEqual(worker.refusals.items.map((refused) => refused.code), ['NotLeader', 'NotLeader']);
      assert.deepEqual(worker.connections.items, ['down', 'up']);
    });

    it('delivers the outbox to a coordinator that was restarted on the same port', LIMIT, async (context) => {
      const before = new ScriptedCoordinator(welcomeOnly);
      const first = await coordinate(context, before);
      const worker = startWorker(context, linkTo(first.address));
      await worker.others.count(1);
      worker.session.report(epochReport(0));
      await before.messages.count(2);
      await first.stop();
      await before.closed_.count(1);
      worker.session.report(epochReport(1));
      const after = new ScriptedCoordinator();
      await coordinate(context, after, Number(first.address.split(':').at(-1)));
      await worker.session.whenAnswered();
      assert.deepEqual(after.epochs(), [0, 1]);
    });

    it('carries ten thousand reports and their answers', LIMIT, async (context) => {
      const coordinator = new ScriptedCoordinator();
      const { address } = await coordinate(context, coordinator);
      const worker = startWorker(context, linkTo(address));
      for (let epoch = 0; epoch < 10_000; epoch++) worker.session.report(epochReport(epoch));
      await worker.session.whenAnswered();
      assert.deepEqual(coordinator.epochs(), [...Array(10_000).keys()]);
      assert.equal(worker.answers.items.length, 10_000);
    });

    it('delivers what was sent before a close, on both sides, and tells the coordinator once', LIMIT, async (context) => {
      const coordinator = new ScriptedCoordinator();
      const { address } = await coordinate(context, coordinator);
      const worker = startWorker(context, linkTo(address));
      await worker.others.count(1);
      worker.session.report(epochReport(0));
      await worker.session.stop();
      await coordinator.closed_.count(1);
      assert.deepEqual(coordinator.epochs(), [0]);
      assert.equal(coordinator.closed_.items.length, 1);
      coordinator.closed_.items[0]!.send(welcome);
    });

    it('leaves no socket and no timer when both sides have stopped', LIMIT, async (context) => {
      // Only what is still there after garbage was collected by the loop counts: closing takes a few turns.
      const open = (): string[] => process.getActiveResourcesInfo().filter((resource) => /TCP|Timeout|Pipe/.test(resource)).sort();
      // What an earlier test has closed may take a few turns too.
      while (open().some((resource) => resource.includes('TCP'))) await new Promise((resolve) => setImmediate(resolve));
      const before = open();
      const coordinator = new ScriptedCoordinator();
      const side = await coordinate(context, coordinator);
      const worker = startWorker(context, linkTo(side.address));
      await worker.others.count(1);
      await worker.session.stop();
      await side.stop();
      while (open().length > before.length) await new Promise((resolve) => setImmediate(resolve));
      assert.deepEqual(open(), before);
    });
  });
}
