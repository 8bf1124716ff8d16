/** Failures of a sweep by class, over a real database. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { openStore } from '../../../coordinator/store/postgres.js';
import type { TrialFailure } from '../../../coordinator/store/records.js';
import { testDatabase } from '../../support/postgres.js';
import { newPath, sweepOf, turn } from './facts.js';

it('failed and infeasible trials stand by class, the most frequent first, each with its last one and some numbers', async (t) => {
  const database = await testDatabase();
  const store = await openStore(database.url);
  const leadership = await store.lead(new AbortController().signal, { url: null });
  t.after(async () => {
    await leadership.release();
    await store.close();
    await database.close();
  });
  const { id: sweep } = await store.submit(sweepOf('failing', Array.from({ length: 7 }, () => newPath(1))), leadership.epoch);
  const trials = await store.trialsOf(sweep);
  const end = (...fates: readonly (readonly [number, 'failed' | 'infeasible' | 'completed', TrialFailure['class'] | null])[]): Promise<void> =>
    store.commitTurn(leadership.epoch, turn({ trials: fates.map(([number, state, name]) => ({ id: trials[number]?.id ?? '', revision: 1, state, epochs: 0, until: null, bestEpoch: null, failure: name === null ? null : { class: name, message: `${name} of ${number}` } })) }));
  await store.commitTurn(leadership.epoch, turn({ trials: trials.map(({ id }) => ({ id, revision: 1, state: 'running' as const, epochs: null, until: null, bestEpoch: null, failure: null })) }));
  await end([6, 'failed', 'OutOfMemory']);
  // Of one turn the greater number counts as the later one.
  await end([1, 'infeasible', 'ModelError'], [2, 'failed', 'OutOfMemory'], [4, 'failed', 'OutOfMemory'], [0, 'completed', null]);
  await end([3, 'failed', 'Diverged']);
  const of = (number: number): string => trials[number]?.id ?? '';
  assert.deepEqual(await store.failuresOf(sweep, 2), [
    { class: 'OutOfMemory', count: 3, id: of(4), message: 'OutOfMemory of 4', numbers: [4, 2] },
    { class: 'ModelError', count: 1, id: of(1), message: 'ModelError of 1', numbers: [1] },
    { class: 'Diverged', count: 1, id: of(3), message: 'Diverged of 3', numbers: [3] },
  ]);
  await store.retryTrials(sweep, [of(3)], 'ada', leadership.epoch);
  assert.deepEqual((await store.failuresOf(sweep, 2)).map(({ class: name }) => name), ['OutOfMemory', 'ModelError']);
});
