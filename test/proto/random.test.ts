import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PURPOSE, RandomStream, permutation, philox4x32, shuffle } from '../../proto/random.js';

/** Known answers of philox4x32-10 from the Random123 distribution (tests/kat_vectors). */
const KNOWN_ANSWERS = [
  {
    counter: [0, 0, 0, 0],
    key: [0, 0],
    expected: [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
  },
  {
    counter: [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
    key: [0xffffffff, 0xffffffff],
    expected: [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
  },
  {
    counter: [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
    key: [0xa4093822, 0x299f31d0],
    expected: [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  },
];

test('blocks are those of the published known answers', () => {
  for (const { counter, key, expected } of KNOWN_ANSWERS) {
    const block = new Uint32Array(4);
    philox4x32(Uint32Array.from(counter), Uint32Array.from(key), block);
    assert.deepEqual([...block], expected);
  }
});

test('a stream is a function of its purpose and path alone', () => {
  const draw = (stream: RandomStream) => Array.from({ length: 9 }, () => stream.next());
  const first = draw(new RandomStream(PURPOSE.shuffle, 7, 0, 3));
  assert.deepEqual(draw(new RandomStream(PURPOSE.shuffle, 7, 0, 3)), first);
  const others = [
    new RandomStream(PURPOSE.dropout, 7, 0, 3),
    new RandomStream(PURPOSE.shuffle, 7, 0, 4),
    new RandomStream(PURPOSE.shuffle, 7, 3, 0),
    new RandomStream(PURPOSE.shuffle, 7, 0, 3, 0),
    new RandomStream(PURPOSE.shuffle, 7 + 2 ** 32, 0, 3),
    new RandomStream(PURPOSE.shuffle, -7, 0, 3),
  ];
  for (const other of others) assert.notDeepEqual(draw(other), first);
});

test('a seed that is no integer is refused', () => {
  assert.throws(() => new RandomStream(PURPOSE.shuffle, 0.5), /a seed must be an integer; found 0\.5/);
});

test('bounded draws stay in bounds and reach every value', () => {
  const stream = new RandomStream(PURPOSE.shuffle, 1);
  const seen = new Set(Array.from({ length: 400 }, () => stream.below(7)));
  assert.deepEqual([...seen].sort(), [0, 1, 2, 3, 4, 5, 6]);
  assert.throws(() => stream.below(0), RangeError);
});

test('uniform draws have the mean and variance of the uniform distribution', () => {
  const stream = new RandomStream(PURPOSE.shuffle, 2);
  const draws = Array.from({ length: 20_000 }, () => stream.uniform());
  const mean = draws.reduce((sum, draw) => sum + draw, 0) / draws.length;
  const variance = draws.reduce((sum, draw) => sum + (draw - mean) ** 2, 0) / draws.length;
  // Expected 1/2 and 1/12; tolerances are four standard errors, 1 / sqrt(12 n) and about 1 / sqrt(180 n).
  assert.ok(Math.abs(mean - 1 / 2) < 4 / Math.sqrt(12 * draws.length), `mean ${mean}`);
  assert.ok(Math.abs(variance - 1 / 12) < 4 / Math.sqrt(180 * draws.length), `variance ${variance}`);
  assert.ok(draws.every((draw) => draw >= 0 && draw < 1));
});

test('every order of four items is equally likely', () => {
  const counts = new Map<string, number>();
  const trials = 24_000;
  for (let seed = 0; seed < trials; seed++) {
    const order = permutation(4, new RandomStream(PURPOSE.shuffle, seed)).join('');
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  assert.equal(counts.size, 24);
  // Chi-square with 23 degrees of freedom: 49.7 is the 0.999 quantile (tables).
  const expected = trials / 24;
  const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  assert.ok(chiSquare < 49.7, `chi-square ${chiSquare}`);
});

test('a permutation holds every index once, at any size', () => {
  fc.assert(
    fc.property(fc.nat(500), fc.integer(), (count, seed) => {
      const order = permutation(count, new RandomStream(PURPOSE.recalibration, seed));
      assert.deepEqual([...order].sort((a, b) => a - b), Array.from({ length: count }, (_, index) => index));
    }),
  );
});

test('shuffling keeps the items of a list', () => {
  assert.deepEqual(shuffle(['a', 'b', 'c'], new RandomStream(PURPOSE.shuffle, 5)).sort(), ['a', 'b', 'c']);
});
