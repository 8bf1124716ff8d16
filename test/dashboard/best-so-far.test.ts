/** Expected places and values: by hand, from the times and values beside them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SeriesPoint, SeriesView } from '../../coordinator/api/page-views.js';
import { bestSoFar, type SweepSeries } from '../../dashboard/pages/compare/best-so-far.js';

const BEGAN = '2026-01-01T00:00:00.000Z';

/** Seconds after the beginning, and the value to be minimized. */
function point(number: number, seconds: number, value: number): SeriesPoint {
  return { number, id: `trl_${number}`, at: new Date(Date.parse(BEGAN) + seconds * 1_000).toISOString(), value, goesOn: null };
}

function sweep(points: readonly SeriesPoint[], best: readonly number[], of = points.length): SweepSeries {
  const series: SeriesView = { metric: 'val.loss', direction: 'minimize', of, points, best: best.map((number) => points.find((one) => one.number === number) ?? assert.fail(`no point ${number}`)) };
  return { beganAt: BEGAN, series };
}

const SLOW = sweep([point(0, 30, 5), point(1, 60, 6), point(2, 90, 3), point(3, 100, 4)], [0, 2]);
const FAST = sweep([point(0, 10, 4), point(1, 30, 2)], [0, 1]);

test('the best so far of each stands where it came, from the beginning of its sweep, and holds to its last trial', () => {
  assert.deepEqual(bestSoFar([SLOW, FAST], 'time'), { unit: 's', xs: [10, 30, 90, 100], lines: [[null, 5, 3, 3], [4, 2, null, null]] });
});

test('by trials it stands at how many had completed', () => {
  const { xs, lines } = bestSoFar([SLOW, FAST], 'trials');
  assert.deepEqual([xs, lines], [[1, 2, 3, 4], [[5, null, 3, 3], [4, 2, null, null]]]);
});

test('of a sample the places are spread over all, and a best that it lacks is midway between its neighbours', () => {
  const points = [point(0, 0, 9), point(50, 50, 8), point(100, 100, 7)];
  const between = point(20, 20, 6);
  const thin = { ...sweep(points, [0], 101), beganAt: BEGAN };
  const { xs } = bestSoFar([{ ...thin, series: { ...thin.series, best: [...thin.series.best, between] } }], 'trials');
  // 101 trials: places 1, 51 and 101; between the first two 26.
  assert.deepEqual(xs, [1, 26, 101]);
});

test('long sweeps are told in minutes and hours, and what has no trials has no places', () => {
  assert.deepEqual([bestSoFar([sweep([point(0, 600, 1)], [0])], 'time').xs, bestSoFar([sweep([point(0, 600, 1)], [0])], 'time').unit], [[10], 'min']);
  assert.deepEqual([bestSoFar([sweep([point(0, 10_800, 1)], [0])], 'time').xs, bestSoFar([sweep([point(0, 10_800, 1)], [0])], 'time').unit], [[3], 'h']);
  assert.deepEqual(bestSoFar([sweep([], [])], 'time'), { unit: 's', xs: [], lines: [[]] });
});
