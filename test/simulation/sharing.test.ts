/** Several sweeps on one fleet: how they share its slots. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { SimFleet } from './fleet.js';
import { generator, pathOf, resultOf, type SimSweep } from './sweeps.js';

/** Trials that no other sweep shares. */
function sweep(id: string, mark: number, trials: number, epochs: number, more: Partial<SimSweep> = {}): SimSweep {
  return { id, stop: null, paths: Array.from({ length: trials }, (_, number) => pathOf([mark, number, ...Array.from({ length: epochs - 1 }, () => 0)]).slice(1)), ...more };
}

function fleetOf(sweeps: readonly SimSweep[], seed: number, more: { readonly workers?: number; readonly slots?: number; readonly faults?: number } = {}): SimFleet {
  const [first = assert.fail(), ...others] = sweeps;
  const fleet = new SimFleet({ sweep: first, workers: 2, slots: 3, random: generator(seed), faults: 0, resultOf, ...more });
  for (const other of others) fleet.submit(other);
  return fleet;
}

/** Stages that are leased for a sweep, of those that a slot has begun or of all. */
function leasedFor(fleet: SimFleet, id: string, only: 'begun' | 'all' = 'all'): number {
  return fleet.dispatcher.ledger.live().filter((attempt) => attempt.sweep?.record.id === id && (only === 'all' || attempt.begunAt !== null)).length;
}

/** Share of the begun stages by sweep, summed over so many steps. */
function shares(fleet: SimFleet, ids: readonly string[], steps: number): number[] {
  const sums = ids.map(() => 0);
  for (let step = 0; step < steps; step += 1) {
    fleet.step();
    for (const [index, id] of ids.entries()) sums[index] = (sums[index] ?? 0) + leasedFor(fleet, id, 'begun');
  }
  const all = sums.reduce((sum, each) => sum + each, 0);
  return sums.map((each) => each / all);
}

function assertThirds(measured: readonly number[]): void {
  for (const share of measured) assert.ok(Math.abs(share - 1 / 3) < 0.05, measured.map((each) => each.toFixed(3)).join(' '));
}

const ids = ['a', 'b', 'c'];

test('three sweeps of equal priority get a third of the slots each, though one has more trials and one stages ten times as long', () => {
  for (const [workers, slots] of [[2, 3], [1, 1], [1, 4], [3, 5]] as const) {
    const fleet = fleetOf([sweep('a', 1, 2000, 5), sweep('b', 2, 200, 50), sweep('c', 3, 800, 5)], 7, { workers, slots });
    assertThirds(shares(fleet, ids, workers * slots === 1 ? 1500 : 200));
  }
});

test('who joins late gets a share from then on and does not catch up; so does one that goes on after a pause', () => {
  const fleet = fleetOf([sweep('a', 1, 1000, 5), sweep('b', 2, 1000, 5)], 8, { workers: 1, slots: 1 });
  for (let step = 0; step < 1000; step += 1) fleet.step();
  fleet.submit(sweep('c', 3, 1000, 5));
  assertThirds(shares(fleet, ids, 1000));
  const paused = fleet.dispatcher.board.sweeps.get('b') ?? assert.fail();
  fleet.dispatcher.pause(paused, null);
  assert.equal(shares(fleet, ids, 500)[1]?.toFixed(1), '0.0');
  fleet.dispatcher.resume(paused);
  assertThirds(shares(fleet, ids, 1000));
});

test('a sweep of higher priority goes first, and the others go on with what it leaves', () => {
  const fleet = fleetOf([sweep('a', 1, 40, 5), sweep('b', 2, 40, 5)], 9);
  for (let step = 0; step < 20; step += 1) fleet.step();
  fleet.submit(sweep('c', 3, 40, 5, { priority: 1 }));
  const before = fleet.grants.length;
  while (fleet.sweepStates.get('c') !== 'completed') {
    fleet.step();
    const waiting = fleet.dispatcher.board.sweeps.get('c')?.ready.length ?? 0;
    if (waiting > 0) assert.ok(fleet.grants.slice(before).every(({ payers }) => payers[0] === 'c'), 'no other is handed a slot while it has ready work');
  }
  fleet.run();
  assert.deepEqual(ids.map((id) => fleet.sweepStates.get(id)), ['completed', 'completed', 'completed']);
});

test('whatever priorities and limits: none has more leased than its concurrency, no epoch is trained twice, and all end', () => {
  const choice = fc.record({ priority: fc.integer({ min: 0, max: 1 }), concurrency: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }), trials: fc.integer({ min: 1, max: 8 }), epochs: fc.integer({ min: 1, max: 6 }) });
  fc.assert(
    fc.property(fc.array(choice, { minLength: 2, maxLength: 4 }), fc.boolean(), fc.integer(), (choices, shared, seed) => {
      const sweeps = choices.map(({ trials, epochs, priority, concurrency }, index) => sweep(`s${index}`, shared ? 0 : index, trials, epochs, { priority, ...(concurrency === undefined ? {} : { concurrency }) }));
      const fleet = fleetOf(sweeps, seed);
      for (let turn = 0; fleet.isRunning(); turn += 1) {
        assert.ok(turn < 5000, 'it ends');
        fleet.step();
        for (const { id = '', concurrency } of sweeps) assert.ok(leasedFor(fleet, id) <= (concurrency ?? Number.POSITIVE_INFINITY), id);
      }
      assert.deepEqual(new Set(fleet.recorded.keys()), new Set(sweeps.flatMap(({ paths }) => paths.flat())));
      assert.deepEqual(fleet.retrained, []);
    }),
    { numRuns: 200 },
  );
});

test('a limit of 2 holds through crashes, silences and new leaders', () => {
  for (let seed = 0; seed < 30; seed += 1) {
    const fleet = fleetOf([sweep('a', 1, 20, 6, { concurrency: 2 }), sweep('b', 2, 20, 6)], seed, { faults: 0.02 });
    for (let turn = 1; fleet.isRunning(); turn += 1) {
      fleet.step();
      const open = fleet.open.filter(({ payers }) => payers[0] === 'a').length;
      assert.ok(open <= 2, `${open} are open in the store`);
      if (turn % 10 > 0) continue;
      fleet.failover();
      const share = fleet.dispatcher.board.sweeps.get('a')?.share;
      if (share !== undefined) assert.equal(share.leased, open, 'a new leader counts what a former one leased');
    }
  }
});

test('a stage that two sweeps want counts for the one that it was leased for, and both go on with it', () => {
  const fleet = fleetOf([sweep('a', 0, 6, 4, { concurrency: 1 }), sweep('b', 0, 6, 4)], 3);
  fleet.step();
  fleet.step();
  assert.deepEqual([leasedFor(fleet, 'a'), leasedFor(fleet, 'b')], [1, 5]);
  fleet.run();
  assert.equal(fleet.recorded.size, 24);
  assert.ok(ids.slice(0, 2).every((id) => fleet.sweepStates.get(id) === 'completed'));
});

test('a revision keeps what its sweep has leased and used', () => {
  const fleet = fleetOf([sweep('a', 1, 50, 20), sweep('b', 2, 50, 20)], 4);
  for (let step = 0; step < 30; step += 1) fleet.step();
  const before = fleet.dispatcher.board.sweeps.get('a')?.share ?? assert.fail();
  assert.ok(before.leased > 1);
  fleet.submit(sweep('a', 1, 50, 20, { concurrency: 1 }));
  const after = fleet.dispatcher.board.sweeps.get('a')?.share;
  assert.equal(after, before);
  while (before.leased > 1) fleet.step();
  for (let step = 0; step < 50; step += 1) {
    fleet.step();
    assert.ok(before.leased <= 1);
  }
});
