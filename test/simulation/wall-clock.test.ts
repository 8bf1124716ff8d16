import assert from 'node:assert/strict';
import test from 'node:test';
import type { EpochResult } from '../../proto/work.js';
import { SimFleet } from './fleet.js';
import { pathOf } from './sweeps.js';

const resultOf = (): EpochResult => ({ metrics: { 'val.loss': 0.5 }, confusion: null, diverged: false });

/** Always the same draw, below the chance of a step: every running stage makes one epoch per turn of 10 ms. */
const steady = (): number => 0.5;

/** Twenty trials of ten epochs each that share nothing. */
const paths = Array.from({ length: 20 }, (_, trial) => pathOf([trial + 2, ...Array.from({ length: 9 }, () => 0)]));

function states(fleet: SimFleet): { completed: number; cancelled: number } {
  const all = [...fleet.trialStates.values()].map((trial) => trial.state);
  return { completed: all.filter((state) => state === 'completed').length, cancelled: all.filter((state) => state === 'cancelled').length };
}

test('a sweep whose time is over completes with the trials that are done and cancels the others', () => {
  // One slot and about 10 ms an epoch: in 400 ms about four trials of ten epochs.
  const fleet = new SimFleet({ sweep: { paths, stop: null, wallClockMs: 400 }, workers: 1, slots: 1, random: steady, faults: 0, resultOf });
  fleet.run();
  const { completed, cancelled } = states(fleet);
  assert.equal(fleet.sweepStates.get('swp_sim') ?? 'running', 'completed');
  assert.ok(completed >= 3 && completed <= 4, `${completed} completed`);
  assert.equal(completed + cancelled, 20);
  assert.deepEqual([...fleet.trialStates.values()].slice(0, completed).map((trial) => trial.state), Array(completed).fill('completed'), 'in the order of their numbers');
});

test('no stage starts after the deadline', () => {
  const fleet = new SimFleet({ sweep: { paths, stop: null, wallClockMs: 400 }, workers: 1, slots: 1, random: steady, faults: 0, resultOf });
  fleet.run();
  const granted = fleet.grants.length;
  for (let turn = 0; turn < 20; turn += 1) fleet.turn();
  assert.equal(fleet.grants.length, granted);
});

test('time that a former leader wrote down counts', () => {
  const fleet = new SimFleet({ sweep: { paths, stop: null, wallClockMs: 400, ranMs: 400 }, workers: 1, slots: 1, random: steady, faults: 0, resultOf });
  fleet.run();
  assert.equal(fleet.sweepStates.get('swp_sim') ?? 'running', 'failed', 'nothing was trained in no time');
  assert.equal(fleet.recorded.size, 0);
});

test('time without a worker does not count', () => {
  const fleet = new SimFleet({ sweep: { paths, stop: null, wallClockMs: 400 }, workers: 0, slots: 1, random: steady, faults: 0, resultOf });
  for (let turn = 0; turn < 100; turn += 1) {
    fleet.now += 10;
    fleet.turn();
  }
  assert.equal(fleet.sweepStates.get('swp_sim') ?? 'running', 'running');
});
