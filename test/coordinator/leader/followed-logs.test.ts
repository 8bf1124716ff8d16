/** What attempts print while they run, at the dispatcher. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Dispatcher, TICK_MS, type TurnOutput } from '../../../coordinator/leader/dispatcher.js';
import { FOLLOW_FOR_MS, MOST_FOLLOWED, READER_GONE_MS, RENEW_MS, type LiveLog } from '../../../coordinator/leader/followed-logs.js';
import { FEATURE_LOG, PROTOCOL_VERSION, type CoordinatorMessage, type Hello, type LeaseRef, type Offer } from '../../../proto/messages.js';
import { factsOf, pathOf } from '../../simulation/sweeps.js';

const PATHS = Array.from({ length: 2 * MOST_FOLLOWED }, (_, trial) => pathOf([trial]));

class Stage {
  readonly dispatcher: Dispatcher;
  now = 0;
  #seq = 0;

  constructor() {
    let ids = 0;
    this.dispatcher = new Dispatcher({ leaseTermMs: 1_000_000, heartbeatMs: 200, checkpointEveryMs: 1_000, newId: (prefix) => `${prefix}_${(ids += 1)}`, proposingOf: () => null, newToken: () => `t${(ids += 1)}` });
    this.dispatcher.load(factsOf({ paths: PATHS, stop: null }), []);
  }

  /** A worker says hello and begins what it is offered. */
  comes(worker: string, changes: Partial<Hello> = {}): Offer[] {
    this.dispatcher.received(worker, { kind: 'hello', protocol: PROTOCOL_VERSION, features: [FEATURE_LOG], worker, name: `box-${worker}`, slots: 1, memoryBytes: 8e9, slotMemoryBytes: 8e9, numerics: ['sim'], node: 'v20', leases: [], waiting: [], ...changes }, this.now);
    const offers = this.turn().sends.flatMap(({ message }) => (message.kind === 'offer' ? [message] : []));
    for (const { attempt } of offers) this.dispatcher.received(worker, { kind: 'progress', attempt, epoch: 0, step: 1, steps: 2, loss: 1 }, this.now);
    return offers;
  }

  turn(passedMs = TICK_MS): TurnOutput {
    this.now += passedMs;
    this.dispatcher.tick(this.now);
    this.dispatcher.settle(this.now);
    return this.dispatcher.take();
  }

  /** What is held of the logs of these offers' epochs, for somebody who reads. */
  read(offers: readonly Offer[]): LiveLog[] {
    return this.dispatcher.followLogs(new Set(offers.flatMap(({ work }) => (work.kind === 'train' ? work.keys : []))), this.now);
  }

  prints(worker: string, { attempt, token }: LeaseRef, from: number, text: string): void {
    this.dispatcher.received(worker, { kind: 'log', attempt, token, from, text: Buffer.from(text) }, this.now);
  }

  ends(worker: string, { attempt, token }: LeaseRef, passedMs = TICK_MS): TurnOutput {
    this.dispatcher.received(worker, { kind: 'finished', seq: (this.#seq += 1), attempt, token, outcome: { class: 'WorkerLost', message: 'said', neededBytes: null }, log: 'the end' }, this.now);
    return this.turn(passedMs);
  }
}

const asked = (output: TurnOutput): CoordinatorMessage[] => output.sends.flatMap(({ message }) => (message.kind === 'follow' ? [message] : []));
const words = (logs: readonly LiveLog[]): string[] => logs.flatMap(({ pieces }) => pieces.map(({ from, text }) => `${from}: ${Buffer.from(text).toString()}`));

describe('what attempts print', () => {
  it('is asked for only while somebody reads it, again and again, and no longer', () => {
    const stage = new Stage();
    const [offer] = stage.comes('a');
    assert.ok(offer !== undefined);
    const { attempt, token } = offer;
    assert.deepEqual(asked(stage.turn(60_000)), [], 'nobody reads');
    assert.deepEqual(stage.read([offer]), [{ attempt, worker: { id: 'a', name: 'box-a' }, kind: 'train', from: 0, to: offer.work.kind === 'train' ? offer.work.to : 0, state: 'live', pieces: [] }]);
    const follow = { kind: 'follow', attempt, token, from: 0, forMs: FOLLOW_FOR_MS } as const;
    assert.deepEqual(asked(stage.turn()), [follow]);
    stage.prints('a', offer, 0, 'one\n');
    stage.read([offer]);
    assert.deepEqual(asked(stage.turn()), [], 'it was asked a moment ago');
    stage.turn(RENEW_MS);
    stage.read([offer]);
    assert.deepEqual(asked(stage.turn()), [{ ...follow, from: 4 }]);
    assert.deepEqual(asked(stage.turn(READER_GONE_MS)), [{ ...follow, from: 4, forMs: 0 }]);
    assert.deepEqual(asked(stage.turn(60_000)), []);
  });

  it('is held once, in the order of its bytes, and with the gaps that there are', () => {
    const stage = new Stage();
    const [offer] = stage.comes('a');
    assert.ok(offer !== undefined);
    stage.read([offer]);
    stage.prints('a', offer, 10, 'ten\n');
    stage.prints('a', offer, 10, 'ten\nmore\n');
    stage.prints('a', offer, 12, 'n\n');
    stage.prints('a', offer, 100, 'hundred\n');
    assert.deepEqual(words(stage.read([offer])), ['10: ten\n', '14: more\n', '100: hundred\n']);
  });

  it('is not heard under a lease that is gone, from another worker, or where nobody reads', () => {
    const stage = new Stage();
    const [offer] = stage.comes('a');
    assert.ok(offer !== undefined);
    stage.comes('b');
    stage.prints('a', offer, 0, 'unread\n');
    assert.deepEqual(words(stage.read([offer])), []);
    stage.turn();
    stage.prints('a', { attempt: offer.attempt, token: 'of another' }, 0, 'forged\n');
    stage.prints('b', offer, 0, 'stolen\n');
    assert.deepEqual([words(stage.read([offer])), stage.turn().notes.stale], [[], 2]);
    stage.prints('a', offer, 0, 'true\n');
    assert.deepEqual(words(stage.read([offer])), ['0: true\n']);
    stage.ends('a', offer);
    stage.prints('a', offer, 5, 'late\n');
    assert.deepEqual([words(stage.read([offer])), stage.turn().notes.stale], [['0: true\n'], 1]);
  });

  it('has ended as soon as its attempt has, not at the next tick', () => {
    const stage = new Stage();
    const [offer] = stage.comes('a');
    assert.ok(offer !== undefined);
    stage.read([offer]);
    stage.turn();
    stage.prints('a', offer, 0, 'the last word\n');
    stage.ends('a', offer, 1);
    assert.deepEqual(stage.read([offer]).map(({ state }) => state), ['ended']);
    assert.deepEqual(words(stage.read([offer])), ['0: the last word\n']);
  });

  it('can be read to its end for a moment after the attempt has ended', () => {
    const stage = new Stage();
    const [offer] = stage.comes('a');
    assert.ok(offer !== undefined);
    stage.read([offer]);
    stage.turn();
    stage.prints('a', offer, 0, 'last words');
    stage.ends('a', offer);
    const own = (): LiveLog[] => stage.read([offer]).filter(({ attempt }) => attempt === offer.attempt);
    assert.deepEqual(own().map(({ state }) => state), ['ended']);
    assert.deepEqual(words(own()), ['0: last words']);
    stage.turn(READER_GONE_MS + TICK_MS);
    assert.deepEqual(own(), []);
  });

  it('is asked for anew in the next session of its worker, and under the next leader', () => {
    const stage = new Stage();
    const [offer] = stage.comes('a');
    assert.ok(offer !== undefined);
    const { attempt, token } = offer;
    stage.read([offer]);
    stage.turn();
    stage.prints('a', offer, 0, 'one\n');
    stage.comes('a', { leases: [{ attempt, token }] });
    stage.read([offer]);
    assert.deepEqual(asked(stage.turn()), [{ kind: 'follow', attempt, token, from: 4, forMs: FOLLOW_FOR_MS }]);
    const next = new Stage();
    next.dispatcher.adopt({ attempt, token, worker: 'a', kind: 'train', keys: offer.work.kind === 'train' ? offer.work.keys : [], from: 0, alone: false, payers: [] }, 0);
    next.comes('a', { leases: [{ attempt, token }] });
    next.read([offer]);
    assert.deepEqual(asked(next.turn()), [{ kind: 'follow', attempt, token, from: 0, forMs: FOLLOW_FOR_MS }]);
    next.prints('a', offer, 0, 'one\ntwo\n');
    assert.deepEqual(words(next.read([offer])), ['0: one\ntwo\n']);
  });

  it('is not asked for at a worker that does not know the question: the reader is told so', () => {
    const stage = new Stage();
    const [offer] = stage.comes('a', { features: [] });
    assert.ok(offer !== undefined);
    assert.deepEqual(stage.read([offer]).map(({ state, worker }) => [state, worker.name]), [['untold', 'box-a']]);
    assert.deepEqual(asked(stage.turn()), []);
  });

  it('is asked for of so many attempts at once; whoever comes then is told so', () => {
    const stage = new Stage();
    const offers = stage.comes('a', { slots: MOST_FOLLOWED + 1 });
    assert.equal(offers.length, MOST_FOLLOWED + 1);
    const states = stage.read(offers).map(({ state }) => state);
    assert.deepEqual([states.filter((state) => state === 'live').length, states.filter((state) => state === 'crowded').length], [MOST_FOLLOWED, 1]);
    assert.equal(asked(stage.turn()).length, MOST_FOLLOWED);
  });

  it('costs a bounded memory, however much comes: the oldest goes', () => {
    const stage = new Stage();
    const [offer] = stage.comes('a');
    assert.ok(offer !== undefined);
    stage.read([offer]);
    const line = 'x'.repeat(32 * 1024);
    for (let index = 0; index < 100; index++) stage.prints('a', offer, index * line.length, line);
    const [log] = stage.read([offer]);
    const held = log?.pieces.reduce((sum, { text }) => sum + text.length, 0) ?? 0;
    assert.ok(held > 200_000 && held < 300_000, `${held} bytes`);
    assert.equal(log?.pieces.at(-1)?.from, 99 * line.length);
  });
});
