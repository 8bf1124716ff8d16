import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endedPaths } from '../../../coordinator/api/ended-paths.js';
import type { TrialRecord } from '../../../coordinator/store/store.js';
import type { TrialPlan } from '../../../coordinator/sweep/spec.js';

const plan = (...path: string[]): TrialPlan => ({ path }) as unknown as TrialPlan;
const record = (state: TrialRecord['state'], epochs: number | null, ...path: string[]): TrialRecord => ({ state, epochs, plan: { path } }) as unknown as TrialRecord;
const all = (): boolean => true;

test('epochs after the early stop of a completed trial are not ahead of it', () => {
  const paths = endedPaths([plan('a', 'b', 'c'), plan('a', 'x')], [record('completed', 2, 'a', 'b', 'c'), record('running', null, 'a', 'x')], 'paused', (key) => key !== 'x');
  assert.deepEqual(paths.map(({ path }) => path), [['a', 'b'], ['a', 'x']]);
});

test('of a completed sweep nothing is ahead, whatever was cancelled when its time was over', () => {
  const paths = endedPaths([plan('a', 'b', 'c'), plan('a', 'x')], [record('cancelled', null, 'a', 'b', 'c'), record('completed', 2, 'a', 'x')], 'completed', (key) => key !== 'b');
  assert.deepEqual(paths.map(({ path }) => path), [['a'], ['a', 'x']]);
});

test('a trial that the sweep did not have yet has its whole path ahead', () => {
  assert.deepEqual(endedPaths([plan('n')], [record('completed', 1, 'a', 'b')], 'running', all).map(({ path }) => path), [['n']]);
});
