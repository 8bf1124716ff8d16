import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Dispatcher } from '../../../coordinator/leader/dispatcher.js';
import type { Hello } from '../../../proto/messages.js';
import { PROTOCOL_VERSION } from '../../../proto/messages.js';

function dispatcher(): Dispatcher {
  return new Dispatcher({ leaseTermMs: 15_000, heartbeatMs: 3_000, checkpointEveryMs: 30_000, newId: (prefix) => `${prefix}_1`, newToken: () => 'token', proposingOf: () => null });
}

const hello = (worker: string, name: string): Hello => ({ kind: 'hello', protocol: PROTOCOL_VERSION, features: [], worker, name, slots: 1, memoryBytes: 8e9, slotMemoryBytes: 8e9, numerics: ['sim'], node: 'v20', leases: [], waiting: [] });

it('of two sessions of one id the newer holds, and the older is told for good', () => {
  const leader = dispatcher();
  leader.received('older', hello('wrk_1', 'box'), 0);
  leader.take();
  leader.received('newer', hello('wrk_1', 'box'), 1);
  const { sends, close, warnings } = leader.take();
  assert.deepEqual(sends.map(({ peer, message }) => [peer, message.kind]), [['older', 'refused'], ['newer', 'welcome']]);
  const [refused] = sends.map(({ message }) => message);
  assert.ok(refused?.kind === 'refused' && !refused.retry && refused.code === 'WorkerReplaced');
  assert.match(refused.message, /^another worker with the id wrk_1 has come and holds it now: .* --home DIR$/);
  assert.deepEqual([close, warnings], [['older'], []]);
  leader.closed('older');
  assert.equal(leader.workers.get('wrk_1')?.peer, 'newer', 'the end of the older session is not that of the worker');
  leader.received('older', { kind: 'heartbeat' }, 2);
  assert.deepEqual(leader.take().close, ['older']);
});

it('two workers of one name are both taken, and told apart in a warning', () => {
  const leader = dispatcher();
  leader.received('one', hello('wrk_1', 'box'), 0);
  assert.deepEqual(leader.take().warnings, []);
  leader.received('two', hello('wrk_2', 'box'), 0);
  const { sends, warnings } = leader.take();
  assert.deepEqual([sends.map(({ message }) => message.kind), warnings], [['welcome'], ['workers wrk_1 and wrk_2 have one name, box; tell them apart with --name']]);
  leader.received('three', hello('wrk_3', 'another'), 0);
  assert.deepEqual(leader.take().warnings, []);
});
