import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { samplerOf } from '../../../coordinator/sampler/make.js';
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
      const sampler = samplerOf({ axes, name: 'x', sampler: kind === 'random' ? { random: { seed } } : { sobol: { seed } } });
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
