import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endedPaths } from '../../../coordinator/api/ended-paths.js';
import type { TrialRecord } from '../../../coordinator/store/records.js';

const record = (state: TrialRecord['state'], epochs: number | null, ...path: string[]): TrialRecord => ({ state, epochs, plan: { path } }) as unknown as TrialRecord;
const paths = (records: readonly TrialRecord[], revives: boolean, isStored: (key: string) => boolean): (readonly string[])[] => endedPaths(records, revives, isStored).map(({ path }) => path);

test('epochs after the early stop of a completed trial, or the end of a pruned one, are not ahead of it', () => {
  const records = [record('completed', 2, 'a', 'b', 'c'), record('pruned', 1, 'p', 'q'), record('running', null, 'a', 'x')];
  assert.deepEqual(paths(records, false, (key) => key !== 'x'), [['a', 'b'], ['p'], ['a', 'x']]);
});

test('of what was cancelled only what is stored counts, unless it goes on', () => {
  const records = [record('cancelled', null, 'a', 'b', 'c'), record('completed', 2, 'a', 'x')];
  assert.deepEqual(paths(records, false, (key) => key !== 'b'), [['a'], ['a', 'x']]);
  assert.deepEqual(paths(records, true, (key) => key !== 'b'), [['a', 'b', 'c'], ['a', 'x']]);
});
