import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Dispatcher } from '../../../coordinator/leader/dispatcher.js';
import type { PrunerSpec, StopSpec } from '../../../coordinator/sweep/spec.js';
import { PROTOCOL_VERSION, type Offer } from '../../../proto/messages.js';
import { factsOf, pathOf } from '../../simulation/sweeps.js';

/** From which epoch on a worker must wait for answers, in the offer of one trial of six epochs. */
function awaitFrom({ stop = null, pruner }: { readonly stop?: StopSpec | null; readonly pruner?: PrunerSpec }): number {
  let ids = 0;
  const dispatcher = new Dispatcher({ leaseTermMs: 1000, heartbeatMs: 200, checkpointEveryMs: 1000, newId: (prefix) => `${prefix}_${(ids += 1)}`, proposingOf: () => null, newToken: () => `t${(ids += 1)}` });
  dispatcher.load(factsOf({ paths: [pathOf([0, 0, 0, 0, 0, 0])], stop, ...(pruner === undefined ? {} : { pruner }) }), []);
  dispatcher.received('peer', { kind: 'hello', protocol: PROTOCOL_VERSION, features: [], worker: 'wrk_1', name: 'box', slots: 1, memoryBytes: 8e9, slotMemoryBytes: 8e9, numerics: ['sim'], node: 'v20', leases: [], waiting: [] }, 0);
  dispatcher.settle(0);
  const offer = dispatcher.take().sends.map(({ message }) => message).find((message): message is Offer => message.kind === 'offer');
  assert(offer?.work.kind === 'train');
  return offer.work.awaitFrom;
}

test('a trial that nothing can end early awaits no answer, not even to its last epoch', () => {
  assert.equal(awaitFrom({}), 6);
});

test('a trial that may stop early awaits answers from the first epoch that can end it', () => {
  const stop = { monitor: 'val.loss', direction: 'minimize', minDelta: 0, restoreBest: false } as const;
  // Worse for three epochs in a row: epoch 0 sets the mark where it can, and the third without a better one is epoch 2.
  assert.equal(awaitFrom({ stop: { ...stop, patience: 3 } }), 2);
  assert.equal(awaitFrom({ stop: { ...stop, patience: 3, restoreBest: true } }), 0);
});

test('a trial that a pruner judges after its second epoch awaits the answer to that', () => {
  assert.equal(awaitFrom({ pruner: { kind: 'asha', eta: 3, minEpochs: 2, brackets: 1 } }), 1);
});
