import assert from 'node:assert/strict';
import test from 'node:test';
import { GpSampler } from '../../../coordinator/sampler/gp.js';
import type { Sampler } from '../../../coordinator/sampler/sampler.js';
import { ScalarisedSampler } from '../../../coordinator/sampler/scalarised.js';
import { TpeSampler } from '../../../coordinator/sampler/tpe.js';
import { randomSampler } from '../../../coordinator/sampler/uniform.js';
import { AxesSpace } from '../../../coordinator/space/assignment.js';
import { paretoRanks } from '../../../coordinator/trial/pareto.js';

const unit = (name: string) => ({ name, values: [0, 1], range: { min: 0, max: 1, type: 'float' as const, log: false } });
const axes = new AxesSpace(['a', 'b', 'c', 'd'].map(unit));

/** ZDT1 of four variables (Zitzler, Deb and Thiele 2000): its front is f2 = 1 - sqrt(f1), where all but the first variable are 0. */
function zdt1(assignment: { readonly [name: string]: unknown }): [number, number] {
  const [a = 0, b = 0, c = 0, d = 0] = ['a', 'b', 'c', 'd'].map((name) => Number(assignment[name]));
  const g = 1 + (9 * (b + c + d)) / 3;
  return [a, g * (1 - Math.sqrt(a / g))];
}

/** Area below (1.1, 6) that the points dominate. */
function hypervolume(points: readonly (readonly [number, number])[]): number {
  const ranks = paretoRanks(points);
  const front = points.filter((_, index) => ranks[index] === 1).sort((x, y) => x[0] - y[0]);
  return front.reduce((area, [x, y], index) => area + Math.max(0, 1.1 - x) * Math.max(0, (index === 0 ? 6 : front[index - 1]![1]) - y), 0);
}

function search(sampler: Sampler, trials: number): [number, number][] {
  return Array.from({ length: trials }, (_, number) => {
    const point = sampler.propose(number, 0);
    assert.ok(point !== null);
    const values = zdt1(axes.assignmentOf(point));
    sampler.observe({ number, point, state: 'pending', value: null, shortfall: 0, epochs: 0 });
    sampler.observe({ number, point, state: 'completed', value: values[0], values, shortfall: 0, epochs: 1 });
    return values;
  });
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;

test('under two objectives tpe and gp find more of the front than random draws do', () => {
  const seeds = [0, 1, 2, 3, 4];
  const random = median(seeds.map((seed) => hypervolume(search(randomSampler(axes.space, { seed }), 60))));
  for (const [name, make] of [['tpe', (seed: number) => new TpeSampler(axes.space, { seed })], ['gp', (seed: number) => new GpSampler(axes.space, { seed })]] as const) {
    const found = median(seeds.map((seed) => hypervolume(search(new ScalarisedSampler(make(seed), seed), 60))));
    assert.ok(found > random * 1.1, `${name}: ${found}, random ${random}`);
  }
});

test('the same seed and the same trials give the same proposals, in whatever order they were told', () => {
  const told = search(new ScalarisedSampler(new TpeSampler(axes.space, { seed: 3 }), 3), 40);
  const sampler = new ScalarisedSampler(new TpeSampler(axes.space, { seed: 3 }), 3);
  assert.deepEqual(search(sampler, 40), told);
});
