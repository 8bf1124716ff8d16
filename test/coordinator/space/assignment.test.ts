import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { samplerOf } from '../../../coordinator/sampler/make.js';
import { oneAtATime } from '../../../coordinator/sampler/assignments.js';
import { gridAssignments, gridSize } from '../../../coordinator/sampler/grid.js';
import { countPoints } from '../../../coordinator/sampler/unseen.js';
import { parseSweepFile } from '../../../coordinator/sweep/parse.js';
import { namedSettings } from '../../../proto/named-settings.js';
import { AxesSpace } from '../../../coordinator/space/assignment.js';
import type { Axis } from '../../../coordinator/sweep/spec.js';

const names = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,6}$/), { minLength: 1, maxLength: 6 });
const whole = fc.integer({ min: 1, max: 500 });
const shape: fc.Arbitrary<Omit<Axis, 'name'>> = fc.oneof(
  fc.uniqueArray(fc.integer({ min: -50, max: 50 }), { minLength: 1, maxLength: 5 }).map((values) => ({ values })),
  fc.uniqueArray(fc.constantFrom('a', 'b', true, false, 3, null), { minLength: 1, maxLength: 5 }).map((values) => ({ values })),
  fc.constant({ values: [0.1, { cosine: { initial: 0.1 } }, [8, 16]] }),
  fc.tuple(whole, whole, fc.boolean(), fc.constantFrom('int' as const, 'float' as const)).map(([min, more, log, type]) => ({ values: [min, min + more], range: { min, max: min + more, type, log } })),
);
const spaces = names.chain((all) => fc.tuple(...all.map((name) => shape.map((axis): Axis => ({ name, ...axis })))));

test('a point and its assignment name each other, for whatever a sampler proposes', () => {
  fc.assert(
    fc.property(spaces, fc.integer({ min: 0, max: 1000 }), fc.constantFrom('random', 'sobol'), (axes, seed, kind) => {
      const space = new AxesSpace(axes);
      const sampler = samplerOf({ axes, name: 'x', objective: { metric: 'val.auc', direction: 'maximize', floors: {} }, sampler: kind === 'random' ? { random: { seed } } : { sobol: { seed } } });
      for (let number = 0; number < 5; number += 1) {
        const point = sampler.propose(number, 0);
        assert.ok(point !== null);
        const assignment = space.assignmentOf(point);
        assert.deepEqual(Object.keys(assignment), axes.map(({ name }) => name));
        assert.deepEqual(space.pointOf(assignment), point);
        assert.deepEqual(space.assignmentOf(space.pointOf(assignment) ?? []), assignment);
      }
    }),
    { numRuns: 300 },
  );
});

test('numbers that were listed are neighbours in their order, whatever the order of the list', () => {
  const space = new AxesSpace([{ name: 'batch', values: [64, 16, 32] }, { name: 'optimizer', values: ['sgdm', 'adam'] }, { name: 'seed', values: [1] }]);
  assert.deepEqual(space.space.dimensions, [
    { name: 'batch', when: null, kind: 'ordered', values: [16, 32, 64] },
    { name: 'optimizer', when: null, kind: 'choice', count: 2 },
  ]);
  assert.deepEqual(space.assignmentOf([2, 0]), { batch: 64, optimizer: 'sgdm', seed: 1 });
});

test('what lies outside the space has no point', () => {
  const space = new AxesSpace([{ name: 'lr', values: [0.1, 1], range: { min: 0.1, max: 1, type: 'float', log: true } }, { name: 'n', values: [2, 4], range: { min: 2, max: 4, type: 'int', log: false } }]);
  assert.deepEqual(space.pointOf({ lr: 0.5, n: 3 }), [0.5, 3]);
  for (const outside of [{ lr: 0.05, n: 3 }, { lr: 0.5, n: 3.5 }, { lr: 'x', n: 3 }, { lr: 0.5 }, { lr: 0.5, n: 3, other: 1 }]) assert.equal(space.pointOf(outside), null);
});

const field = fc.oneof(
  fc.integer({ min: 0, max: 9 }),
  fc.uniqueArray(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 3 }),
  fc.uniqueArray(fc.constantFrom('x', 'y', true), { minLength: 1, maxLength: 3 }),
  fc.record({ min: fc.integer({ min: 1, max: 5 }), more: fc.integer({ min: 1, max: 90 }), scale: fc.constantFrom('linear', 'log'), type: fc.constantFrom('int', 'float') }).map(({ min, more, ...rest }) => ({ min, max: min + more, ...rest })),
);
const item = (name: string) => fc.oneof(fc.constant(name), fc.dictionary(fc.constantFrom('a', 'b', 'c'), field, { minKeys: 1, maxKeys: 3 }).map((settings) => ({ [name]: settings })));
const choice = fc.uniqueArray(fc.constantFrom('sgd', 'adam', 'rmsprop'), { minLength: 1, maxLength: 3 }).chain((kinds) => fc.tuple(...kinds.map(item)));
/** Axes of a sweep file over choices with settings of their own, beside one over numbers. */
const conditional = fc.tuple(choice, choice).map(([opt, kernel]) => {
  const space = { epochs: 1, opt, n: [1, 2], kernel };
  const parsed = parseSweepFile(JSON.stringify({ trainable: { synthetic: { metrics: { m: 'n' } } }, space, sampler: 'random', budget: { trials: 1 } }), 'a.yaml');
  assert.ok('spec' in parsed, JSON.stringify(parsed));
  return parsed.spec.axes;
});

test('settings inside a choice exist where it is taken: points and assignments name each other there too', () => {
  fc.assert(
    fc.property(conditional, fc.integer({ min: 0, max: 1000 }), (axes, seed) => {
      const space = new AxesSpace(axes);
      assert.equal(new Set(space.space.dimensions.map(({ name }) => name)).size, space.space.dimensions.length);
      const sampler = samplerOf({ objective: { metric: 'val.auc', direction: 'maximize', floors: {} }, axes, name: 'x', sampler: { random: { seed } } });
      for (let number = 0; number < 8; number += 1) {
        const point = sampler.propose(number, 0) ?? [];
        const assignment = space.assignmentOf(point);
        assert.deepEqual(Object.keys(assignment), ['epochs', 'opt', 'n', 'kernel']);
        assert.deepEqual(space.pointOf(assignment), point);
        // Every setting that exists has its number or text in the place that its dimension is called by.
        const { numbers, texts } = namedSettings(assignment);
        space.space.dimensions.forEach(({ name, kind }, index) => {
          const exists = (point[index] ?? null) !== null;
          assert.equal(Object.hasOwn(numbers, name) || Object.hasOwn(texts, name), exists, name);
          if (exists && (kind === 'float' || kind === 'int')) assert.equal(numbers[name], point[index]);
        });
      }
    }),
    { numRuns: 50 },
  );
});

test('a grid has each setting of a choice once, whatever stands in those that are not taken; one at a time has each once as well', () => {
  fc.assert(
    fc.property(conditional, (ranged) => {
      const axes = ranged.map(({ name, values, when }): Axis => ({ name, values, ...(when === undefined ? {} : { when }) }));
      const space = new AxesSpace(axes);
      const cells = [...gridAssignments(axes)];
      const texts = cells.map((cell) => JSON.stringify(cell));
      assert.equal(cells.length, gridSize(axes));
      assert.equal(new Set(texts).size, cells.length);
      assert.equal(cells.length, countPoints(space.space));
      for (const cell of cells) assert.deepEqual(space.assignmentOf(space.pointOf(cell) ?? []), cell);
      const single = [...oneAtATime(axes)].map((cell) => JSON.stringify(cell));
      assert.equal(new Set(single).size, single.length);
      // The base, and of each axis all values but the first.
      assert.equal(single.length, 1 + axes.reduce((sum, { values }) => sum + values.length - 1, 0));
      for (const cell of single) assert.ok(texts.includes(cell));
    }),
    { numRuns: 50 },
  );
});
