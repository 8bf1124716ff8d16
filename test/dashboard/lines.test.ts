import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { attained, brokenPath, type Point } from '../../dashboard/components/lines.js';

test('the line of a Pareto front passes below no point when both objectives are minimised, and beside none when x is maximised', () => {
  assert.deepEqual(attained([[0, 1], [0.5, 0.4], [1, 0]], 'minimize'), [[0, 1], [0.5, 1], [0.5, 0.4], [1, 0.4], [1, 0]]);
  assert.deepEqual(attained([[0, 0], [0.5, 0.4], [1, 1]], 'maximize'), [[0, 0], [0, 0.4], [0.5, 0.4], [0.5, 1], [1, 1]]);
});

test('no corner of the line claims what no trial has reached, whichever way either objective goes', () => {
  const direction = fc.constantFrom('minimize' as const, 'maximize' as const);
  const all = fc.array(fc.tuple(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 20 })), { minLength: 1, maxLength: 15 });
  fc.assert(fc.property(all, direction, direction, (points, xWay, yWay) => {
    const isNoWorse = (a: Point, b: Point): boolean => (xWay === 'minimize' ? a[0] <= b[0] : a[0] >= b[0]) && (yWay === 'minimize' ? a[1] <= b[1] : a[1] >= b[1]);
    const front = points.filter((point) => !points.some((other) => isNoWorse(other, point) && !isNoWorse(point, other))).sort((a, b) => a[0] - b[0]);
    for (const corner of attained(front, xWay)) assert.ok(front.some((point) => isNoWorse(point, corner)), `${corner.join(' ')} of ${JSON.stringify(front)}`);
  }));
});

test('a path is broken where there is no point, and shows a single one as a dash', () => {
  assert.equal(brokenPath([[0, 1], [10, 2.04], null, [30, 4], null, null, [60, 7], [70, 8]]), 'M0 1L10 2M27 4h6M60 7L70 8');
  assert.equal(brokenPath([null, null]), '');
});
