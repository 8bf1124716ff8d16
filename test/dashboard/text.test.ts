import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { remainingMs } from '../../dashboard/state/epoch-rate.js';
import { byteCount, duration, metric, percent, probability, setting, shortened } from '../../dashboard/text/format.js';
import { mistakesOf } from '../../dashboard/text/mistakes.js';

test('per cent are rounded down, and a share that is whole per cent is those', () => {
  for (let whole = 0; whole <= 100; whole += 1) assert.equal(percent(whole / 100), `${whole} %`);
  assert.equal(percent(0.9999), '99 %');
});

test('durations are told in the two largest units that say something', () => {
  const told = [[0, '0 ms'], [999.4, '999 ms'], [1_000, '1 s'], [9_949, '9.9 s'], [59_400, '59 s'], [60_000, '1 min'], [200_000, '3 min 20 s'], [7_200_000, '2 h'], [7_500_000, '2 h 5 min'], [NaN, '–']] as const;
  for (const [ms, text] of told) assert.equal(duration(ms), text);
});

test('numbers are told as people read them', () => {
  assert.deepEqual([metric(0.123456), metric(0), metric(0.0001234), metric(null)], ['0.1235', '0.0000', '0.0001234', '–']);
  assert.deepEqual([probability(0.0008601), probability(0.9991399), probability(1)], ['0.0009', '0.9991', '1.0000']);
  assert.deepEqual([byteCount(512), byteCount(1_500), byteCount(80e9), byteCount(999_600)], ['512 B', '1.5 kB', '80 GB', '1 MB']);
  assert.deepEqual([setting(0.123456789), setting(0.1234567), setting({ adam: { lr: 0.1 } }), setting(null)], ['0.1235', '0.1234567', 'adam(lr 0.1)', '–']);
  assert.equal(shortened('x'.repeat(200)).length, 80 * 0.9 + 1);
});

test('mistakes are told at their lines, and what is about no line stands as it is', () => {
  assert.deepEqual(mistakesOf('sweep.yaml:3:9: space.epochs: found "ten", expected a number\nthe sweep is running\n\n'), [
    { line: 3, text: 'space.epochs: found "ten", expected a number' },
    { line: null, text: 'the sweep is running' },
  ]);
});

test('every mistake is shown with its line, whatever it quotes', () => {
  const line = fc.string({ unit: fc.constantFrom('a', ':', ' ', '3', '<', '\u202e'), minLength: 1 }).filter((text) => text.trim() !== '');
  fc.assert(fc.property(fc.array(fc.tuple(fc.integer({ min: 1, max: 9_999 }), line), { minLength: 1 }), (mistakes) => {
    const told = mistakes.map(([row, text]) => `sweep.yaml:${row}:1: ${text}`).join('\n');
    assert.deepEqual(mistakesOf(told), mistakes.map(([row, text]) => ({ line: row, text })));
  }));
});

test('the time left is that of the epochs that are left, at the rate of the last minute', () => {
  const at = (seconds: number, recorded: number): number | null => remainingMs('swp_rate', { total: 1_000, recorded }, seconds * 1_000);
  assert.equal(at(0, 100), null);
  // 20 epochs in 10 s: 880 more take 440 s.
  assert.equal(at(10, 120), 440_000);
  // It stands still: 20 epochs in 20 s by now.
  assert.equal(at(20, 120), 880_000);
  // After the break the first minute's points are forgotten, and nothing is known again.
  assert.equal(at(200, 120), null);
  assert.equal(at(210, 220), 78_000);
});

test('of two sweeps each has a rate of its own', () => {
  remainingMs('swp_a', { total: 10, recorded: 0 }, 0);
  remainingMs('swp_b', { total: 10, recorded: 0 }, 0);
  assert.equal(remainingMs('swp_a', { total: 10, recorded: 5 }, 1_000), 1_000);
  assert.equal(remainingMs('swp_b', { total: 10, recorded: 1 }, 1_000), 9_000);
});
