/** Expected places and distances: by hand, on a drawing of which 10 px are one unit and the top is at 100 px. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { usable, type ChartSeries } from '../../dashboard/components/chart-spec.js';
import { envelope, laid, nearestLine, type LaidLine, type NearestLine, type Places } from '../../dashboard/components/laid-lines.js';

const PLACES: Places = { xs: [0, 10, 20, 30], y: (value) => 100 - 10 * value };

function series(values: readonly (number | null)[], more: Partial<ChartSeries> = {}): ChartSeries {
  return { label: 'a line', values, colour: 1, kind: 'line', ...more };
}

function line(...points: readonly (readonly [number, number])[]): ReturnType<typeof laid> {
  return { points: Float32Array.from(points.flat()), indexes: Int32Array.from(points.keys()) };
}

function near(lines: readonly LaidLine[], x: number, y: number, reach: number, sight: readonly [number, number] = [0, 200]): NearestLine | null {
  return nearestLine(lines, { x, y, reach, sight });
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
  const both = [series([3, -1, null, 5]), series([4, 0, null, 2])];
  const onLog = both.map((each) => usable(each, { label: '', log: true }));
  assert.deepEqual(onLog.map(({ values }) => values), [[3, null, null, 5], [4, null, null, 2]]);
  assert.deepEqual(laidAs(onLog[0]?.values ?? []), [[0, 70, NaN, NaN, 30, 50], [0, 1, 3]]);
  assert.deepEqual(envelope(onLog, 4), [[3, null, null, 2], [4, null, null, 5]]);
  assert.deepEqual(envelope(both.map((each) => usable(each, { label: '' })), 4), [[3, -1, null, 2], [4, 0, null, 5]]);
});

test('a step goes on at its height to the next value, and points have no line between them', () => {
  assert.deepEqual(laidAs([1, null, 2], { kind: 'step' }), [[0, 90, 20, 90, 20, 80], [0, 2, 2]]);
  assert.deepEqual(laidAs([1, 2], { kind: 'points' }), [[0, 90, NaN, NaN, 10, 80], [0, 1, 1]]);
});

test('the line under the pointer is the one that passes nearest above or below it, with the nearest of its own points', () => {
  const lines = [line([0, 0], [100, 100]), line([0, 50], [100, 50])];
  // Straight below the place the first line is at 25, the second at 50.
  assert.deepEqual(near(lines, 25, 45, 24), { line: 1, index: 0 });
  assert.deepEqual(near(lines, 80, 75, 24), { line: 0, index: 1 });
  assert.equal(near(lines, 10, 90, 24), null);
});

test('beyond its end a line is as far as its last point', () => {
  const lines = [line([0, 0], [100, 100]), line([0, 50], [100, 50])];
  // 3-4-5.
  assert.deepEqual(near(lines, 103, 54, 5), { line: 1, index: 1 });
  assert.equal(near(lines, 103, 54, 4.9), null);
});

test('of lines that lie on each other the first is named, and a gap is no part of one', () => {
  const same = [line([0, 50], [100, 50]), line([0, 50], [100, 50])];
  assert.deepEqual(near(same, 60, 50, 24), { line: 0, index: 1 });
  assert.equal(near([line([0, 50], [NaN, NaN], [100, 50])], 50, 50, 24), null);
});

test('a step is met anywhere on its way up', () => {
  assert.deepEqual(near([line([0, 90], [20, 90], [20, 10])], 20, 50, 1), { line: 0, index: 1 });
});

test('in a picture that is zoomed into, points out of sight are neither met nor told, and a line between two of them is', () => {
  const whole = line([0, 50], [40, 50], [100, 50]);
  // 40 is the nearest of its points, and 10 px left of what is in sight.
  assert.deepEqual(near([whole], 55, 50, 24, [50, 200]), { line: 0, index: 2 });
  assert.deepEqual(near([whole], 55, 50, 24, [50, 90]), { line: 0, index: 1 });
  const ended = line([0, 50], [40, 50]);
  assert.deepEqual(near([ended], 50, 50, 24), { line: 0, index: 1 });
  assert.equal(near([ended], 50, 50, 24, [45, 200]), null);
});

test('of broken lines and steps of any shape the nearest is the one that is found by looking at every point', () => {
  const place = fc.integer({ min: 0, max: 60 });
  const shape = fc.record({ kind: fc.constantFrom('line' as const, 'step' as const, 'points' as const), values: fc.array(fc.option(fc.integer({ min: 0, max: 12 })), { minLength: 8, maxLength: 8 }), spansGaps: fc.boolean() });
  const eight: Places = { xs: [0, 7, 14, 21, 28, 35, 42, 49], y: (value) => 5 * value };
  fc.assert(fc.property(fc.array(shape, { maxLength: 6 }), place, place, fc.integer({ min: 1, max: 30 }), (shapes, x, y, reach) => {
    const lines = shapes.map(({ values, ...more }) => laid(series(values, more), eight));
    const distances = lines.map(({ points }) => byEveryPoint([...points], x, y));
    const least = Math.min(...distances, Infinity);
    assert.equal(near(lines, x, y, reach)?.line, least <= reach ? distances.indexOf(least) : undefined, distances.join(' '));
  }), { numRuns: 300 });
});

/** By its definition: up or down where a piece lies over x, else straight to a point. */
function byEveryPoint(points: readonly number[], x: number, y: number): number {
  let least = Infinity;
  for (let at = 0; at < points.length; at += 2) {
    const [px = NaN, py = NaN, nx = NaN, ny = NaN] = points.slice(at, at + 4);
    const isOver = px <= x && x <= nx;
    const [low, high] = [Math.min(py, ny), Math.max(py, ny)];
    const apart = !isOver ? Math.sqrt((px - x) ** 2 + (py - y) ** 2) : nx > px ? Math.abs(py + (ny - py) * ((x - px) / (nx - px)) - y) : Math.max(0, low - y, y - high);
    if (apart < least) least = apart;
  }
  return least;
}
