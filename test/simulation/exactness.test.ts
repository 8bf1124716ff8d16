import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import type { RecordedEpoch } from '../../coordinator/store/records.js';
import { emptyFold, foldEpoch, chosenEpoch } from '../../coordinator/trial/fold.js';
import type { StopSpec } from '../../coordinator/sweep/spec.js';
import { SimFleet } from './fleet.js';
import { generator, pathOf, resultOf } from './sweeps.js';

const paths = fc.array(fc.array(fc.integer({ min: 0, max: 1 }), { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 14 }).map((labels) => labels.map(pathOf));
const stops: fc.Arbitrary<StopSpec | null> = fc.option(
  fc.record({ monitor: fc.constant('val.loss'), direction: fc.constant('minimize' as const), patience: fc.integer({ min: 1, max: 3 }), minDelta: fc.constantFrom(0, 0.1), restoreBest: fc.boolean() }),
  { nil: null },
);

/** Where a path ends and which epoch it answers for, read off the results alone. */
function expected(path: readonly string[], stop: StopSpec | null): { epochs: number; bestEpoch: number } {
  let fold = emptyFold;
  for (const key of path) {
    if (fold.state !== 'open') break;
    fold = foldEpoch(fold, resultOf(key), path.length, { stop, classes: [], positive: 0 });
  }
  return { epochs: fold.epochs, bestEpoch: chosenEpoch(fold, stop) };
}

test('without faults every distinct epoch is trained exactly once, whatever the order of trials, boxes and cuts', () => {
  fc.assert(
    fc.property(paths, fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 }), fc.integer(), (trials, workers, slots, seed) => {
      const fleet = new SimFleet({ sweep: { paths: trials, stop: null }, workers, slots, random: generator(seed), faults: 0, resultOf });
      fleet.run();
      const distinct = new Set(trials.flat());
      assert.deepEqual(new Set(fleet.recorded.keys()), distinct);
      assert.deepEqual(fleet.retrained, []);
      assert.equal(fleet.sweepStates.get('swp_sim'), 'completed');
      for (const [number, path] of trials.entries()) {
        assert.deepEqual(fleet.trialStates.get(`swp_sim/${number}`), { state: 'completed', epochs: path.length, bestEpoch: path.length - 1 });
      }
      for (const path of trials) assert.ok(fleet.hasCheckpoint(path.at(-1) ?? ''), 'the last epoch of each path is kept');
    }),
    { numRuns: 300 },
  );
});

test('with early stopping every trial ends and chooses as its own path says, whoever else wants the rest', () => {
  fc.assert(
    fc.property(paths, stops, fc.integer({ min: 1, max: 3 }), fc.integer(), (trials, stop, workers, seed) => {
      const fleet = new SimFleet({ sweep: { paths: trials, stop }, workers, slots: 2, random: generator(seed), faults: 0, resultOf });
      fleet.run();
      for (const [number, path] of trials.entries()) {
        assert.deepEqual(fleet.trialStates.get(`swp_sim/${number}`), { state: 'completed', ...expected(path, stop) }, `trial ${number}`);
      }
      assert.deepEqual(fleet.retrained, [], 'nothing is trained twice');
    }),
    { numRuns: 300 },
  );
});

test('through crashes, silences past the lease and repeated messages the outcome is that of the calm run', () => {
  fc.assert(
    fc.property(paths, stops, fc.integer(), fc.double({ min: 0.001, max: 0.03, noNaN: true }), (trials, stop, seed, faults) => {
      const fleet = new SimFleet({ sweep: { paths: trials, stop }, workers: 3, slots: 2, random: generator(seed), faults, resultOf });
      fleet.run();
      for (const [number, path] of trials.entries()) {
        const end = fleet.trialStates.get(`swp_sim/${number}`);
        // A stage that lost three workers fails, as it must; everything else is as in the calm run.
        if (end?.state === 'failed') assert.ok(fleet.events.filter((event) => event === 'attempt.failed').length >= 3);
        else assert.deepEqual(end, { state: 'completed', ...expected(path, stop) }, `trial ${number}`);
      }
      assert.ok(!fleet.events.includes('NonDeterministic'));
    }),
    { numRuns: 300 },
  );
});

test('checkpoints that the store has lost are made again, and no result changes', () => {
  fc.assert(
    fc.property(paths, stops, fc.integer(), fc.array(fc.nat(50), { minLength: 1, maxLength: 5 }), (trials, stop, seed, places) => {
      const keys = trials.flat();
      const lost = places.map((place) => keys[place % keys.length] ?? '');
      const fleet = new SimFleet({ sweep: { paths: trials, stop }, workers: 3, slots: 2, random: generator(seed), faults: 0, resultOf, lost });
      fleet.run();
      // One stage may come upon three of them, each nearer to the beginning; then it fails as it must.
      const failures = fleet.events.filter((event) => event === 'attempt.failed').length;
      for (const [number, path] of trials.entries()) {
        const end = fleet.trialStates.get(`swp_sim/${number}`);
        if (end?.state === 'failed') assert.ok(failures >= 3);
        else assert.deepEqual(end, { state: 'completed', ...expected(path, stop) }, `trial ${number}`);
      }
    }),
    { numRuns: 300 },
  );
});

test('a branch that appears in a leased span is kept by the running attempt and trains nothing twice', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 9 }), fc.integer({ min: 0, max: 8 }), fc.integer(), (length, at, seed) => {
      const trunk = Array.from({ length }, () => 0);
      const branch = [...trunk.slice(0, Math.min(at + 1, length - 1)), 1, 1];
      const fleet = new SimFleet({ sweep: { paths: [pathOf(trunk)], stop: null }, workers: 1, slots: 1, random: generator(seed), faults: 0, resultOf });
      fleet.now = 10;
      fleet.dispatcher.received('early', hello(), 10);
      fleet.turn();
      fleet.submit({ paths: [pathOf(branch)], stop: null, id: 'swp_late' });
      fleet.run();
      assert.deepEqual(fleet.retrained, []);
    }),
  );
});

function hello() {
  const numbers = { protocol: 1, slots: 1, memoryBytes: 1e9, slotMemoryBytes: 1e8 };
  return { kind: 'hello' as const, ...numbers, features: [], worker: 'wrk_0', name: 'wrk_0', numerics: ['sim'], node: 'sim', leases: [], waiting: [] };
}

test('a sweep of 10,000 trials runs in simulated time', () => {
  const trials = Array.from({ length: 10_000 }, (_, number) => pathOf([number % 7, number % 50, number, 0, 1, 2]));
  const fleet = new SimFleet({ sweep: { paths: trials, stop: null }, workers: 50, slots: 8, random: generator(1), faults: 0.0005, resultOf });
  fleet.run();
  assert.equal(fleet.recorded.size, new Set(trials.flat()).size);
  assert.equal([...fleet.trialStates.values()].filter((trial) => trial.state === 'completed').length, 10_000);
});

test('a paused sweep gives its leases back at an epoch end and resumes without training anything twice', () => {
  fc.assert(
    fc.property(paths, fc.integer({ min: 1, max: 40 }), fc.integer(), (trials, pauseAfter, seed) => {
      const fleet = new SimFleet({ sweep: { paths: trials, stop: null }, workers: 2, slots: 2, random: generator(seed), faults: 0, resultOf });
      const sweep = fleet.dispatcher.board.sweeps.get('swp_sim');
      assert.ok(sweep);
      for (let turn = 0; turn < pauseAfter && fleet.isRunning(); turn += 1) fleet.step();
      if (fleet.isRunning()) {
        fleet.dispatcher.pause(sweep, null);
        for (let turn = 0; turn < 60; turn += 1) fleet.step();
        assert.equal(fleet.dispatcher.ledger.live().length, 0, 'no lease is held while it is paused');
        if (sweep.state === 'paused') fleet.dispatcher.resume(sweep);
        if (fleet.isRunning()) fleet.run();
      }
      assert.deepEqual(new Set(fleet.recorded.keys()), new Set(trials.flat()));
      assert.deepEqual(fleet.retrained, []);
    }),
    { numRuns: 200 },
  );
});

test('whatever is recorded already, with or without checkpoints, the rest is trained and nothing is recorded twice', () => {
  fc.assert(
    fc.property(paths, stops, fc.integer(), fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 0.02, noNaN: true }), (trials, stop, seed, share, faults) => {
      const random = generator(seed);
      const history = new Map<string, RecordedEpoch>();
      for (const path of trials) {
        for (const key of path) {
          if (!history.has(key) && random() > share) break;
          const checkpoint = random() < 0.3 ? `blob-${key}` : null;
          history.set(key, { key, result: resultOf(key), seconds: 0, params: 0, msPerImage: null, attempt: 'att_before', checkpoint, recordedAt: new Date(0), recordedSeq: 0 });
        }
      }
      const fleet = new SimFleet({ sweep: { paths: trials, stop }, workers: 2, slots: 2, random, faults, history: [...history.values()], resultOf });
      fleet.run();
      for (const [number, path] of trials.entries()) {
        const end = fleet.trialStates.get(`swp_sim/${number}`);
        if (end?.state !== 'failed') assert.deepEqual(end, { state: 'completed', ...expected(path, stop) }, `trial ${number}`);
      }
    }),
    { numRuns: 300 },
  );
});

test('a sweep whose last trial ends while it is paused is completed', () => {
  const fleet = new SimFleet({ sweep: { paths: [pathOf([0, 0])], stop: null }, workers: 1, slots: 1, random: generator(3), faults: 0, resultOf });
  while (fleet.recorded.size < 1) fleet.step();
  const sweep = fleet.dispatcher.board.sweeps.get('swp_sim');
  assert.ok(sweep);
  fleet.dispatcher.pause(sweep, null);
  fleet.sweepStates.set('swp_sim', 'paused');
  fleet.submit({ paths: [pathOf([0, 0])], stop: null, id: 'swp_other' });
  fleet.run();
  assert.deepEqual([...fleet.sweepStates.values()], ['completed', 'completed']);
});

test('a box kept free for a retry serves others when the retry is gone', () => {
  const fleet = new SimFleet({ sweep: { paths: [pathOf([0, 0]), pathOf([1, 0, 0, 0, 0, 0])], stop: null }, workers: 1, slots: 2, random: generator(3), faults: 0, resultOf, outOfMemory: pathOf([0])[0] ?? '' });
  while (![...fleet.dispatcher.workers.values()].some(({ reserved }) => reserved !== null)) fleet.step();
  fleet.dispatcher.unload('swp_sim');
  fleet.sweepStates.set('swp_sim', 'stopped');
  fleet.submit({ paths: [pathOf([5, 5])], stop: null, id: 'swp_next' });
  fleet.run();
  assert.equal(fleet.sweepStates.get('swp_next'), 'completed');
});
