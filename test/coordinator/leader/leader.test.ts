import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import test from 'node:test';
import { Leader } from '../../../coordinator/leader/leader.js';
import { FEATURE_DRAIN, PROTOCOL_VERSION, type CoordinatorMessage } from '../../../proto/messages.js';
import type { Proposing } from '../../../coordinator/leader/model.js';
import { openStore } from '../../../coordinator/store/postgres.js';
import { testDatabase } from '../../support/postgres.js';
import { newPath, sweepOf } from '../store/facts.js';

const quiet = { info: () => undefined, warn: () => undefined };

test('a leader that leads no more puts its samplers away', async () => {
  const database = await testDatabase();
  const store = await openStore(database.url);
  const submitting = await store.lead(new AbortController().signal, { url: null });
  await store.submit(sweepOf('led', [newPath(1)]), submitting.epoch);
  await submitting.release();
  let closed = 0;
  const proposing: Proposing = { exhausted: true, busy: false, left: 0, more: false, adopt: () => undefined, tell: () => undefined, propose: () => Promise.resolve([]), close: () => (closed += 1) };
  const leader = new Leader({ store, logger: quiet, proposingOf: () => proposing });
  leader.start('http://here');
  await leader.leading();
  assert.equal(closed, 0);
  await leader.stop();
  assert.equal(closed, 1);
  await store.close();
  await database.close();
});

test('an order to leave reaches its worker under the next leader', async () => {
  const database = await testDatabase();
  const store = await openStore(database.url);
  const worker = { worker: 'wrk_asked', name: 'box', slots: 1, memoryBytes: 1, slotMemoryBytes: 1, numerics: [], node: 'v20', leases: [], waiting: [] };
  const led = async (act: (leader: Leader) => Promise<unknown>): Promise<string[]> => {
    const leader = new Leader({ store, logger: quiet, proposingOf: () => assert.fail('no sweep proposes') });
    leader.start('http://here');
    await leader.leading();
    const told: string[] = [];
    const heard = new EventEmitter();
    const send = ({ kind }: CoordinatorMessage): void => {
      told.push(kind);
      heard.emit(kind);
    };
    const [welcome, drain] = ['welcome', 'drain'].map((kind) => once(heard, kind));
    const peer = { id: 'session', carrier: 'grpc', openedBy: null, send, close: () => undefined } as const;
    leader.opened(peer);
    leader.received(peer, { kind: 'hello', protocol: PROTOCOL_VERSION, features: [FEATURE_DRAIN], ...worker });
    await welcome;
    await act(leader);
    await drain;
    await leader.stop();
    return told;
  };
  assert.deepEqual(await led((leader) => leader.drain('box', 'ann')), ['welcome', 'drain']);
  assert.deepEqual(await led(() => Promise.resolve()), ['welcome', 'drain']);
  const events = (await store.events(0, 100, null)).filter(({ type }) => type === 'worker.draining');
  assert.deepEqual(events.map(({ actor }) => actor), ['ann']);
  await store.close();
  await database.close();
});
