import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { binsOf, cellsOf } from '../../dashboard/pages/sweep/cells.js';
import { dimensionsOf, type Dimension } from '../../dashboard/pages/sweep/dimension.js';
import type { PlotTrial } from '../../dashboard/pages/sweep/points.js';

function trialsOf(rows: readonly { readonly x: number | string; readonly y: number; readonly objective: number }[]): PlotTrial[] {
  return rows.map(({ x, y, objective }, number) => ({ id: `trl_${number}`, number, settings: { x, y }, objective, objectives: [objective], rank: null }));
}

function axesOf(trials: readonly PlotTrial[]): readonly [Dimension, Dimension] {
  const [x, y] = dimensionsOf(trials);
  assert.ok(x !== undefined && y !== undefined);
  return [x, y];
}

test('values that are alike in four digits have columns and names of their own', () => {
  const trials = trialsOf([{ x: 0.10000001, y: 1, objective: 1 }, { x: 0.10000002, y: 2, objective: 2 }]);
  const [x] = axesOf(trials);
  const bins = binsOf(x, trials);
  assert.deepEqual(bins.labels, ['0.10000001', '0.10000002']);
  assert.deepEqual(trials.map(bins.of), [0, 1]);
});

test('no two ends of spans read the same, however narrow the axis is', () => {
  const trials = trialsOf(Array.from({ length: 40 }, (_, index) => ({ x: 0.5 + index / 1e5, y: index % 2, objective: index })));
  const { edges } = binsOf(axesOf(trials)[0], trials);
  assert.equal(new Set(edges).size, 9);
});

test('a cell holds the best of its trials, and tells of how many', () => {
  const trials = trialsOf([{ x: 'adam', y: 1, objective: 0.5 }, { x: 'adam', y: 1, objective: 0.3 }, { x: 'sgd', y: 2, objective: 0.9 }]);
  const [x, y] = axesOf(trials);
  const cells = cellsOf(trials, binsOf(x, trials), binsOf(y, trials), (values) => Math.min(...values));
  assert.deepEqual(cells, [[{ trials: 2, value: 0.3 }, null], [null, { trials: 1, value: 0.9 }]]);
});

test('every trial lies in one cell', () => {
  const row = fc.record({ x: fc.double({ min: 1e-5, max: 10, noNaN: true }), y: fc.integer({ min: -50, max: 50 }), objective: fc.double({ min: 0, max: 1, noNaN: true }) });
  fc.assert(fc.property(fc.array(row, { minLength: 2, maxLength: 60 }), (rows) => {
    const trials = trialsOf(rows);
    fc.pre(new Set(rows.map(({ x }) => x)).size > 1 && new Set(rows.map(({ y }) => y)).size > 1);
    const [x, y] = axesOf(trials);
    const [columns, lines] = [binsOf(x, trials), binsOf(y, trials)];
    assert.equal(new Set(columns.labels).size, columns.labels.length);
    const cells = cellsOf(trials, columns, lines, (values) => values.length);
    assert.equal(cells.flat().reduce((sum, cell) => sum + (cell?.trials ?? 0), 0), trials.length);
  }));
});

test('of hundreds of categories those that most trials have are columns, in their order, and the others are counted', () => {
  // c299 has 300 trials, c298 has 299, ..., c0 has one.
  const trials = trialsOf(Array.from({ length: 300 }, (_, index) => Array.from({ length: index + 1 }, () => ({ x: `c${index}`, y: index % 2, objective: index }))).flat());
  const bins = binsOf(axesOf(trials)[0], trials);
  assert.deepEqual([bins.labels, bins.leftOut], [Array.from({ length: 24 }, (_, index) => `c${276 + index}`), 276]);
  assert.deepEqual(trials.map(bins.of).filter((column) => column !== null).length, Array.from({ length: 24 }, (_, index) => 277 + index).reduce((sum, each) => sum + each));
});
