import type { Masks } from '../reference.js';

/** Philox 4x32-10 as in Salmon et al. 2011, section 3.3 and table 2. */
export function philox(counter: readonly [number, number, number, number], key: readonly [number, number]): [number, number, number, number] {
  let [c0, c1, c2, c3] = counter.map(BigInt) as [bigint, bigint, bigint, bigint];
  let [k0, k1] = key.map((word) => BigInt(word >>> 0)) as [bigint, bigint];
  const low = (value: bigint): bigint => value & 0xffffffffn;
  for (let round = 0; round < 10; round++) {
    const first = 0xd2511f53n * c0;
    const second = 0xcd9e8d57n * c2;
    [c0, c1, c2, c3] = [(second >> 32n) ^ c1 ^ k0, low(second), (first >> 32n) ^ c3 ^ k1, low(first)];
    k0 = low(k0 + 0x9e3779b9n);
    k1 = low(k1 + 0xbb67ae85n);
  }
  return [Number(c0), Number(c1), Number(c2), Number(c3)];
}

/** As operations/activate.ts describes them: 23 bits of a word make a draw in [0, 1), as TensorFlow has it. */
export const philoxMasks: Masks = ({ dropout, dropoutSeed }, image, element, size, layer) => {
  const count = image * Math.ceil(size / 4) + Math.floor(element / 4);
  const word = philox([count, 0, 0, 0], [dropoutSeed, layer])[element % 4] ?? 0;
  return (word & 0x7fffff) / 0x800000 >= Math.fround(dropout);
};
