import type { Parameter } from './parameter.js';

/**
 * Initial weights: a counter-based generator keyed by (initSeed, replicate, layer, element), so that a
 * layer's weights depend on nothing that comes before it. Only integer products, +, -, *, / and sqrt:
 * the same bits on every platform.
 */
export function fillInitial(parameter: Parameter, initSeed: number, replicate: number, into: Float32Array): void {
  if (parameter.initial.kind !== 'glorotUniform') {
    into.fill(parameter.initial.kind === 'ones' ? 1 : 0);
    return;
  }
  // Glorot and Bengio 2010, formula 16: uniform in +- sqrt(6 / (fan in + fan out)).
  const limit = Math.sqrt(6 / (parameter.initial.fanIn + parameter.initial.fanOut));
  const seed = mix(initSeed | 0) ^ Math.floor(initSeed / 0x100000000);
  const key = mix(mix(mix(seed) + replicate) + parameter.layer);
  const key2 = mix(key ^ 0x5bd1e995);
  for (let index = 0; index < into.length; index++) {
    const bits = mix(mix(index ^ key) + key2) >>> 8;
    into[index] = limit * ((bits + 0.5) * (2 / 0x1000000) - 1);
  }
}

/** A bijection of 32-bit integers that spreads every bit over all (the finalizer of MurmurHash3). */
export function mix(value: number): number {
  let hash = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
