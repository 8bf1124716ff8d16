import assert from 'node:assert/strict';
import test from 'node:test';
import { leadingBy } from '../../../coordinator/api/leading.js';
import { NotLeading } from '../../../coordinator/leader/candidacy.js';
import { StaleWrite } from '../../../coordinator/store/errors.js';

test('a change that is committed is in force with the next reign, where the one that it was told to ended over it; what else goes wrong is told', async () => {
  const told = async (error: Error): Promise<number> => {
    let waited = 0;
    const leading = async (): Promise<void> => {
      waited += 1;
      return Promise.resolve();
    };
    await leadingBy({ epoch: 1, leading, wake: () => Promise.reject(error), snapshot: () => null, stagesInProgress: () => [], drain: () => Promise.resolve(true), releaseWorker: () => Promise.resolve(true), problem: null }).wake();
    return waited;
  };
  assert.equal(await told(new StaleWrite('a sweep was changed in the same moment')), 1);
  assert.equal(await told(new NotLeading(null)), 1);
  await assert.rejects(told(new Error('the disk is full')), /the disk is full/);
});
