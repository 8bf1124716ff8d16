import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ProtocolError } from '../../../proto/codec.js';
import type { Answer, CoordinatorMessage, LeaseRef, Refused, ReliableMessage, WorkerMessage } from '../../../proto/messages.js';
import type { Connection, Link, LinkClosed, LinkHandler } from '../../../worker/link/link.js';
import type { Report } from '../../../worker/link/session.js';
import { backoffMs, WorkerSession } from '../../../worker/link/session.js';

/** Time that passes only when a test says so. */
class ManualClock {
  now = 0;
  #timers: { readonly at: number; readonly act: () => void }[] = [];

  after(ms: number, act: () => void): () => void {
    const timer = { at: this.now + ms, act };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** When each pending timer is due. */
  due(): number[] {
    return this.#timers.map((timer) => timer.at - this.now);
  }

  advance(ms: number): void {
    const end = this.now + ms;
    for (;;) {
      const next = this.#timers.filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#timers = this.#timers.filter((other) => other !== next);
      this.now = next.at;
      next.act();
    }
    this.now = end;
  }
}

/** One connection as the test's coordinator sees it. */
class FakeConnection implements Connection {
  readonly sent: WorkerMessage[] = [];
  readonly #handler: LinkHandler;
  closed = false;

  constructor(handler: LinkHandler) {
    this.#handler = handler;
  }

  send(message: WorkerMessage): void {
    this.sent.push(message);
  }

  close(): void {
    this.break({ code: 'Disconnected', message: 'the session has ended', retry: true });
  }

  say(message: CoordinatorMessage): void {
    this.#handler.received(message);
  }

  break(why: LinkClosed = { code: 'Unavailable', message: 'no coordinator answers', retry: true }): void {
    if (this.closed) return;
    this.closed = true;
    this.#handler.closed(why);
  }

  welcome(): void {
    this.say({ kind: 'welcome', leaseTermMs: 30_000, heartbeatMs: 1_000, lost: [] });
  }

  answer(seq: number): void {
    this.say({ kind: 'answer', seq, verdict: 'ok', next: 'continue', keep: false, evaluate: false });
  }
}

interface Stage {
  readonly clock: ManualClock;
  readonly session: WorkerSession;
  readonly connections: FakeConnection[];
  readonly log: string[];
  readonly answered: [Answer, ReliableMessage][];
  readonly refusals: Refused[];
  running: LeaseRef[];
  last(): FakeConnection;
}

function setStage(outboxHighMark = 100): Stage {
  const clock = new ManualClock();
  const connections: FakeConnection[] = [];
  const link: Link = {
    connect(handler) {
      const connection = new FakeConnection(handler);
      connections.push(connection);
      return connection;
    },
  };
  const log: string[] = [];
  const answered: [Answer, ReliableMessage][] = [];
  const refusals: Refused[] = [];
  const stage: Stage = {
    clock,
    connections,
    log,
    answered,
    refusals,
    running: [],
    last: () => connections.at(-1)!,
    session: new WorkerSession({
      link,
      clock,
      random: () => 1,
      outboxHighMark,
      hello: () => ({ features: [], worker: 'wrk_1', name: 'box', slots: 1, memoryBytes: 1, slotMemoryBytes: 1, numerics: [], node: '20', leases: stage.running, waiting: [] }),
      handler: {
        welcome: () => log.push('welcome'),
        offer: () => log.push('offer'),
        keep: () => log.push('keep'),
        cancel: () => log.push('cancel'),
        askedToDrain: () => log.push('drain'),
        restore: ({ blob }) => log.push(`restore ${blob}`),
        follow: ({ attempt, from }) => log.push(`follow ${attempt} from ${from}`),
        answer: (answer, message) => answered.push([answer, message]),
        refused: (refused) => refusals.push(refused),
        connection: (state, why) => log.push(`${state}: ${why}`),
      },
    }),
  };
  return stage;
}

const finished = (attempt: string): Report => ({ kind: 'finished', attempt, token: `token of ${attempt}`, outcome: { class: 'done', message: '', neededBytes: null }, log: '' });
const seqs = (connection: FakeConnection): number[] => connection.sent.flatMap((message) => ('seq' in message ? [message.seq] : []));

describe('WorkerSession', () => {
  it('says hello with the held leases, those of unanswered messages among them, once each', () => {
    const stage = setStage();
    stage.running = [{ attempt: 'att_1', token: 'token of att_1' }];
    stage.session.start();
    stage.last().welcome();
    stage.session.report(finished('att_1'));
    stage.session.report(finished('att_2'));
    stage.last().break();
    stage.clock.advance(100);
    const [hello] = stage.last().sent;
    assert.equal(hello?.kind, 'hello');
    assert.deepEqual(hello.leases, [
      { attempt: 'att_1', token: 'token of att_1' },
      { attempt: 'att_2', token: 'token of att_2' },
    ]);
  });

  it('sends nothing reliable before the welcome, then everything unanswered in order', () => {
    const stage = setStage();
    stage.session.report(finished('a'));
    stage.session.start();
    stage.session.report(finished('b'));
    assert.deepEqual(seqs(stage.last()), []);
    stage.last().welcome();
    stage.session.report(finished('c'));
    assert.deepEqual(seqs(stage.last()), [1, 2, 3]);
    stage.last().answer(2);
    stage.last().break();
    stage.clock.advance(100);
    stage.last().welcome();
    assert.deepEqual(seqs(stage.last()), [1, 3]);
  });

  it('hands on one answer per message, however often it is answered', () => {
    const stage = setStage();
    stage.session.start();
    stage.last().welcome();
    stage.session.report(finished('a'));
    stage.last().answer(1);
    stage.last().answer(1);
    stage.last().answer(99);
    assert.deepEqual(stage.answered.map(([answer, message]) => [answer.seq, message.attempt]), [[1, 'a']]);
  });

  it('backs off from 0.1 s to 5 s, at least half of it, and starts over after a welcome', () => {
    // 100 ms doubled up to 5 s, by hand; chance takes up to half away.
    assert.deepEqual([0, 1, 2, 3, 4, 5, 6, 60].map((attempt) => backoffMs(attempt, () => 1)), [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
    assert.deepEqual([0, 6].map((attempt) => backoffMs(attempt, () => 0)), [50, 2_500]);
    const stage = setStage();
    stage.session.start();
    for (const expected of [100, 200, 400]) {
      stage.last().break();
      assert.deepEqual(stage.clock.due(), [expected]);
      stage.clock.advance(expected);
    }
    stage.last().welcome();
    stage.last().break();
    assert.deepEqual(stage.clock.due(), [100]);
    assert.equal(stage.connections.length, 4);
  });

  it('tells of an outage once', () => {
    const stage = setStage();
    stage.session.start();
    stage.last().break();
    stage.clock.advance(100);
    stage.last().break();
    stage.clock.advance(200);
    stage.last().welcome();
    stage.last().break();
    assert.deepEqual(stage.log.map((line) => line.split(':')[0]), ['down', 'up', 'welcome', 'down']);
  });

  it('sends heartbeats as often as the welcome asks, and none while the line is down', () => {
    const stage = setStage();
    stage.session.start();
    stage.last().welcome();
    stage.clock.advance(3_500);
    assert.equal(stage.last().sent.filter((message) => message.kind === 'heartbeat').length, 3);
    const before = stage.last();
    before.break();
    stage.clock.advance(5_000);
    assert.equal(before.sent.filter((message) => message.kind === 'heartbeat').length, 3);
  });

  it('gives up a connection that answers no hello, and says so', () => {
    const stage = setStage();
    stage.session.start();
    stage.clock.advance(10_000);
    assert.equal(stage.connections[0]?.closed, true);
    assert.match(stage.log[0] ?? '', /down: .*hello.*10 s/);
    stage.clock.advance(100);
    assert.equal(stage.connections.length, 2);
  });

  it('ends for good on a refusal that asks for no retry, and comes back on one that does', () => {
    const stage = setStage();
    stage.session.start();
    stage.last().say({ kind: 'refused', code: 'NotLeader', message: 'a standby', retry: true });
    stage.clock.advance(100);
    assert.equal(stage.connections.length, 2);
    stage.last().say({ kind: 'refused', code: 'ProtocolVersion', message: 'the worker speaks 2, the coordinator 1', retry: false });
    stage.clock.advance(60_000);
    assert.equal(stage.connections.length, 2);
    assert.deepEqual(stage.refusals.map((refused) => refused.code), ['NotLeader', 'ProtocolVersion']);
    assert.deepEqual(stage.clock.due(), []);
  });

  it('takes a refused token for the end', () => {
    const stage = setStage();
    stage.session.start();
    stage.last().break({ code: 'Unauthenticated', message: 'the token was refused', retry: false });
    assert.deepEqual(stage.refusals, [{ kind: 'refused', code: 'Unauthenticated', message: 'the token was refused', retry: false }]);
    assert.deepEqual(stage.clock.due(), []);
  });

  it('is congested from the mark on until half of it is answered, and drops nothing', async () => {
    const stage = setStage(10);
    stage.session.start();
    stage.last().welcome();
    for (let number = 0; number < 12; number++) stage.session.report(finished(`att_${number}`));
    assert.equal(stage.session.congested, true);
    let roomy = false;
    const waiting = stage.session.whenRoomy().then(() => {
      roomy = true;
    });
    for (let seq = 1; seq <= 6; seq++) stage.last().answer(seq);
    await Promise.resolve();
    assert.equal(roomy, false);
    stage.last().answer(7);
    await waiting;
    assert.equal(stage.session.congested, false);
    assert.equal(stage.session.unanswered, 5);
    assert.deepEqual(seqs(stage.last()), [...Array(12).keys()].map((index) => index + 1));
  });

  it('refuses a report that no frame can hold, and numbers the next as if it had not been', () => {
    const stage = setStage();
    assert.throws(() => stage.session.report({ kind: 'checkpoint', attempt: 'a', token: 't', epoch: 0, key: 'no key', blob: 'no blob', bytes: 1 }), ProtocolError);
    stage.session.report(finished('a'));
    stage.session.start();
    stage.last().welcome();
    assert.deepEqual(seqs(stage.last()), [1]);
  });

  it('stops with no timer left, and starts again', async () => {
    const stage = setStage();
    stage.session.start();
    stage.last().welcome();
    await stage.session.stop();
    await stage.session.stop();
    assert.deepEqual(stage.clock.due(), []);
    assert.equal(stage.last().closed, true);
    stage.session.start();
    assert.equal(stage.connections.length, 2);
    stage.last().break();
    await stage.session.stop();
    assert.deepEqual(stage.clock.due(), []);
  });
});
