import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { goalOf } from '../../coordinator/leader/model.js';
import type { PrunerSpec } from '../../coordinator/sweep/spec.js';
import { SimFleet } from './fleet.js';
import { generator, pathOf, resultOf } from './sweeps.js';

const pruners: fc.Arbitrary<PrunerSpec> = fc.oneof(
  fc.record({ kind: fc.constant('median' as const), minEpochs: fc.integer({ min: 1, max: 3 }), minTrials: fc.integer({ min: 1, max: 3 }), every: fc.integer({ min: 1, max: 2 }) }),
  fc.record({ kind: fc.constant('asha' as const), minEpochs: fc.integer({ min: 1, max: 2 }), eta: fc.constantFrom(2, 3), brackets: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ kind: fc.constant('hyperband' as const), minEpochs: fc.integer({ min: 1, max: 2 }), eta: fc.constantFrom(2, 3) }),
);
/** Paths that share prefixes, twins among them. */
const paths = fc.array(fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 9 }), { minLength: 1, maxLength: 20 }).map((labels) => labels.map(pathOf));

/** Attempts in progress that nothing but trials held by their pruner waits for. */
function slotsOfHeld(fleet: SimFleet): number {
  const live = fleet.dispatcher.ledger.live().filter((attempt) => !attempt.cancelled && attempt.kind === 'train');
  return live.filter((attempt) => !fleet.dispatcher.board.isWanted(goalOf(attempt))).length;
}

test('with a pruner every trial ends completed or pruned, and trials that share nothing train no epoch twice', () => {
  fc.assert(
    fc.property(paths, pruners, fc.integer({ min: 1, max: 3 }), fc.integer(), (trials, pruner, workers, seed) => {
      const fleet = new SimFleet({ sweep: { paths: trials, stop: null, pruner }, workers, slots: 2, random: generator(seed), faults: 0, resultOf });
      for (let turn = 0; fleet.isRunning(); turn += 1) {
        assert.ok(turn < 20_000, 'it ends');
        fleet.step();
        assert.equal(slotsOfHeld(fleet), 0, 'a trial that waits holds no slot');
      }
      // Who is promoted into what others trained meanwhile may need a state that nobody kept (rule 6).
      const apart = new Set(trials.map(([first]) => first)).size === trials.length;
      if (apart) assert.deepEqual(fleet.retrained, [], 'nothing is trained twice');
      assert.equal(fleet.sweepStates.get('swp_sim'), 'completed');
      for (const [number, path] of trials.entries()) {
        const end = fleet.trialStates.get(`swp_sim/${number}`);
        assert.ok(end !== undefined && (end.state === 'completed' || end.state === 'pruned'), `trial ${number} is ${end?.state}`);
        if (end.state === 'completed') assert.equal(end.epochs, path.length);
        else assert.ok((end.epochs ?? 0) >= pruner.minEpochs && (end.epochs ?? 0) < path.length, `trial ${number} was pruned after ${end.epochs} of ${path.length} epochs`);
        for (const key of path.slice(0, end.epochs ?? 0)) assert.ok(fleet.recorded.has(key));
      }
    }),
    { numRuns: 300 },
  );
});

test('of fewer trials than one rung needs, the best one still completes', () => {
  for (const kind of ['asha', 'hyperband'] as const) {
    for (const count of [1, 2, 5, 26]) {
      const trials = Array.from({ length: count }, (_, number) => pathOf([number, ...new Array<number>(26).fill(0)]));
      const pruner = { kind, minEpochs: 1, eta: 3, brackets: 1 };
      const fleet = new SimFleet({ sweep: { paths: trials, stop: null, pruner }, workers: 1, slots: 2, random: generator(count), faults: 0, resultOf });
      fleet.run();
      const completed = [...fleet.trialStates.values()].filter(({ state }) => state === 'completed').length;
      assert.ok(completed >= 1, `${kind} over ${count} trials`);
    }
  }
});

test('twins share their fate', () => {
  fc.assert(
    fc.property(paths, pruners, fc.integer(), (some, pruner, seed) => {
      const trials = [...some, ...some];
      const fleet = new SimFleet({ sweep: { paths: trials, stop: null, pruner }, workers: 2, slots: 2, random: generator(seed), faults: 0, resultOf });
      fleet.run();
      for (const number of some.keys()) {
        const [first, second] = [number, number + some.length].map((each) => fleet.trialStates.get(`swp_sim/${each}`));
        assert.deepEqual([first?.state, first?.epochs], [second?.state, second?.epochs], `trials ${number} and ${number + some.length}`);
      }
    }),
    { numRuns: 100 },
  );
});

test('through crashes, silences and new leaders a sweep with a pruner ends, and records no epoch twice', () => {
  fc.assert(
    fc.property(paths, pruners, fc.integer(), fc.double({ min: 0.001, max: 0.03, noNaN: true }), (trials, pruner, seed, faults) => {
      // The store of the simulation refuses a second record of a key, and a write without its lease.
      const fleet = new SimFleet({ sweep: { paths: trials, stop: null, pruner }, workers: 3, slots: 2, random: generator(seed), faults, resultOf });
      fleet.run();
      for (const number of trials.keys()) {
        const end = fleet.trialStates.get(`swp_sim/${number}`);
        // A stage that lost three workers fails, as it must.
        if (end?.state === 'failed') assert.ok(fleet.events.filter((event) => event === 'attempt.failed').length >= 3);
        else assert.ok(end?.state === 'completed' || end?.state === 'pruned', `trial ${number} is ${end?.state}`);
      }
    }),
    { numRuns: 300 },
  );
});

test('asha over 1,000 trials trains a fraction of what they ask for, the same however it is watched', () => {
  const trials = Array.from({ length: 1_000 }, (_, number) => pathOf([number, ...new Array<number>(26).fill(0)]));
  const run = (): SimFleet => {
    const fleet = new SimFleet({ sweep: { paths: trials, stop: null, pruner: { kind: 'asha', minEpochs: 1, eta: 3, brackets: 1 } }, workers: 8, slots: 4, random: generator(5), faults: 0, resultOf });
    fleet.run();
    return fleet;
  };
  const [first, again] = [run(), run()];
  assert.ok(first.recorded.size < (1_000 * 27) / 4, `${first.recorded.size} epochs of ${1_000 * 27}`);
  assert.deepEqual([...first.trialStates], [...again.trialStates]);
});
