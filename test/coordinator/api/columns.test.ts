import assert from 'node:assert/strict';
import { test } from 'node:test';
import { trialColumns } from '../../../coordinator/api/columns.js';
import type { Results, TrialResult } from '../../../coordinator/api/trial-views.js';
import type { Json } from '../../../proto/work.js';

test('settings inside a choice have columns of their own, empty where the choice is not taken', () => {
  const settings: { readonly [name: string]: Json }[] = [{ lr: 0.1, optimizer: 'sgdm' }, { lr: 0.1, optimizer: { adam: { beta2: 0.99 } } }];
  const trials = settings.map((each, number) => ({ id: `trl_${number}`, number, state: 'failed', settings: each, metrics: {} }) as unknown as TrialResult);
  const results = { sweep: { objective: { metric: 'm', direction: 'maximize' }, data: null }, trials } as unknown as Results;
  const columns = trialColumns(results).filter(({ name }) => name.startsWith('settings.'));
  assert.deepEqual(columns.map(({ name }) => name), ['settings.lr', 'settings.optimizer', 'settings.optimizer.adam.beta2']);
  assert.deepEqual(columns.map(({ value }) => trials.map(value)), [[0.1, 0.1], ['sgdm', { adam: { beta2: 0.99 } }], [null, 0.99]]);
});
