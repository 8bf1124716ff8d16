import assert from 'node:assert/strict';
import test from 'node:test';
import { SimFleet } from './fleet.js';
import { generator, pathOf, resultOf } from './sweeps.js';

const WORKERS = 2_000;
const TRIALS = 10_000;

/** 10,000 cells of three epochs each on 2,000 boxes, of which every tenth is fourteen times as slow, with crashes, silences, lost offers and repeated messages. */
function gridUnderFire(seed: number): SimFleet {
  const paths = Array.from({ length: TRIALS }, (_, number) => pathOf([number, 0, 0]));
  const fleet = new SimFleet({ sweep: { paths, stop: null }, workers: WORKERS, slots: 1, random: generator(seed), faults: 0.001, resultOf });
  for (let straggler = 0; straggler < WORKERS; straggler += 10) fleet.setSpeed(straggler, 0.05);
  fleet.run();
  return fleet;
}

test('thousands of workers, crashes, stragglers, lost and repeated messages: every grid cell completes exactly once, and none starves', () => {
  const fleet = gridUnderFire(11);
  // That no key is recorded twice, and none before its parent, the fleet's store checks at every commit.
  assert.equal(fleet.recorded.size, TRIALS * 3);
  const states = [...fleet.trialStates.values()];
  assert.equal(states.length, TRIALS);
  assert.equal(states.filter(({ state }) => state === 'completed').length, TRIALS);
  assert.ok(fleet.events.includes('attempt.failed'), 'there was fire');
  // Five rounds of three epochs at 14 ms are 0.2 s; a straggler takes 0.6 s for three epochs, a lost lease its term of 1 s, and a stage may be lost twice.
  assert.ok(fleet.now < 8_000, `${fleet.now} ms`);
});

test('the same seed gives the same sweep, another seed another one', () => {
  const told = (fleet: SimFleet): string => JSON.stringify([fleet.now, fleet.events, fleet.grants, [...fleet.trialStates], [...fleet.recorded.keys()]]);
  const small = (seed: number): SimFleet => {
    const paths = Array.from({ length: 400 }, (_, number) => pathOf([number % 20, number, 0, 0]));
    const pruner = { kind: 'asha' as const, minEpochs: 1, eta: 2, brackets: 1 };
    const fleet = new SimFleet({ sweep: { paths, stop: null, pruner }, workers: 40, slots: 2, random: generator(seed), faults: 0.01, resultOf });
    fleet.run();
    return fleet;
  };
  assert.equal(told(small(5)), told(small(5)));
  assert.notEqual(told(small(5)), told(small(6)));
});

test('whoever goes beyond a rung of asha had been among the best third of all who had come there', () => {
  for (const seed of [1, 2, 3]) {
    const rungs = [1, 3, 9];
    const paths = Array.from({ length: 500 }, (_, number) => pathOf([number, ...new Array<number>(11).fill(seed)]));
    const fleet = new SimFleet({ sweep: { paths, stop: null, pruner: { kind: 'asha', minEpochs: 1, eta: 3, brackets: 1 } }, workers: 30, slots: 2, random: generator(seed), faults: 0.005, resultOf });
    fleet.run();
    const place = new Map(paths.flatMap((path, trial) => path.map((key, epoch) => [key, { trial, epoch }] as const)));
    const values = new Map(rungs.map((rung) => [rung, [] as { trial: number; value: number }[]]));
    const worthy = new Map(rungs.map((rung) => [rung, new Set<number>()]));
    let beyond = 0;
    // In order of recording: what counts is what had been reported by then.
    for (const [key, { result }] of fleet.recorded) {
      const { trial, epoch } = place.get(key) ?? assert.fail(`the epoch ${key} of no trial`);
      const before = worthy.get(epoch);
      if (before !== undefined) {
        beyond += 1;
        assert.ok(before.has(trial), `seed ${seed}: trial ${trial} went beyond the rung of ${epoch} epochs`);
      }
      const reported = values.get(epoch + 1);
      if (reported === undefined) continue;
      reported.push({ trial, value: result.metrics['val.loss'] ?? Number.NaN });
      // The best of too few for a third may go on once nobody else comes.
      const best = reported.toSorted((a, b) => a.value - b.value || a.trial - b.trial).slice(0, Math.max(1, Math.floor(reported.length / 3)));
      for (const { trial: good } of best) worthy.get(epoch + 1)?.add(good);
    }
    assert.ok(beyond > 150, `${beyond} promotions`);
  }
});
