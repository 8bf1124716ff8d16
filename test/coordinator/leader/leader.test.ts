import assert from 'node:assert/strict';
import test from 'node:test';
import { Leader } from '../../../coordinator/leader/leader.js';
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
