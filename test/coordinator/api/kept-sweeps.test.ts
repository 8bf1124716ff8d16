import assert from 'node:assert/strict';
import { it } from 'node:test';
import { KeptOfSweeps } from '../../../coordinator/api/kept-sweeps.js';
import type { SweepRecord } from '../../../coordinator/store/records.js';

const record = (more: Partial<SweepRecord> = {}): SweepRecord => ({ id: 'swp_1', revision: 1, changes: 0, state: 'completed', ...more }) as SweepRecord;

function counting(most = 10): { readonly ask: (record: SweepRecord, question?: string) => Promise<number>; readonly fail: () => void } {
  const kept = new KeptOfSweeps<number>(most);
  let worked = 0;
  let isAway = false;
  const work = async (): Promise<number> => {
    worked += 1;
    await Promise.resolve();
    if (!isAway) return worked;
    isAway = false;
    throw new Error('away');
  };
  return { ask: (of, question = 'loss') => kept.of(of, question, work), fail: () => (isAway = true) };
}

it('what was read of a sweep that is over is good until somebody changes it, each question by itself', async () => {
  const { ask } = counting();
  assert.equal(await ask(record()), 1);
  assert.equal(await ask(record(), 'accuracy'), 2);
  assert.equal(await ask(record()), 1);
  assert.equal(await ask(record({ changes: 1 })), 3);
  assert.equal(await ask(record({ revision: 2, changes: 1 })), 4);
});

it('whoever asks of a running sweep while it is read waits for the same', async () => {
  const { ask } = counting();
  const running = record({ state: 'running' });
  assert.deepEqual(await Promise.all([ask(running), ask(running)]), [1, 1]);
});

it('what failed is read anew for whoever asks next, and the longest unasked goes', async () => {
  const { ask, fail } = counting(1);
  fail();
  await assert.rejects(ask(record()), /away/);
  assert.equal(await ask(record()), 2);
  assert.equal(await ask(record({ id: 'swp_2' })), 3);
  assert.equal(await ask(record()), 4);
});
