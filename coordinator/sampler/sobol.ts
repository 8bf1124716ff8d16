/**
 * Sobol's low-discrepancy sequence, in the order of Gray codes (Antonov and Saleev 1979), scrambled as
 * Owen 1995 would have it by the hash of Laine and Karras 2011 in the form of Burley 2020, "Practical
 * hash-based Owen scrambling": each point costs the same wherever in the sequence it is.
 */
import { hashOf } from './random.js';
import { directionNumbers, SOBOL_DIMENSIONS } from './sobol-directions.js';

const BITS = 32;

/** Bits of the point's coordinate as a fraction of 2^32. `index` is below 2^32, `dimension` below SOBOL_DIMENSIONS. */
export function sobolBits(index: number, dimension: number): number {
  let gray = (index ^ (index >>> 1)) >>> 0;
  let bits = 0;
  for (let place = dimension * BITS; gray !== 0; place += 1) {
    if ((gray & 1) === 1) bits ^= directionNumbers[place]!;
    gray >>>= 1;
  }
  return bits >>> 0;
}

export class SobolSequence {
  readonly #words: readonly number[];

  /** One scrambling for each list of words. */
  constructor(...words: readonly number[]) {
    this.#words = words;
  }

  /**
   * In (0, 1). Dimensions beyond the table are further sequences of the table's dimensions, their
   * points in a scrambled order (Burley's padding): even on their own, as independent draws beside the rest.
   */
  at(index: number, dimension: number): number {
    const block = Math.floor(dimension / SOBOL_DIMENSIONS);
    const place = block === 0 ? index : scramble(index, hashOf(...this.#words, -block));
    const bits = scramble(sobolBits(place, dimension % SOBOL_DIMENSIONS), hashOf(...this.#words, dimension));
    return (bits + 0.5) * 2 ** -BITS;
  }
}

/** A nested uniform scramble: bit k is flipped or not by a hash of the bits above it. */
function scramble(bits: number, seed: number): number {
  let word = (reversed(bits) + seed) | 0;
  word ^= Math.imul(word, 0x6c50b47c);
  word ^= Math.imul(word, 0xb82f1e52);
  word ^= Math.imul(word, 0xc7afe638);
  word ^= Math.imul(word, 0x8d22f6e6);
  return reversed(word);
}

/** The 32 bits in the opposite order. */
function reversed(bits: number): number {
  let word = ((bits >>> 1) & 0x55555555) | ((bits & 0x55555555) << 1);
  word = ((word >>> 2) & 0x33333333) | ((word & 0x33333333) << 2);
  word = ((word >>> 4) & 0x0f0f0f0f) | ((word & 0x0f0f0f0f) << 4);
  word = ((word >>> 8) & 0x00ff00ff) | ((word & 0x00ff00ff) << 8);
  return ((word >>> 16) | (word << 16)) >>> 0;
}
