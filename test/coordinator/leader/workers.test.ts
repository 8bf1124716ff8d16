/** What people ask of single workers, and boxes that fail, at the dispatcher. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Dispatcher, TICK_MS, type TurnOutput } from '../../../coordinator/leader/dispatcher.js';
import type { SweepFacts } from '../../../coordinator/leader/model.js';
import { fleetFactsOf } from '../../../coordinator/leader/fleet-facts.js';
import { snapshotOf } from '../../../coordinator/leader/snapshot.js';
import { FEATURE_DRAIN, FEATURE_RESTORE, PROTOCOL_VERSION, type BoxFacts, type Hello, type Offer } from '../../../proto/messages.js';
import type { OutcomeClass } from '../../../proto/work.js';
import { factsOf, pathOf } from '../../simulation/sweeps.js';

const TRIALS = 12;
const SWEEP = factsOf({ paths: Array.from({ length: TRIALS }, (_, trial) => pathOf([trial])), stop: null });

function helloOf(worker: string, changes: Partial<Hello> = {}): Hello {
  return { kind: 'hello', protocol: PROTOCOL_VERSION, features: [FEATURE_DRAIN], worker, name: `box-${worker}`, slots: 1, memoryBytes: 8e9, slotMemoryBytes: 8e9, numerics: ['sim'], node: 'v20', leases: [], waiting: [], ...changes };
}

class Stage {
  readonly dispatcher: Dispatcher;
  now = 0;
  #seq = 0;

  constructor({ leaseTermMs = 1_000_000, sweep = SWEEP }: { readonly leaseTermMs?: number; readonly sweep?: SweepFacts } = {}) {
    let ids = 0;
    this.dispatcher = new Dispatcher({ leaseTermMs, heartbeatMs: 200, checkpointEveryMs: 1000, newId: (prefix) => `${prefix}_${(ids += 1)}`, proposingOf: () => null, newToken: () => `t${(ids += 1)}` });
    this.dispatcher.load(sweep, []);
  }

  hello(worker: string, changes: Partial<Hello> = {}): TurnOutput {
    this.dispatcher.received(worker, helloOf(worker, changes), this.now);
    return this.turn();
  }

  turn(): TurnOutput {
    this.dispatcher.tick(this.now);
    this.dispatcher.settle(this.now);
    return this.dispatcher.take();
  }

  begins(worker: string, offers: readonly Offer[]): void {
    for (const { attempt } of offers) this.dispatcher.received(worker, { kind: 'progress', attempt, epoch: 0, step: 1, steps: 2, loss: 1 }, this.now);
  }

  /** Ends an offered attempt after it has begun. */
  ends(worker: string, offer: Offer, outcome: OutcomeClass): TurnOutput {
    const { attempt, token } = offer;
    this.begins(worker, [offer]);
    this.dispatcher.received(worker, { kind: 'finished', seq: (this.#seq += 1), attempt, token, outcome: { class: outcome, message: 'said', neededBytes: null }, log: '' }, this.now);
    return this.turn();
  }

  states(): string[] {
    return snapshotOf(this.dispatcher, this.now).workers.map(({ id, state }) => `${id} ${state}`);
  }
}

function offersTo(worker: string, output: TurnOutput): Offer[] {
  return output.sends.flatMap(({ peer, message }) => (peer === worker && message.kind === 'offer' ? [message] : []));
}

function theOffer(worker: string, output: TurnOutput): Offer {
  return offersTo(worker, output)[0] ?? assert.fail(`nothing was offered to ${worker}`);
}

function events(output: TurnOutput): string[] {
  return output.writes.events.map(({ type, actor }) => (actor === undefined ? type : `${type} by ${actor}`));
}

describe('a worker that is drained', () => {
  it('is told so, gets no more work, and is forgotten once it has left with nothing', () => {
    const stage = new Stage();
    const offer = theOffer('a', stage.hello('a'));
    assert.equal(stage.dispatcher.drain('box-a', 'ann'), true, 'it leaves');
    const drained = stage.turn();
    assert.deepEqual([events(drained), drained.sends], [['worker.draining by ann'], [{ peer: 'a', message: { kind: 'drain' } }]]);
    const after = stage.ends('a', offer, 'released');
    assert.deepEqual([offersTo('a', after), stage.states()], [[], ['a draining']]);
    stage.dispatcher.closed('a');
    assert.deepEqual(stage.states(), []);
  });

  it('is told again after a reconnect that lost the order, and works again when it was started anew', () => {
    const stage = new Stage();
    const offer = theOffer('a', stage.hello('a'));
    stage.dispatcher.drain('a', 'ann');
    stage.turn();
    const again = stage.hello('a', { leases: [{ attempt: offer.attempt, token: offer.token }] });
    assert.ok(again.sends.some(({ message }) => message.kind === 'drain'));
    stage.hello('a', { slots: 0, leases: [{ attempt: offer.attempt, token: offer.token }] });
    assert.equal(offersTo('a', stage.hello('a')).length, 1);
  });

  it('is asked by the next leader too, until it has given up its slots', () => {
    const first = new Stage();
    first.hello('a');
    first.dispatcher.drain('a', 'ann');
    const draining = (output: TurnOutput): unknown => output.writes.workers.map((row) => row.draining);
    assert.deepEqual(draining(first.turn()), [true]);
    const next = new Stage();
    next.dispatcher.rows.remember({ id: 'a', draining: true, drain: null });
    const met = next.hello('a');
    assert.deepEqual([draining(met), offersTo('a', met), next.states()], [[true], [], ['a draining']]);
    assert.ok(met.sends.some(({ message }) => message.kind === 'drain'));
    // A session that breaks is no leaving.
    next.dispatcher.closed('a');
    assert.deepEqual(draining(next.turn()), [true]);
    assert.ok(next.hello('a').sends.some(({ message }) => message.kind === 'drain'));
    assert.deepEqual([draining(next.hello('a', { slots: 0 })), next.states()], [[false], ['a draining']]);
    next.dispatcher.closed('a');
    assert.deepEqual([draining(next.turn()), offersTo('a', next.hello('a')).length], [[false], 1]);
  });

  it('is kept with who asked it, under the next leader and when it has left, till it is started again', () => {
    const first = new Stage();
    first.hello('a');
    first.dispatcher.drain('a', 'ann');
    const by = (output: TurnOutput): unknown => output.writes.workers.map((row) => row.drainedBy);
    assert.deepEqual(by(first.turn()), ['ann']);
    const next = new Stage();
    next.dispatcher.rows.remember({ id: 'a', draining: true, drain: { by: 'ann', at: new Date(0) } });
    assert.deepEqual([by(next.hello('a')), by(next.hello('a', { slots: 0 }))], [['ann'], ['ann']]);
    next.dispatcher.closed('a');
    assert.deepEqual([by(next.turn()), by(next.hello('a'))], [['ann'], [null]]);
  });

  it('of an older version, which does not know the order, gives back what it has and stays without work', () => {
    const stage = new Stage();
    const offer = theOffer('a', stage.hello('a', { features: [] }));
    assert.equal(stage.dispatcher.drain('a', 'ann'), false, 'it does not leave');
    assert.deepEqual(stage.turn().sends, [{ peer: 'a', message: { kind: 'cancel', attempt: offer.attempt, how: 'release' } }]);
    assert.deepEqual(offersTo('a', stage.ends('a', offer, 'released')), []);
  });

  it('of an older version works again with its next session', () => {
    const stage = new Stage();
    stage.dispatcher.rows.remember({ id: 'a', draining: true, drain: null });
    assert.deepEqual(offersTo('a', stage.hello('a', { features: [] })), []);
    stage.dispatcher.closed('a');
    assert.equal(offersTo('a', stage.hello('a', { features: [] })).length, 1);
  });

  it('must be there, and be one', () => {
    const stage = new Stage();
    stage.hello('a');
    stage.hello('b', { name: 'box-a' });
    assert.throws(() => stage.dispatcher.drain('c', 'ann'), { code: 'WorkerNotFound', message: /no worker with the name or id c is connected/ });
    assert.throws(() => stage.dispatcher.drain('box-a', 'ann'), { code: 'WorkerAmbiguous', message: /one of a, b$/ });
  });
});

describe('a stage that failed at a box', () => {
  it('waits for another box that could do it, and comes back where there is none', () => {
    const stage = new Stage();
    const failed = theOffer('a', stage.hello('a'));
    const first = (offer: Offer): string => (offer.work.kind === 'train' ? (offer.work.keys[0] ?? '') : '');
    assert.equal(first(theOffer('a', stage.ends('a', failed, 'WorkerLost'))), first(failed));
    const other = new Stage();
    other.hello('b');
    const lost = theOffer('a', other.hello('a'));
    const next = theOffer('a', other.ends('a', lost, 'WorkerLost'));
    assert.notEqual(first(next), first(lost));
  });
});

describe('what a leader counts', () => {
  it('tells trials that need more memory than there is from those that failed', () => {
    const stage = new Stage();
    let output = stage.hello('a');
    output = stage.ends('a', theOffer('a', output), 'OutOfMemory');
    output = stage.ends('a', theOffer('a', output), 'OutOfMemory');
    stage.ends('a', theOffer('a', output), 'DataError');
    const { failed, infeasible, total } = snapshotOf(stage.dispatcher, stage.now).sweeps[0]?.trials ?? assert.fail('no sweep');
    assert.deepEqual({ failed, infeasible, total }, { failed: 1, infeasible: 1, total: TRIALS });
  });
});

describe('where stages have failed', () => {
  it('is forgotten with the last sweep that has them', () => {
    const stage = new Stage();
    const twin = { ...SWEEP, record: { ...SWEEP.record, id: 'twin' }, trials: SWEEP.trials.map((trial) => ({ ...trial, id: `twin ${trial.id}`, sweep: 'twin' })) };
    stage.dispatcher.load(twin, []);
    const failed = theOffer('a', stage.hello('a'));
    const key = (failed.work.kind === 'train' ? failed.work.keys[0] : undefined) ?? assert.fail('a stage to train');
    const failedAt = (): string[] => [...stage.dispatcher.ledger.failedAt(key)];
    stage.dispatcher.drain('a', 'ann');
    stage.ends('a', failed, 'TrainableError');
    assert.deepEqual(failedAt(), ['a']);
    stage.dispatcher.unload('twin');
    assert.deepEqual(failedAt(), ['a'], 'the other still has it');
    stage.dispatcher.unload(SWEEP.record.id);
    assert.deepEqual(failedAt(), []);
  });
});

describe('a box that fails stages of three trials in a row', () => {
  function failing(): { readonly stage: Stage; readonly last: TurnOutput } {
    const stage = new Stage();
    stage.hello('good');
    let output = stage.hello('bad');
    for (let stages = 0; stages < 3; stages += 1) output = stage.ends('bad', theOffer('bad', output), 'WorkerLost');
    return { stage, last: output };
  }

  it('is quarantined with an event, and gets no more work', () => {
    const { stage, last } = failing();
    assert.deepEqual(events(last).filter((type) => type.startsWith('worker')), ['worker.quarantined']);
    assert.deepEqual([offersTo('bad', last), stage.states()], [[], ['good active', 'bad quarantined']]);
    assert.deepEqual(fleetFactsOf(stage.dispatcher, stage.now).workers, { active: 1, draining: 0, quarantined: 1, silent: 0 });
  });

  it('is released by a person, at once', () => {
    const { stage } = failing();
    assert.equal(stage.dispatcher.release('box-good', 'ann'), false, 'it was not quarantined');
    assert.equal(stage.dispatcher.release('box-bad', 'ann'), true);
    const output = stage.turn();
    assert.deepEqual(events(output).filter((type) => type.startsWith('worker')), ['worker.released by ann']);
    assert.equal(offersTo('bad', output).length, 1);
  });

  it('is tried again after its cool-down', () => {
    const { stage } = failing();
    stage.now = 5 * 60_000 - 1;
    assert.deepEqual(offersTo('bad', stage.turn()), []);
    // The boxes are not looked at more often.
    stage.now += TICK_MS;
    const output = stage.turn();
    assert.deepEqual(events(output).filter((type) => type.startsWith('worker')), ['worker.released']);
    assert.equal(offersTo('bad', output).length, 1);
  });

  it('is no box whose preempted epochs come back', () => {
    const stage = new Stage();
    stage.hello('good');
    let output = stage.hello('spot');
    for (let stages = 0; stages < 4; stages += 1) {
      output = stage.ends('spot', theOffer('spot', output), 'Preempted');
      assert.ok(!events(output).some((type) => type === 'attempt.failed'), 'a preemption is no failure');
    }
    assert.deepEqual(stage.states(), ['good active', 'spot active']);
  });
});

describe('a box that is lost with all it was at', () => {
  const TERM = 1_000;
  const quarantines = (output: TurnOutput): unknown[] => output.writes.events.flatMap(({ type, detail }) => (type === 'worker.quarantined' ? [detail] : []));

  /** Three stages at a box of three slots, begun; a spare box stays in touch. */
  function busy(stage: Stage): TurnOutput {
    stage.hello('good');
    const output = stage.hello('bad', { slots: 3 });
    assert.equal(offersTo('bad', output).length, 3);
    stage.begins('bad', offersTo('bad', output));
    return output;
  }

  /** Its agent is killed and is back at once, without its leases. */
  function killed(stage: Stage): TurnOutput {
    stage.dispatcher.closed('bad');
    const output = stage.hello('bad', { slots: 3 });
    stage.begins('bad', offersTo('bad', output));
    return output;
  }

  /** It is silent, its session gone, until its leases have expired; the spare box is not. */
  function expired(stage: Stage): TurnOutput {
    stage.dispatcher.closed('bad');
    stage.now += TERM;
    stage.dispatcher.received('good', { kind: 'heartbeat' }, stage.now);
    return stage.turn();
  }

  it('has failed once when it comes back without its three leases, and is quarantined the third time', () => {
    const stage = new Stage();
    busy(stage);
    const first = killed(stage);
    assert.equal(first.writes.ended.length, 3);
    assert.deepEqual(stage.states(), ['good active', 'bad active']);
    assert.deepEqual(quarantines(killed(stage)), []);
    assert.equal(quarantines(killed(stage)).length, 1);
    assert.deepEqual(stage.states(), ['good active', 'bad quarantined']);
  });

  it('has failed once when its leases expire, and is known when it is back after that', () => {
    const stage = new Stage({ leaseTermMs: TERM });
    busy(stage);
    for (let times = 0; times < 2; times += 1) {
      const gone = expired(stage);
      assert.equal(gone.writes.ended.length, 3);
      assert.deepEqual([quarantines(gone), stage.states()], [[], ['good active']]);
      stage.begins('bad', offersTo('bad', stage.hello('bad', { slots: 3 })));
      assert.deepEqual(stage.states(), ['good active', 'bad active']);
    }
    assert.deepEqual(quarantines(expired(stage)), [], 'nothing is said of a box that is away');
    const back = stage.hello('bad', { slots: 3 });
    assert.deepEqual(quarantines(back), [{ worker: 'bad', name: 'box-bad', seconds: 300, back: true }]);
    assert.deepEqual([offersTo('bad', back), stage.states()], [[], ['good active', 'bad quarantined']]);
  });

  it('is tried again when it was away for as long as its quarantine, and forgiven after four hours', () => {
    for (const [away, lossesUntilNext] of [[5 * 60_000, 1], [4 * 3_600_000, 3]] as const) {
      const stage = new Stage({ leaseTermMs: TERM, sweep: factsOf({ paths: Array.from({ length: 3 * TRIALS }, (_, trial) => pathOf([trial])), stop: null }) });
      busy(stage);
      for (let times = 0; times < 2; times += 1) {
        expired(stage);
        stage.begins('bad', offersTo('bad', stage.hello('bad', { slots: 3 })));
      }
      expired(stage);
      stage.now += away;
      stage.dispatcher.received('good', { kind: 'heartbeat' }, stage.now);
      stage.turn();
      const back = stage.hello('bad', { slots: 3 });
      assert.deepEqual(stage.states(), ['good active', 'bad active']);
      stage.begins('bad', offersTo('bad', back));
      const told = [1, 2, 3].map(() => quarantines(killed(stage)).length);
      assert.equal(told.indexOf(1) + 1, lossesUntilNext);
    }
  });

  it('is kept where the only spare box is outside the pool of its sweep', () => {
    const paths = Array.from({ length: TRIALS }, (_, trial) => pathOf([trial]));
    const facts = factsOf({ paths, stop: null });
    const sweep = { ...facts, record: { ...facts.record, spec: { ...facts.record.spec, workers: { pool: 'gpu' } } } };
    const box = (pool: string): BoxFacts => ({ pool, labels: {}, engine: '', gpus: [] });
    for (const [pool, state] of [['cpu', 'active'], ['gpu', 'quarantined']] as const) {
      const stage = new Stage({ sweep });
      stage.hello('good', { box: box(pool) });
      let output = stage.hello('bad', { box: box('gpu') });
      for (let stages = 0; stages < 3; stages += 1) output = stage.ends('bad', theOffer('bad', output), 'DataError');
      assert.equal(stage.states()[1], `bad ${state}`);
    }
  });

  it('is told with the failure that put it there, until it is released', () => {
    const stage = new Stage();
    stage.hello('good');
    let output = stage.hello('bad');
    for (let stages = 0; stages < 3; stages += 1) output = stage.ends('bad', theOffer('bad', output), 'DataError');
    const why = (): string | null | undefined => snapshotOf(stage.dispatcher, stage.now).workers.find(({ id }) => id === 'bad')?.quarantinedWhy;
    assert.match(why() ?? '', /^DataError: /);
    stage.now += 5 * 60_000;
    stage.dispatcher.received('bad', { kind: 'heartbeat' }, stage.now);
    stage.turn();
    assert.equal(why(), null);
  });
});

describe('what a worker tells of its box', () => {
  it('stands in the list of workers, as the newest heartbeat has it', () => {
    const stage = new Stage();
    const box = { pool: 'night', labels: { zone: 'a' }, engine: 'wasm', gpus: [{ index: 0, name: 'H200', memoryBytes: 100 }] };
    stage.dispatcher.received('a', helloOf('a', { box }), 0, { carrier: 'grpc', openedBy: null });
    stage.now = 700;
    stage.dispatcher.received('a', { kind: 'heartbeat', use: { epochsPerSecond: 2, gpus: [{ index: 0, memoryUsedBytes: 25, utilisation: 0.5, celsius: 40 }] } }, 200);
    const [worker] = snapshotOf(stage.dispatcher, stage.now).workers;
    assert.deepEqual([worker?.carrier, worker?.box, worker?.use?.epochsPerSecond, worker?.silentMs], ['grpc', box, 2, 500]);
    assert.deepEqual(fleetFactsOf(stage.dispatcher, stage.now).gpus, { count: 1, memoryBytes: 100, memoryUsedBytes: 25, utilisation: 0.5 });
  });
});

describe('ready work that waits', () => {
  it('is counted by what it waits for, and its time adds up', () => {
    const stage = new Stage();
    stage.turn();
    assert.deepEqual(stage.dispatcher.waiting, { worker: TRIALS, pool: 0, engine: 0, memory: 0, alone: 0, slot: 0, concurrency: 0, budget: 0 });
    stage.now = 1_000;
    assert.equal(stage.turn().notes.waitedMs.worker, TRIALS * 1_000);
    stage.hello('a', { numerics: ['other'] });
    assert.equal(stage.dispatcher.waiting.engine, TRIALS);
    stage.hello('b');
    assert.deepEqual([stage.dispatcher.waiting.slot, stage.dispatcher.waiting.engine], [TRIALS - 1, 0]);
  });
});

describe('a blob that the store has lost', () => {
  const blob = 'ab'.repeat(32);
  const asked = ({ sends }: TurnOutput): string[] => sends.flatMap(({ peer, message }) => (message.kind === 'restore' && message.blob === blob ? [peer] : []));
  const able = { features: [FEATURE_RESTORE], slots: 0 };

  it('is asked for at all other workers that know the message, once a second, and told of once', () => {
    const stage = new Stage();
    for (const worker of ['a', 'b', 'c']) stage.hello(worker, able);
    stage.hello('old', { features: [], slots: 0 });
    const miss = (worker: string): TurnOutput => {
      stage.dispatcher.received(worker, { kind: 'missing', blob }, stage.now);
      return stage.turn();
    };
    const first = miss('a');
    assert.deepEqual(asked(first), ['b', 'c']);
    assert.deepEqual(
      first.writes.events.map(({ type, detail }) => [type, detail]),
      [['blob.missing', { blob, worker: 'a', name: 'box-a', asked: 2 }]],
    );
    assert.deepEqual(asked(miss('b')), []);
    stage.now += 1_000;
    const again = miss('b');
    assert.deepEqual([asked(again), again.writes.events], [['a', 'c'], []]);
  });

  it('pauses the sweeps that need it when nobody has it', () => {
    const stage = new Stage();
    const [offer] = offersTo('a', stage.hello('a'));
    const output = stage.ends('a', offer!, 'DataLost');
    assert.deepEqual(output.writes.sweeps.map(({ state }) => state), ['paused']);
    assert.ok(output.writes.events.some(({ type, detail }) => type === 'sweep.paused' && detail.problem === 'said'));
  });
});

describe('a worker that is connected', () => {
  it('is written down once a minute, so that it is known when it was last heard of where its leader ends', () => {
    const stage = new Stage();
    stage.hello('a');
    const seen: number[] = [];
    for (let second = 1; second <= 150; second += 1) {
      stage.now = second * 1_000;
      if (second < 100) stage.dispatcher.received('a', { kind: 'heartbeat' }, stage.now);
      if (stage.turn().writes.workers.length > 0) seen.push(second);
    }
    // It was silent from second 100 on.
    assert.deepEqual(seen, [60, 120]);
    stage.now = 180_000;
    assert.deepEqual(stage.turn().writes.workers, []);
  });

  it('keeps no lease by the name of an attempt alone', () => {
    const stage = new Stage();
    const offer = theOffer('a', stage.hello('a'));
    stage.begins('a', [offer]);
    const back = stage.hello('a', { leases: [{ attempt: offer.attempt, token: 'guessed' }] });
    assert.deepEqual(back.writes.ended.map(({ attempt, outcome }) => [attempt, outcome]), [[offer.attempt, 'WorkerLost']]);
  });
});
