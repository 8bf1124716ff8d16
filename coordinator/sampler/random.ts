/**
 * The seeded generator of samplers: xoshiro128** (Blackman and Vigna 2018, "Scrambled linear
 * pseudorandom number generators"), its state filled by splitmix32 from the seed.
 */
export interface Generator {
  /** Uniform in [0, 2^32). */
  next(): number;
}

const rotate = (value: number, by: number): number => (value << by) | (value >>> (32 - by));

export function seededGenerator(seed: number): Generator {
  const state = new Int32Array(4);
  let mixed = seed | 0;
  for (let index = 0; index < 4; index += 1) {
    mixed = (mixed + 0x9e3779b9) | 0;
    let word = mixed ^ (mixed >>> 16);
    word = Math.imul(word, 0x21f0aaad);
    word ^= word >>> 15;
    word = Math.imul(word, 0x735a2d97);
    state[index] = word ^ (word >>> 15);
  }
  return { next: () => nextWord(state) };
}

function nextWord(state: Int32Array): number {
  const [s0 = 0, s1 = 0, s2 = 0, s3 = 0] = state;
  const result = Math.imul(rotate(Math.imul(s1, 5), 7), 9);
  const third = s2 ^ s0;
  const fourth = s3 ^ s1;
  state[1] = s1 ^ third;
  state[0] = s0 ^ fourth;
  state[2] = third ^ (s1 << 9);
  state[3] = rotate(fourth, 11);
  return result >>> 0;
}

/** Uniform in [0, bound), without the bias of a remainder. `bound` is whole, from 1 to 2^53. */
export function below(generator: Generator, bound: number): number {
  const range = 2 ** 53;
  const limit = range - (range % bound);
  for (;;) {
    const draw = (generator.next() >>> 5) * 2 ** 26 + (generator.next() >>> 6);
    if (draw < limit) return draw % bound;
  }
}

/**
 * A generator of its own for each list of words: one for each proposal, so that a proposal does not
 * depend on which were drawn before it. Each word is folded in by the finaliser of MurmurHash3
 * (Appleby, public domain).
 */
export function streamOf(...words: readonly number[]): Generator {
  return seededGenerator(hashOf(...words));
}

/** 32 bits that look random, the same for the same words. Words are whole; those beyond 2^32 wrap. */
export function hashOf(...words: readonly number[]): number {
  let hash = 0x2545f491;
  for (const word of words) {
    hash = Math.imul(hash ^ (word | 0), 0x85ebca6b) + 0x9e3779b9;
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    hash ^= hash >>> 16;
  }
  return hash >>> 0;
}

/** Uniform in [0, 1), with 53 bits. */
export function uniform(generator: Generator): number {
  return ((generator.next() >>> 5) * 2 ** 26 + (generator.next() >>> 6)) * 2 ** -53;
}
