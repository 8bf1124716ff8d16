/**
 * Random numbers that depend on names and nothing else. Philox4x32-10 (Salmon, Moraes, Dror and
 * Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011) turns a counter and a key into 128
 * random bits, so a stream is a pure function of what it is drawn for: (seed, replicate, epoch,
 * step). Nothing is carried from one epoch to the next, which is why a trajectory may be cut and
 * resumed anywhere. Only 32-bit integer arithmetic is used: the same bits on every machine.
 */

/** What a stream is drawn for: streams of different purposes are independent though their seeds are equal. */
export const PURPOSE = { shuffle: 1, dropout: 2, recalibration: 3, subset: 4, augmentation: 5, forest: 6 } as const;
export type Purpose = (typeof PURPOSE)[keyof typeof PURPOSE];

const ROUNDS = 10;
const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;
const TWO_32 = 2 ** 32;

/** Upper 32 bits of the 64-bit product of two unsigned 32-bit integers. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const cross = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carry = aLow * bHigh + (cross & 0xffff);
  return (aHigh * bHigh + Math.floor(cross / 0x10000) + Math.floor(carry / 0x10000)) >>> 0;
}

/** One block: counter [4] and key [2] of unsigned 32-bit words to 4 random words, written to `into`. */
export function philox4x32(counter: Uint32Array, key: Uint32Array, into: Uint32Array): void {
  let c0 = counter[0]!;
  let c1 = counter[1]!;
  let c2 = counter[2]!;
  let c3 = counter[3]!;
  let k0 = key[0]!;
  let k1 = key[1]!;
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = multiplyHigh(MULTIPLIER_0, c0);
    const low0 = Math.imul(MULTIPLIER_0, c0) >>> 0;
    const high1 = multiplyHigh(MULTIPLIER_1, c2);
    const low1 = Math.imul(MULTIPLIER_1, c2) >>> 0;
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0;
    k0 = (k0 + WEYL_0) >>> 0;
    k1 = (k1 + WEYL_1) >>> 0;
  }
  into[0] = c0;
  into[1] = c1;
  into[2] = c2;
  into[3] = c3;
}

/**
 * Folds the path into a key, word by word, so that (1, 23) and (12, 3) and (1, 23, 0) differ.
 * Integers up to 2^53 in size, negative ones too, count with all their bits.
 */
function streamKey(purpose: Purpose, path: readonly number[]): Uint32Array {
  const key = Uint32Array.of(purpose, path.length);
  const counter = new Uint32Array(4);
  const block = new Uint32Array(4);
  path.forEach((value, position) => {
    if (!Number.isSafeInteger(value)) throw new RangeError(`a seed must be an integer; found ${value}`);
    counter[0] = value >>> 0;
    counter[1] = Math.floor(value / TWO_32) >>> 0;
    counter[2] = position;
    philox4x32(counter, key, block);
    key[0] = block[0]!;
    key[1] = block[1]!;
  });
  return key;
}

/** A stream of random words named by a purpose and a path of integers. */
export class RandomStream {
  readonly #key: Uint32Array;
  readonly #counter = new Uint32Array(4);
  readonly #block = new Uint32Array(4);
  #used = 4;

  constructor(purpose: Purpose, ...path: readonly number[]) {
    this.#key = streamKey(purpose, path);
  }

  /** An unsigned 32-bit integer, every one equally likely. */
  next(): number {
    if (this.#used === 4) {
      philox4x32(this.#counter, this.#key, this.#block);
      this.#counter[0]!++;
      if (this.#counter[0] === 0) this.#counter[1]!++;
      this.#used = 0;
    }
    return this.#block[this.#used++]!;
  }

  /** An integer in [0, bound), every one equally likely; 1 <= bound <= 2^32. */
  below(bound: number): number {
    if (!Number.isInteger(bound) || bound < 1 || bound > TWO_32) throw new RangeError(`a bound must be in 1..2^32; found ${bound}`);
    // Draws past the last whole multiple of the bound are thrown away: a remainder alone would favour small values.
    const limit = TWO_32 - (TWO_32 % bound);
    let draw = this.next();
    while (draw >= limit) draw = this.next();
    return draw % bound;
  }

  /** A number in [0, 1) with 53 random bits. */
  uniform(): number {
    return ((this.next() >>> 5) * 2 ** 26 + (this.next() >>> 6)) / 2 ** 53;
  }
}

/** Shuffles in place, every order equally likely (Fisher and Yates; Durstenfeld 1964), and returns its argument. */
export function shuffle<T extends Int32Array | unknown[]>(items: T, random: RandomStream): T {
  for (let last = items.length - 1; last > 0; last--) {
    const chosen = random.below(last + 1);
    const held = items[last];
    items[last] = items[chosen];
    items[chosen] = held;
  }
  return items;
}

/** The integers 0..count-1 in random order. */
export function permutation(count: number, random: RandomStream): Int32Array {
  return shuffle(Int32Array.from({ length: count }, (_, index) => index), random);
}
