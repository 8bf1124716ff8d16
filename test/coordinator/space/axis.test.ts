import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { expandAxis, type AxisRule, type WrittenAxis } from '../../../coordinator/space/axis.js';
import type { Json } from '../../../proto/work.js';

const number: AxisRule = { numeric: true, whole: false, meaning: (value) => value };
const whole: AxisRule = { ...number, whole: true };
const values = (written: WrittenAxis, rule = number): Json[] => expandAxis(written, rule).values.map(({ value }) => value);

test('a scalar is fixed, a list is values, segments in a list are written out', () => {
  assert.deepEqual(values(0.5), [0.5]);
  assert.deepEqual(values([0.3, 0.5]), [0.3, 0.5]);
  assert.deepEqual(values([{ from: 20, to: 50, step: 15 }, { from: 100, to: 200, step: 50 }]), [20, 35, 50, 100, 150, 200]);
});

test('the variable-step axis of study A has no hole at its bounds', () => {
  // 1 to 50 by 1, to 200 by 10, to 500 by 100: 50 + 15 + 3 values, and 50 and 200 once each.
  const axis = values([{ from: 1, to: 50, step: 1 }, { from: 50, to: 200, step: 10 }, { from: 200, to: 500, step: 100 }]);
  assert.equal(axis.length, 68);
  assert.deepEqual(axis.slice(48, 52), [49, 50, 60, 70]);
  assert.deepEqual(axis.slice(-4), [200, 300, 400, 500]);
});

test('duplicates are dropped and the first of each keeps its place', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1 }), (list) => {
      assert.deepEqual(values(list), [...new Set(list)]);
    }),
  );
});

test('values with the same meaning are duplicates', () => {
  const rule: AxisRule = { ...number, meaning: (value) => (typeof value === 'object' ? 1 : value) };
  assert.deepEqual(values([1, { constant: 1 }], rule), [1]);
});

test('a range gives its points or its steps', () => {
  assert.deepEqual(values({ min: 32, max: 512, type: 'int', scale: 'log', points: 2 }), [32, 512]);
  assert.deepEqual(values({ min: 32, max: 512, scale: 'log', points: 5 }, whole), [32, 64, 128, 256, 512]);
  assert.deepEqual(values({ min: 0, max: 1, points: 3 }), [0, 0.5, 1]);
  assert.deepEqual(values({ min: 0, max: 10, points: 4 }, whole), [0, 3, 7, 10]);
  assert.deepEqual(values({ min: 0, max: 1, step: 0.4 }), [0, 0.4, 0.8, 1]);
  assert.deepEqual(values({ min: 1, max: 3, points: 9 }, whole), [1, 2, 3]);
});

test('a range that grid cannot use says why and where', () => {
  const problem = (written: WrittenAxis, rule = number): (string | undefined)[] => {
    const { problems } = expandAxis(written, rule);
    assert.equal(problems.length, 1);
    return [problems[0]?.path.join('.'), problems[0]?.found, problems[0]?.expected];
  };
  assert.deepEqual(problem({ min: 1, max: 5 }), ['', 'a range from 1 to 5', 'points or step in it']);
  assert.deepEqual(problem({ min: 1, max: 5, points: 2, step: 1 }), ['step', 'step and points', 'one of them']);
  assert.deepEqual(problem({ min: 0, max: 5, scale: 'log', points: 2 }), ['min', '0', 'a number above 0']);
  assert.deepEqual(problem({ min: 1, max: 5, scale: 'log', step: 2 }), ['step', '2', 'points']);
  assert.deepEqual(problem({ min: 5, max: 1, points: 2 }), ['max', '1', 'at least min, which is 5']);
  assert.deepEqual(problem({ min: 1, max: 5, type: 'float', points: 2 }, whole), ['type', 'float', 'int']);
  // Rounded to 9 and 11, the values would lie outside of what was asked for.
  assert.deepEqual(problem({ min: 8.6, max: 10.5, points: 2 }, whole), ['min', '8.6', 'a whole number']);
  assert.deepEqual(problem({ min: 8, max: 10, step: 0.7 }, whole), ['step', '0.7', 'a whole number']);
  assert.deepEqual(problem({ min: 1, max: 2.5, type: 'int', points: 2 }), ['max', '2.5', 'a whole number']);
  assert.deepEqual(problem([{ from: 5, to: 1, step: 1 }]), ['0.to', '1', 'at least from, which is 5']);
});

test('an axis of a million million values is refused before any is made', () => {
  const { problems } = expandAxis([{ from: 0, to: 1e9, step: 0.001 }], number);
  assert.match(problems[0]?.found ?? '', /which makes 1000000000001 values/);
});

test('maps are values where the hyperparameter takes maps', () => {
  assert.deepEqual(values({ min: 1, max: 2 }, { ...number, numeric: false }), [{ min: 1, max: 2 }]);
});

test('items found wrong before are passed over', () => {
  assert.deepEqual(values([1, undefined, 3]), [1, 3]);
});
