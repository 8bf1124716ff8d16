import type { Parameter } from './parameter.js';

/** ln 2, correctly rounded. */
const LN2 = 0.6931471805599453;
/** Odd, near 2^32 over the golden ratio: steps by it visit all 32-bit integers, far apart. */
const STRIDE = 0x9e3779b9;
/** Far more than a model has layers: the second weight of a layer draws as a layer behind all others. */
const NEXT_WEIGHT = 2 ** 20;

/**
 * Initial weights: a counter-based generator keyed by (initSeed, replicate, layer, element), so that a
 * layer's weights depend on nothing that comes before it. Only integer products, +, -, *, / and sqrt:
 * the same bits on every platform.
 */
export function fillInitial(parameter: Parameter, initSeed: number, replicate: number, into: Float32Array): void {
  const { initial } = parameter;
  if (initial.kind !== 'uniform' && initial.kind !== 'normal') {
    into.fill(initial.kind === 'ones' ? 1 : 0);
    return;
  }
  const seed = mix(initSeed | 0) ^ Math.floor(initSeed / 0x100000000);
  const key = mix(mix(mix(seed) + replicate) + parameter.layer + NEXT_WEIGHT * (parameter.nth ?? 0));
  const key2 = mix(key ^ 0x5bd1e995);
  const count = into.length;
  if (initial.kind === 'uniform') {
    const { limit } = initial;
    for (let index = 0; index < count; index++) into[index] = limit * signed(mix((mix(index ^ key) + key2) | 0));
    return;
  }
  const { deviation, cut } = initial;
  for (let index = 0; index < count; index++) into[index] = deviation * standardNormal(mix((mix(index ^ key) + key2) | 0), cut);
}

/** In (-1, 1), from the upper 24 bits. */
function signed(bits: number): number {
  return ((bits >>> 8) + 0.5) * (2 / 0x1000000) - 1;
}

/** Marsaglia's polar method, drawn again until it lies within `cut` deviations. `start` keys the draws. */
function standardNormal(start: number, cut: number): number {
  for (let draw = start; ; draw += 2 * STRIDE) {
    const u = signed(mix((draw + STRIDE) | 0));
    const v = signed(mix((draw + 2 * STRIDE) | 0));
    const square = u * u + v * v;
    if (square >= 1) continue;
    const value = u * Math.sqrt((-2 * naturalLog(square)) / square);
    if (Math.abs(value) <= cut) return value;
  }
}

/** Of a normal number in (0, 1), to a few units in the last place. Math.log may differ in them from platform to platform. */
function naturalLog(value: number): number {
  let mantissa = value;
  let exponent = 0;
  for (; mantissa < 0.7; exponent -= 1) mantissa *= 2;
  // ln m = 2 artanh z with |z| < 0.18: thirteen terms of the series reach the last bit.
  const z = (mantissa - 1) / (mantissa + 1);
  let sum = 0;
  for (let power = 25; power >= 1; power -= 2) sum = sum * z * z + 1 / power;
  return 2 * z * sum + exponent * LN2;
}

/** A bijection of 32-bit integers that spreads every bit over all (the finalizer of MurmurHash3). */
export function mix(value: number): number {
  let hash = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
