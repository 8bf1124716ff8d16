import assert from 'node:assert/strict';
import test from 'node:test';
import { SimFleet } from './fleet.js';
import { generator, pathOf, resultOf } from './sweeps.js';

const short = Array.from({ length: 200 }, (_, number) => pathOf([number]));

function aheadOf(fleet: SimFleet): number {
  return fleet.dispatcher.ledger.live().filter(({ begunAt }) => begunAt === null).length;
}

test('short stages are leased ahead of a free slot, and long ones are not', () => {
  const fleet = new SimFleet({ sweep: { paths: short, stop: null }, workers: 1, slots: 2, random: generator(1), faults: 0, resultOf });
  while (fleet.recorded.size < 50) fleet.step();
  assert.ok(aheadOf(fleet) > 2, `${aheadOf(fleet)} wait for a slot`);
  fleet.run();
  assert.equal(fleet.recorded.size, 200);
  // 30 epochs at about 14 ms: 200 ms of two slots do not hold one such stage.
  const long = Array.from({ length: 10 }, (_, number) => pathOf([number, ...Array.from({ length: 29 }, () => 0)]));
  const slow = new SimFleet({ sweep: { paths: long, stop: null }, workers: 1, slots: 2, random: generator(1), faults: 0, resultOf });
  while (slow.isRunning()) {
    slow.step();
    assert.ok(slow.dispatcher.ledger.live().length <= 2, 'one stage a slot');
  }
});

test('a lost worker’s stages that had not begun are nobody’s failure', () => {
  const fleet = new SimFleet({ sweep: { paths: short, stop: null }, workers: 1, slots: 1, random: generator(2), faults: 0, resultOf });
  while (aheadOf(fleet) < 3) fleet.step();
  fleet.setSpeed(0, 0);
  fleet.step();
  fleet.crash(0);
  fleet.setSpeed(0, 1);
  fleet.run();
  assert.equal(fleet.events.filter((event) => event === 'attempt.failed').length, 1, 'the one that had begun');
  assert.ok([...fleet.trialStates.values()].every(({ state }) => state === 'completed'));
});

test('a new leader knows from the hello what has not begun', () => {
  const fleet = new SimFleet({ sweep: { paths: short, stop: null }, workers: 1, slots: 1, random: generator(3), faults: 0, resultOf });
  while (aheadOf(fleet) < 3) fleet.step();
  const before = aheadOf(fleet);
  fleet.failover();
  assert.equal(aheadOf(fleet), 0, 'not known yet');
  fleet.step();
  assert.ok(aheadOf(fleet) >= before - 1, `${aheadOf(fleet)} of ${before}`);
  fleet.run();
  assert.equal(fleet.recorded.size, 200);
});

test('what waits at a worker that has become slow is called back once another one is idle', () => {
  const fleet = new SimFleet({ sweep: { paths: short, stop: null }, workers: 2, slots: 1, random: generator(4), faults: 0, resultOf });
  while (aheadOf(fleet) < 6) fleet.step();
  fleet.setSpeed(0, 0);
  const stuck = fleet.dispatcher.workers.get('wrk_0');
  while (fleet.recorded.size < 199) {
    fleet.step();
    assert.ok(fleet.now < 60_000, `${fleet.recorded.size} of 200 epochs after a minute, ${stuck?.waiting} wait at the slow worker`);
  }
  assert.equal(stuck?.attempts.size, 1, 'the one that it had begun');
  fleet.setSpeed(0, 1);
  fleet.run();
  assert.equal(fleet.recorded.size, 200);
});

test('a trial that comes to stages which a slot is at runs as they do', () => {
  const path = pathOf(Array.from({ length: 30 }, () => 0));
  const fleet = new SimFleet({ sweep: { paths: [path], stop: null }, workers: 1, slots: 1, random: () => 0.5, faults: 0, resultOf });
  while (fleet.recorded.size < 2) fleet.step();
  fleet.submit({ id: 'swp_twin', paths: [path], stop: null });
  fleet.step();
  assert.equal(fleet.trialStates.get('swp_twin/0')?.state, 'running');
});
