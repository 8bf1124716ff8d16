import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Dispatcher } from '../../../coordinator/leader/dispatcher.js';
import { memoryAsk } from '../../../coordinator/placement/memory.js';
import { PROTOCOL_VERSION, type Offer } from '../../../proto/messages.js';
import type { OutcomeClass } from '../../../proto/work.js';
import { factsOf, pathOf } from '../../simulation/sweeps.js';

const SWEEP = factsOf({ paths: [pathOf([0])], stop: null });

function ask() {
  const plan = SWEEP.trials[0]?.plan ?? assert.fail('no trial');
  return memoryAsk(plan.trajectory, plan.epochs[0] ?? assert.fail('no epoch')) ?? assert.fail('no model');
}

function started(slotMemoryBytes: number, knownBytes: number | null): { readonly dispatcher: Dispatcher; readonly offer: Offer } {
  let ids = 0;
  const dispatcher = new Dispatcher({ leaseTermMs: 1000, heartbeatMs: 200, checkpointEveryMs: 1000, newId: (prefix) => `${prefix}_${(ids += 1)}`, proposingOf: () => null, newToken: () => `t${(ids += 1)}` });
  if (knownBytes !== null) dispatcher.peaks.learn({ ...ask(), bytes: knownBytes });
  dispatcher.load(SWEEP, []);
  dispatcher.received('peer', { kind: 'hello', protocol: PROTOCOL_VERSION, features: [], worker: 'wrk_1', name: 'box', slots: 2, memoryBytes: 8e9, slotMemoryBytes, numerics: ['sim'], node: 'v20', leases: [], waiting: [] }, 0);
  dispatcher.settle(0);
  const { sends } = dispatcher.take();
  const offer = sends.map(({ message }) => message).find((message): message is Offer => message.kind === 'offer');
  return { dispatcher, offer: offer ?? assert.fail('nothing was offered') };
}

test('a training known to need more than a slot has gets the whole box at once', () => {
  assert.equal(started(1e9, 2e9).offer.work.memoryBytes, null);
  assert.equal(started(3e9, 2e9).offer.work.memoryBytes, 3e9);
  assert.equal(started(1e9, null).offer.work.memoryBytes, 1e9);
});

function finished(outcome: OutcomeClass, neededBytes: number | null) {
  const { dispatcher, offer } = started(1e9, null);
  dispatcher.received('peer', { kind: 'finished', seq: 1, attempt: offer.attempt, token: offer.token, outcome: { class: outcome, message: '', neededBytes }, log: '' }, 1);
  return dispatcher.take().writes.peaks;
}

test('what a training took that ended in peace is written down', () => {
  assert.deepEqual(finished('done', 5e8), [{ ...ask(), bytes: 5e8 }]);
  assert.deepEqual(finished('released', 5e8), [{ ...ask(), bytes: 5e8 }]);
});

test('nothing is learnt of what was not measured, or of what a training that ran out of memory was said to need', () => {
  assert.deepEqual(finished('done', null), []);
  assert.deepEqual(finished('OutOfMemory', 9e8), []);
  assert.deepEqual(finished('OutOfMemory', null), []);
});
