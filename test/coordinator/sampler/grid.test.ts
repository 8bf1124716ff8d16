import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { gridAssignments, gridSize, gridTrials } from '../../../coordinator/sampler/grid.js';
import { below, seededGenerator } from '../../../coordinator/sampler/random.js';
import type { Assignment, Axis } from '../../../coordinator/sweep/spec.js';

const axesOf = fc
  .array(fc.uniqueArray(fc.integer({ min: 0, max: 99 }), { minLength: 1, maxLength: 4 }), { maxLength: 4 })
  .map((lists): Axis[] => lists.map((values, index) => ({ name: `axis${index}`, values })));

const shuffled = (axes: readonly Axis[], seed: number, trials: number | null): Assignment[] => [
  ...gridTrials({ axes, sampler: { grid: { order: 'shuffled', seed } }, budget: { trials, wallClockMs: null } }),
];
const text = (assignment: Assignment): string => JSON.stringify(assignment);

/** The product by nested loops, the first axis outermost. */
function product(axes: readonly Axis[]): Assignment[] {
  return axes.reduce<Assignment[]>((cells, axis) => cells.flatMap((cell) => axis.values.map((value) => ({ ...cell, [axis.name]: value }))), [{}]);
}

test('a grid is exactly the product of its axes, each cell once, the first axis slowest', () => {
  fc.assert(
    fc.property(axesOf, (axes) => {
      assert.deepEqual([...gridAssignments(axes)], product(axes));
      assert.equal(gridSize(axes), product(axes).length);
    }),
  );
});

test('no axes is one trial', () => {
  assert.deepEqual([...gridAssignments([])], [{}]);
});

test('a shuffled grid has the same cells, and a budget cuts a prefix of the same order', () => {
  fc.assert(
    fc.property(axesOf, fc.nat(), fc.integer({ min: 1, max: 50 }), (axes, seed, trials) => {
      const whole = shuffled(axes, seed, null);
      assert.deepEqual(whole.map(text).sort(), product(axes).map(text).sort());
      assert.deepEqual(shuffled(axes, seed, trials), whole.slice(0, trials));
    }),
  );
});

test('a cut of a grid too large to write out is made of distinct cells', () => {
  const axes = ['a', 'b', 'c'].map((name) => ({ name, values: Array.from({ length: 10_000 }, (_, index) => index) }));
  const cells = shuffled(axes, 1, 1000);
  assert.equal(new Set(cells.map(text)).size, 1000);
  assert.notDeepEqual(cells, shuffled(axes, 2, 1000));
});

test('a shuffled grid favours no cell', () => {
  // 5 cells, 5,000 seeds: each is first 1,000 times, with a standard deviation of sqrt(5000 * 0.2 * 0.8) = 28.
  const first = [0, 0, 0, 0, 0];
  for (let seed = 0; seed < 5000; seed += 1) {
    const cell = Number(shuffled([{ name: 'a', values: [0, 1, 2, 3, 4] }], seed, 1)[0]?.a);
    first[cell] = (first[cell] ?? 0) + 1;
  }
  for (const count of first) assert.ok(Math.abs(count - 1000) < 150, `first places: ${first.join(' ')}`);
});

test('the generator is xoshiro128**', () => {
  // Reference algorithm (Blackman and Vigna, public-domain C) restated with BigInt arithmetic.
  const mask = 0xffffffffn;
  const rotate = (x: bigint, by: bigint): bigint => ((x << by) | (x >> (32n - by))) & mask;
  let mixed = 42n;
  const s = Array.from({ length: 4 }, () => {
    mixed = (mixed + 0x9e3779b9n) & mask;
    let z = mixed;
    z = ((z ^ (z >> 16n)) * 0x21f0aaadn) & mask;
    z = ((z ^ (z >> 15n)) * 0x735a2d97n) & mask;
    return z ^ (z >> 15n);
  }) as [bigint, bigint, bigint, bigint];
  const generator = seededGenerator(42);
  for (let draw = 0; draw < 100; draw += 1) {
    assert.equal(BigInt(generator.next()), (rotate((s[1] * 5n) & mask, 7n) * 9n) & mask);
    const t = (s[1] << 9n) & mask;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 11n);
  }
});

test('numbers below a bound are below it', () => {
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), (seed, bound) => {
      const drawn = below(seededGenerator(seed), bound);
      assert.ok(Number.isInteger(drawn) && drawn >= 0 && drawn < bound, `${drawn} below ${bound}`);
    }),
  );
});
