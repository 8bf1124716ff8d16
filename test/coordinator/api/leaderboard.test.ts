import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byFirstObjective, leaderboard } from '../../../coordinator/api/results.js';
import type { TrialResult } from '../../../coordinator/api/trial-views.js';
import type { SweepRecord } from '../../../coordinator/store/records.js';

const sweepOf = (replicates?: number): SweepRecord =>
  ({ spec: { objective: { metric: 'val.auc', direction: 'maximize', floors: {} }, ...(replicates === undefined ? {} : { replicates }) } }) as unknown as SweepRecord;

let numbers = 0;
const trial = (lr: number, replicate: number, objective: number | null, state = 'completed'): TrialResult =>
  ({ number: numbers++, replicate, state, settings: { lr }, objective, objectives: [objective], rank: null, mean: null, spread: null, shortfall: 0 }) as unknown as TrialResult;

const rows = (trials: readonly TrialResult[]): unknown[] => trials.map(({ settings, replicate, mean, spread }) => [settings.lr, replicate, rounded(mean), rounded(spread)]);
const rounded = (value: number | null): number | null => (value === null ? null : Number(value.toFixed(12)));

test('replicates stand together and go by their mean, the best of each first; whole assignments go before those that lack some', () => {
  const trials = [
    trial(0.1, 0, 0.9), trial(0.1, 1, 0.5), trial(0.1, 2, 0.7),
    trial(0.2, 0, 0.8), trial(0.2, 1, 0.8), trial(0.2, 2, 0.74),
    trial(0.3, 0, 0.99), trial(0.3, 1, null, 'failed'), trial(0.3, 2, 0.97),
  ];
  // By hand: 2.1 / 3 = 0.7 and sqrt((0.04 + 0.04) / 2) = 0.2; 2.34 / 3 = 0.78 and sqrt((0.0004 + 0.0004 + 0.0016) / 2); 1.96 / 2 = 0.98 and sqrt(0.0002).
  const [spread, part] = [rounded(Math.sqrt(0.0012)), rounded(Math.sqrt(0.0002))];
  assert.deepEqual(rows(leaderboard(sweepOf(3), trials)), [
    [0.2, 0, 0.78, spread], [0.2, 1, 0.78, spread], [0.2, 2, 0.78, spread],
    [0.1, 0, 0.7, 0.2], [0.1, 2, 0.7, 0.2], [0.1, 1, 0.7, 0.2],
    [0.3, 0, 0.98, part], [0.3, 2, 0.98, part],
    [0.3, 1, 0.98, part],
  ]);
  assert.deepEqual(byFirstObjective(sweepOf(3), trials).map(({ settings }) => settings.lr), [0.2, 0.2, 0.2, 0.1, 0.1, 0.1, 0.3, 0.3]);
});

test('without replicates each trial stands for itself, its value the mean, without a spread', () => {
  assert.deepEqual(rows(leaderboard(sweepOf(), [trial(0.1, 0, 0.7), trial(0.2, 0, 0.9), trial(0.2, 0, 0.8)])), [[0.2, 0, 0.9, null], [0.2, 0, 0.8, null], [0.1, 0, 0.7, null]]);
});
