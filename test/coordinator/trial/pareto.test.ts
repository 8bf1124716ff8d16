import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { paretoRanks } from '../../../coordinator/trial/pareto.js';

test('points that nobody beats in all values are rank 1, and rank 2 without them', () => {
  //       on the front    on the front    beaten by the first    the front again   beaten by the third
  assert.deepEqual(paretoRanks([[1, 5], [3, 2], [2, 5], [3, 2], [4, 6]]), [1, 1, 2, 1, 3]);
  assert.deepEqual(paretoRanks([]), []);
});

/** By the definition: what no other point that is left dominates. */
function byDefinition(points: readonly (readonly number[])[]): number[] {
  const ranks = points.map(() => 0);
  for (let rank = 1; ranks.includes(0); rank += 1) {
    const left = points.flatMap((_, index) => (ranks[index] === 0 ? [index] : []));
    const beats = (a: number, b: number): boolean => points[a]!.every((value, at) => value <= points[b]![at]!) && points[a]!.some((value, at) => value < points[b]![at]!);
    for (const index of left.filter((one) => !left.some((other) => beats(other, one)))) ranks[index] = rank;
  }
  return ranks;
}

test('ranks are those of the definition, for two, three and four objectives', () => {
  for (const objectives of [2, 3, 4]) {
    const points = fc.array(fc.array(fc.integer({ min: 0, max: 6 }), { minLength: objectives, maxLength: objectives }), { maxLength: 40 });
    fc.assert(fc.property(points, (some) => assert.deepEqual(paretoRanks(some), byDefinition(some))));
  }
});
