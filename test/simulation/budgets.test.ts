import assert from 'node:assert/strict';
import test from 'node:test';
import type { EpochResult } from '../../proto/work.js';
import { SimFleet } from './fleet.js';
import { generator, pathOf, resultOf as resultByKey } from './sweeps.js';

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
  const fleet = new SimFleet({ sweep: { paths, stop: null, budget: { wallClockMs: 400 } }, workers: 1, slots: 1, random: steady, faults: 0, resultOf });
  fleet.run();
  const { completed, cancelled } = states(fleet);
  assert.equal(fleet.sweepStates.get('swp_sim') ?? 'running', 'completed');
  assert.ok(completed >= 3 && completed <= 4, `${completed} completed`);
  assert.equal(completed + cancelled, 20);
  assert.deepEqual([...fleet.trialStates.values()].slice(0, completed).map((trial) => trial.state), Array(completed).fill('completed'), 'in the order of their numbers');
});

test('no stage starts after the deadline', () => {
  const fleet = new SimFleet({ sweep: { paths, stop: null, budget: { wallClockMs: 400 } }, workers: 1, slots: 1, random: steady, faults: 0, resultOf });
  fleet.run();
  const granted = fleet.grants.length;
  for (let turn = 0; turn < 20; turn += 1) fleet.turn();
  assert.equal(fleet.grants.length, granted);
});

test('time that a former leader wrote down counts', () => {
  const fleet = new SimFleet({ sweep: { paths, stop: null, budget: { wallClockMs: 400 }, spent: { ranMs: 400 } }, workers: 1, slots: 1, random: steady, faults: 0, resultOf });
  fleet.run();
  assert.equal(fleet.sweepStates.get('swp_sim') ?? 'running', 'failed', 'nothing was trained in no time');
  assert.equal(fleet.recorded.size, 0);
});

test('time counts on where the sweep is read anew again and again, as when somebody enqueues trials', () => {
  const sweep = { paths, stop: null, budget: { wallClockMs: 400 } };
  const fleet = new SimFleet({ sweep, workers: 1, slots: 1, random: steady, faults: 0, resultOf });
  for (let turn = 1; fleet.isRunning(); turn += 1) {
    fleet.step();
    if (turn % 10 === 0 && fleet.isRunning()) fleet.submit(sweep);
    assert.ok(fleet.now < 600, `it runs after ${fleet.now} ms`);
  }
  assert.equal(fleet.spent.get('swp_sim')?.endedBy, 'wallClock');
});

test('time without a worker does not count', () => {
  const fleet = new SimFleet({ sweep: { paths, stop: null, budget: { wallClockMs: 400 } }, workers: 0, slots: 1, random: steady, faults: 0, resultOf });
  for (let turn = 0; turn < 100; turn += 1) {
    fleet.now += 10;
    fleet.turn();
  }
  assert.equal(fleet.sweepStates.get('swp_sim') ?? 'running', 'running');
});

/** Some sixty trials of up to eight epochs that share prefixes. */
function branching(seed: number): string[][] {
  const random = generator(seed);
  return Array.from({ length: 60 }, () => pathOf(Array.from({ length: 1 + Math.floor(random() * 8) }, () => Math.floor(random() * 3))));
}



test('a budget of epochs is used to the last and never exceeded, whatever crashes', () => {
  for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
    const paths = branching(seed);
    const distinct = new Set(paths.flat()).size;
    for (const epochs of [1, 7, 40, distinct, distinct + 1]) {
      for (const stop of [null, { monitor: 'val.loss', direction: 'minimize', patience: 2, minDelta: 0, restoreBest: true } as const]) {
        const fleet = new SimFleet({ sweep: { paths, stop, budget: { epochs } }, workers: 4, slots: 2, random: generator(seed), faults: 0.04, resultOf: resultByKey });
        fleet.run();
        const name = `seed ${seed}, ${epochs} epochs, ${stop === null ? 'no stop' : 'stop'}`;
        assert.ok(fleet.recorded.size <= epochs, `${name}: ${fleet.recorded.size} recorded`);
        if (stop === null) assert.equal(fleet.recorded.size, Math.min(epochs, distinct), name);
        const cut = [...fleet.trialStates.values()].some((trial) => trial.state === 'cancelled');
        assert.equal(fleet.spent.get('swp_sim')?.endedBy ?? null, cut ? 'epochs' : null, name);
      }
    }
  }
});

test('of two sweeps that share epochs each keeps to its own budget of epochs', () => {
  for (const seed of [1, 2, 3, 4]) {
    const shared = branching(seed);
    const first = { paths: shared, stop: null, id: 'swp_a', budget: { epochs: 30 } };
    const second = { paths: [...shared.slice(0, 30), ...branching(seed + 100).slice(0, 30)], stop: null, id: 'swp_b', budget: { epochs: 20 } };
    const fleet = new SimFleet({ sweep: first, workers: 3, slots: 2, random: generator(seed), faults: 0.04, resultOf: resultByKey });
    for (let turn = 0; turn < 5; turn += 1) fleet.step();
    fleet.submit(second);
    fleet.run();
    assert.ok((fleet.spent.get('swp_a')?.epochs ?? 0) <= 30 && (fleet.spent.get('swp_b')?.epochs ?? 0) <= 20);
    assert.ok(fleet.recorded.size <= 50, `seed ${seed}: ${fleet.recorded.size} recorded`);
  }
});

test('epochs that were recorded before cost no budget', () => {
  const history = new SimFleet({ sweep: { paths: paths.slice(0, 5), stop: null }, workers: 1, slots: 1, random: steady, faults: 0, resultOf });
  history.run();
  const fleet = new SimFleet({ sweep: { paths, stop: null, budget: { epochs: 20 } }, workers: 1, slots: 1, random: steady, faults: 0, resultOf, history: [...history.recorded.values()] });
  fleet.run();
  assert.equal(fleet.recorded.size, 70);
  assert.equal(states(fleet).completed, 7);
});

test('slot hours count every slot, and end the sweep', () => {
  const ended = (slots: number): number => {
    const fleet = new SimFleet({ sweep: { paths, stop: null, budget: { slotMs: 800 } }, workers: 1, slots, random: steady, faults: 0, resultOf });
    fleet.run();
    assert.equal(fleet.spent.get('swp_sim')?.endedBy, 'slotHours');
    return fleet.now;
  };
  const [alone, four] = [ended(1), ended(4)];
  assert.ok(alone / four > 3 && alone / four < 5, `${alone} ms on one slot, ${four} ms on four`);
});

test('a sweep ends with the first completed trial that reaches its target', () => {
  const lossByTrial = new Map(paths.map((path, trial) => [path.at(-1) ?? '', trial === 6 ? 0.1 : 0.5]));
  const better = (key: string): EpochResult => ({ ...resultOf(), metrics: { 'val.loss': lossByTrial.get(key) ?? 0.5 } });
  const fleet = new SimFleet({ sweep: { paths, stop: null, budget: { target: 0.2 } }, workers: 1, slots: 1, random: steady, faults: 0, resultOf: better });
  fleet.run();
  assert.deepEqual(states(fleet), { completed: 7, cancelled: 13 });
  assert.equal(fleet.spent.get('swp_sim')?.endedBy, 'target');
});

test('a sweep ends when so many trials in a row brought nothing better, and a failover does not begin the count anew', () => {
  const lossByTrial = new Map(paths.map((path, trial) => [path.at(-1) ?? '', trial <= 3 ? 1 - trial / 10 : 0.8]));
  const better = (key: string): EpochResult => ({ ...resultOf(), metrics: { 'val.loss': lossByTrial.get(key) ?? 0.9 } });
  const fleet = new SimFleet({ sweep: { paths, stop: null, budget: { stagnation: 4 } }, workers: 1, slots: 1, random: steady, faults: 0, resultOf: better });
  for (let turn = 0; fleet.isRunning(); turn += 1) {
    fleet.step();
    if (turn % 15 === 14) fleet.failover();
  }
  assert.equal(fleet.spent.get('swp_sim')?.endedBy, 'stagnation');
  assert.equal(states(fleet).completed, 8, 'four that improved and four that did not');
});
