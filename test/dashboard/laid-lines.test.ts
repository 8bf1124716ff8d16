/** Expected places and distances: by hand, on a drawing of which 10 px are one unit and the top is at 100 px. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChartSeries } from '../../dashboard/components/chart-spec.js';
import { envelope, laid, nearestLine, type Places } from '../../dashboard/components/laid-lines.js';

const PLACES: Places = { xs: [0, 10, 20, 30], y: (value) => (value > 0 ? 100 - 10 * value : Number.NaN) };

function series(values: readonly (number | null)[], more: Partial<ChartSeries> = {}): ChartSeries {
  return { label: 'a line', values, colour: 1, kind: 'line', ...more };
}

function line(...points: readonly (readonly [number, number])[]): ReturnType<typeof laid> {
  return { points: Float32Array.from(points.flat()), indexes: Int32Array.from(points.keys()) };
}

const laidAs = (values: readonly (number | null)[], more: Partial<ChartSeries> = {}): [number[], number[]] => {
  const { points, indexes } = laid(series(values, more), PLACES);
  return [[...points], [...indexes]];
};

test('a line is broken where a value is missing, or goes on over it', () => {
  assert.deepEqual(laidAs([1, null, null, 3]), [[0, 90, NaN, NaN, 30, 70], [0, 1, 3]]);
  assert.deepEqual(laidAs([1, null, null, 3], { spansGaps: true }), [[0, 90, 30, 70], [0, 3]]);
});

test('what has no place on a logarithmic axis is missing', () => {
  assert.deepEqual(laidAs([1, -1, 2, 0]), [[0, 90, NaN, NaN, 20, 80, NaN, NaN], [0, 1, 2, 3]]);
  assert.deepEqual(envelope([series([3, -1, null, 5]), series([4, 0, null, 2])], 4, { label: '', log: true }), [[3, null, null, 2], [4, null, null, 5]]);
  assert.deepEqual(envelope([series([3, -1, null, 5]), series([4, 0, null, 2])], 4, { label: '' }), [[3, -1, null, 2], [4, 0, null, 5]]);
});

test('a step goes on at its height to the next value, and points have no line between them', () => {
  assert.deepEqual(laidAs([1, null, 2], { kind: 'step' }), [[0, 90, 20, 90, 20, 80], [0, 2, 2]]);
  assert.deepEqual(laidAs([1, 2], { kind: 'points' }), [[0, 90, NaN, NaN, 10, 80], [0, 1, 1]]);
});

test('the line under the pointer is the one that passes nearest above or below it, with the nearest of its own points', () => {
  const lines = [line([0, 0], [100, 100]), line([0, 50], [100, 50])];
  // Straight below the place the first line is at 25, the second at 50.
  assert.deepEqual(nearestLine(lines, 25, 45, 24), { line: 1, index: 0 });
  assert.deepEqual(nearestLine(lines, 80, 75, 24), { line: 0, index: 1 });
  assert.equal(nearestLine(lines, 10, 90, 24), null);
});

test('beyond its end a line is as far as its last point', () => {
  const lines = [line([0, 0], [100, 100]), line([0, 50], [100, 50])];
  // 3-4-5.
  assert.deepEqual(nearestLine(lines, 103, 54, 5), { line: 1, index: 1 });
  assert.equal(nearestLine(lines, 103, 54, 4.9), null);
});

test('of lines that lie on each other the first is named, and a gap is no part of one', () => {
  const same = [line([0, 50], [100, 50]), line([0, 50], [100, 50])];
  assert.deepEqual(nearestLine(same, 60, 50, 24), { line: 0, index: 1 });
  assert.equal(nearestLine([line([0, 50], [NaN, NaN], [100, 50])], 50, 50, 24), null);
});

test('a step is met anywhere on its way up', () => {
  assert.deepEqual(nearestLine([line([0, 90], [20, 90], [20, 10])], 20, 50, 1), { line: 0, index: 1 });
});
