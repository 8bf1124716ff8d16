import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cosineOfPi, isSchedule, plateauAt, rateAt, ratesOf, type RateSchedule, type Schedule } from '../../../coordinator/space/schedule.js';

test('a number and a constant are the same rate in every epoch', () => {
  assert.deepEqual([0, 5, 99].map((epoch) => rateAt(0.01, epoch, 100)), [0.01, 0.01, 0.01]);
  assert.deepEqual([0, 5, 99].map((epoch) => rateAt({ constant: 0.01 }, epoch, 100)), [0.01, 0.01, 0.01]);
});

test('a piecewise rate falls by its factor every so many epochs, counted from 0', () => {
  // Study A: 0.01, x 0.2 every 5 epochs: 0.01 in epochs 0-4, 0.002 in 5-9, 0.0004 in 10-14.
  const rates = [0, 4, 5, 9, 10, 14].map((epoch) => Math.fround(rateAt({ piecewise: { initial: 0.01, factor: 0.2, every: 5 } }, epoch, 100)));
  assert.deepEqual(rates, [0.01, 0.01, 0.002, 0.002, 0.0004, 0.0004].map(Math.fround));
});

test('a cosine goes from initial at epoch 0 through half way to final at its length, and stays there', () => {
  const at = (epoch: number): number => rateAt({ cosine: { initial: 0.01, epochs: 20, final: 0.002 } }, epoch, 100);
  assert.equal(at(0), 0.01);
  // (1 + cos(pi / 3)) / 2 = 3/4, (1 + cos(pi / 2)) / 2 = 1/2, (1 + cos(2 pi / 3)) / 2 = 1/4.
  assert.ok(Math.abs(rateAt({ cosine: { initial: 1, epochs: 3 } }, 1, 3) - 0.75) < 1e-15);
  assert.ok(Math.abs(at(10) - 0.006) < 1e-17);
  assert.ok(Math.abs(rateAt({ cosine: { initial: 1, epochs: 3 } }, 2, 3) - 0.25) < 1e-15);
  assert.deepEqual([at(20), at(21), at(99)], [0.002, 0.002, 0.002]);
});

test('a cosine without a length has the length of the trial', () => {
  assert.equal(rateAt({ cosine: { initial: 0.01 } }, 7, 20), rateAt({ cosine: { initial: 0.01, epochs: 20 } }, 7, 50));
});

test('our cosine is that of Math to the last bits', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1, noNaN: true }), (x) => {
      assert.ok(Math.abs(cosineOfPi(x) - Math.cos(Math.PI * x)) < 4e-16, `cos(pi ${x}): ${cosineOfPi(x)}, ${Math.cos(Math.PI * x)}`);
    }),
  );
  assert.deepEqual([cosineOfPi(0), cosineOfPi(0.5), cosineOfPi(1)], [1, 0, -1]);
});

test('a map is a schedule by its name', () => {
  assert.deepEqual([{ cosine: {} }, { constant: 1 }, { from: 1 }, 3, null, [1]].map(isSchedule), [true, true, false, false, false, false]);
});

test('steps, exponential and inverse time are what their formulas say', () => {
  const rates = (schedule: Schedule): number[] => [0, 1, 2, 3].map((epoch) => rateAt(schedule, epoch, 4));
  assert.deepEqual(rates({ steps: [[0, 0.1], [2, 0.01], [3, 0.5]] }), [0.1, 0.1, 0.01, 0.5]);
  assert.deepEqual(rates({ exponential: { initial: 8, factor: 0.5 } }), [8, 4, 2, 1]);
  assert.deepEqual(rates({ inverseTime: { initial: 6, decay: 1 } }), [6, 3, 2, 1.5]);
});

test('a warm-up rises in a straight line to the first rate of what follows, which counts from its end', () => {
  const schedule = { warmup: { epochs: 4, to: { exponential: { initial: 8, factor: 0.5 } } } };
  const rates = [0, 1, 2, 3, 4, 5].map((epoch) => ratesOf(schedule, epoch, 10));
  assert.deepEqual(rates, [{ from: 0, to: 2 }, { from: 2, to: 4 }, { from: 4, to: 6 }, { from: 6, to: 8 }, { from: 8, to: 8 }, { from: 4, to: 4 }]);
  // A cosine without a length lasts from the end of the warm-up to the end of the trial: half way at epoch 5 of 2 + 6.
  assert.equal(ratesOf({ warmup: { epochs: 2, to: { cosine: { initial: 1 } } } }, 5, 8).to, 0.5);
});

test('one cycle rises to its peak and falls to its last rate in straight lines, and stays there', () => {
  // Over 10 epochs from 1 to 10 by the end of epoch 3 (30 %), then to 0.3 by the end of epoch 10: 3 more each, then 9.7 / 7 less.
  const schedule: RateSchedule = { oneCycle: { peak: 10, epochs: 10, initial: 1, final: 0.3 } };
  const ends = Array.from({ length: 12 }, (_, epoch) => ratesOf(schedule, epoch, 99).to);
  const fall = (epochs: number): number => 10 - (9.7 / 7) * epochs;
  const expected = [4, 7, 10, fall(1), fall(2), fall(3), fall(4), fall(5), fall(6), 0.3, 0.3, 0.3];
  ends.forEach((rate, epoch) => assert.ok(Math.abs(rate - (expected[epoch] ?? NaN)) < 1e-12, `epoch ${epoch}: ${rate}, expected ${expected[epoch]}`));
  // Each epoch begins where the one before it has ended.
  ends.forEach((_, epoch) => assert.equal(ratesOf(schedule, epoch, 99).from, epoch === 0 ? 1 : ends[epoch - 1]));
});

test("one cycle takes PyTorch's first and last rate and the trial's length where they are not given", () => {
  // OneCycleLR: max_lr / div_factor (25), and that / final_div_factor (1e4).
  const rates = (epochs: number): number[] => Array.from({ length: epochs }, (_, epoch) => ratesOf({ oneCycle: { peak: 1 } }, epoch, epochs).to);
  assert.equal(ratesOf({ oneCycle: { peak: 1 } }, 0, 4).from, 0.04);
  assert.deepEqual([rates(4)[0], rates(4).at(-1)], [1, 0.04 * 1e-4]);
  // A cycle of two epochs has its peak between them; one of a single epoch falls.
  assert.equal(rates(2)[0], 1);
  assert.deepEqual(ratesOf({ oneCycle: { peak: 1 } }, 0, 1), { from: 1, to: 0.04 * 1e-4 });
});

test('periods of a cosine with restarts may grow, and a long one is found at once', () => {
  const at = (epoch: number, lengthen: number): number => rateAt({ cosineRestarts: { initial: 1, every: 2, lengthen } }, epoch, 100);
  // 2, 4, 8 epochs: restarts at 0, 2, 6 and 14.
  assert.deepEqual([0, 2, 6, 14].map((epoch) => at(epoch, 2)), [1, 1, 1, 1]);
  assert.equal(at(4, 2), 0.5);
  assert.equal(at(99_998, 1), 1);
});

test('a plateau is the rate that nothing has reduced, and is in force from the end of a warm-up on', () => {
  const schedule: RateSchedule = { warmup: { epochs: 2, to: { plateau: { initial: 0.1, patience: 3 } } } };
  assert.deepEqual([0, 1, 2, 9].map((epoch) => ratesOf(schedule, epoch, 10).to), [0.05, 0.1, 0.1, 0.1]);
  assert.deepEqual([0, 1].map((epoch) => plateauAt(schedule, epoch)), [null, null]);
  // The others are Keras' ReduceLROnPlateau's.
  assert.deepEqual(plateauAt(schedule, 2), { monitor: 'val.loss', factor: 0.1, patience: 3, minDelta: 0.0001, cooldown: 0, final: 0 });
  assert.equal(plateauAt(0.1, 5), null);
});
