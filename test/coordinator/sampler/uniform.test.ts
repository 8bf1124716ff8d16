import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Dimension, Point } from '../../../coordinator/space/dimension.js';
import { sobolBits, SobolSequence } from '../../../coordinator/sampler/sobol.js';
import { randomSampler, sobolSampler } from '../../../coordinator/sampler/uniform.js';
import { samplerContract } from './contract.js';

samplerContract('random', (space, seed) => randomSampler(space, { seed }), { runs: 100, trials: 20 });
samplerContract('sobol', (space, seed) => sobolSampler(space, { seed }), { runs: 100, trials: 20 });

test("Sobol's points before scrambling are those of SciPy 1.17.1, qmc.Sobol(scramble=False, bits=32)", () => {
  const first = [
    [0, 0, 0, 0, 0, 0], [0.5, 0.5, 0.5, 0.5, 0.5, 0.5], [0.75, 0.25, 0.25, 0.25, 0.75, 0.75], [0.25, 0.75, 0.75, 0.75, 0.25, 0.25],
    [0.375, 0.375, 0.625, 0.875, 0.375, 0.125], [0.875, 0.875, 0.125, 0.375, 0.875, 0.625], [0.625, 0.125, 0.875, 0.625, 0.625, 0.875], [0.125, 0.625, 0.375, 0.125, 0.125, 0.375],
  ];
  const points = first.map((_, index) => [0, 1, 2, 3, 4, 5].map((dimension) => sobolBits(index, dimension) / 2 ** 32));
  assert.deepEqual(points, first);
  // Points 1000 to 1002 in some of the 128 dimensions.
  const later = [
    [0.2197265625, 0.0966796875, 0.5185546875, 0.8994140625, 0.1455078125, 0.4462890625, 0.7685546875, 0.5439453125],
    [0.7197265625, 0.5966796875, 0.0185546875, 0.3994140625, 0.6455078125, 0.9462890625, 0.2685546875, 0.0439453125],
    [0.9697265625, 0.3466796875, 0.7685546875, 0.1494140625, 0.3955078125, 0.6962890625, 0.5185546875, 0.7939453125],
  ];
  assert.deepEqual(later.map((_, index) => [0, 1, 2, 7, 31, 63, 100, 127].map((dimension) => sobolBits(1000 + index, dimension) / 2 ** 32)), later);
});

test('scrambling keeps each power of two of points balanced in every dimension, padded ones included', () => {
  for (const seed of [0, 1, 7]) {
    const sequence = new SobolSequence(seed);
    for (const dimension of [0, 1, 5, 127, 128, 300]) {
      for (const count of [1, 2, 16, 64]) {
        const cells = Array.from({ length: count }, (_, index) => Math.floor(sequence.at(index, dimension) * count));
        assert.equal(new Set(cells).size, count, `${count} points of dimension ${dimension}, seed ${seed}: ${cells.join(' ')}`);
      }
    }
  }
});

test('the first points of two dimensions form a net: each cell of 8 by 2, 4 by 4 and 2 by 8 has one of 16', () => {
  const sequence = new SobolSequence(5);
  for (const [wide, high] of [[8, 2], [4, 4], [2, 8]] as const) {
    const cells = Array.from({ length: 16 }, (_, index) => `${Math.floor(sequence.at(index, 0) * wide)} ${Math.floor(sequence.at(index, 1) * high)}`);
    assert.equal(new Set(cells).size, 16, cells.join(', '));
  }
});

/** Centred L2 discrepancy, squared (Hickernell 1998, "A generalized discrepancy and quadrature error bound"). */
function discrepancy(points: readonly Point[]): number {
  const count = points.length;
  const away = points.map((point) => point.map((x) => Math.abs((x ?? 0) - 0.5)));
  let single = 0;
  let pairs = 0;
  points.forEach((one, i) => {
    single += away[i]!.reduce((product, a) => product * (1 + a / 2 - (a * a) / 2), 1);
    points.forEach((other, j) => {
      pairs += one.reduce<number>((product, x, k) => product * (1 + away[i]![k]! / 2 + away[j]![k]! / 2 - Math.abs((x ?? 0) - (other[k] ?? 0)) / 2), 1);
    });
  });
  return (13 / 12) ** points[0]!.length - (2 / count) * single + pairs / count ** 2;
}

test('scrambled points are spread more evenly than random ones', () => {
  // The measure itself: qmc.discrepancy(method='CD') of SciPy 1.17.1.
  assert.ok(Math.abs(discrepancy([[0.1, 0.7], [0.6, 0.2]]) - 0.08678611111111101) < 1e-12);
  const dimensions = [0, 1, 2, 3].map((index): Dimension => ({ kind: 'float', name: `x${index}`, when: null, min: 0, max: 1, log: false, step: null }));
  for (const seed of [0, 1, 2, 3, 4]) {
    const draw = (sampler: { propose(number: number, again: number): Point | null }): Point[] => Array.from({ length: 100 }, (_, number) => sampler.propose(number, 0) ?? []);
    const even = discrepancy(draw(sobolSampler({ dimensions }, { seed })));
    const random = discrepancy(draw(randomSampler({ dimensions }, { seed })));
    assert.ok(even < random / 4, `seed ${seed}: ${even} against ${random}`);
  }
});

test('a log dimension is uniform in its logarithm, whole numbers included', () => {
  const space = {
    dimensions: [
      { kind: 'float', name: 'rate', when: null, min: 1e-4, max: 1, log: true, step: null },
      { kind: 'int', name: 'width', when: null, min: 1, max: 99, log: true, step: 1 },
    ],
  } as const;
  const sampler = sobolSampler(space, { seed: 1 });
  const points = Array.from({ length: 1024 }, (_, number) => sampler.propose(number, 0) ?? []);
  const share = (index: number, limit: number): number => points.filter((point) => (point[index] ?? 0) < limit).length / points.length;
  assert.ok(Math.abs(share(0, 1e-2) - 0.5) < 0.01);
  // 1 to 9 own log(9.5 / 0.5) of log(99.5 / 0.5).
  assert.ok(Math.abs(share(1, 10) - Math.log(19) / Math.log(199)) < 0.01);
});
