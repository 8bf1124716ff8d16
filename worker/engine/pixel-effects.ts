/**
 * What augmentation does to single values after the kernels' geometry: noise, a hole, the mixture of two
 * images. In place on float32 [height, width, channels], 0 to 255. The executors that compute in this process
 * share it; the graph executor has it as nodes (graph/effects.ts).
 */
import type { Noise, PixelTransform } from './engine.js';
import type { Shape } from './parameter.js';

/** Of the sum of four evenly drawn bytes: its mean, and its standard deviation, the root of 4 (256^2 - 1) / 12. */
export const BYTES_MEAN = 510;
export const BYTES_DEVIATION = Math.sqrt(21_845);

/** By which a sum of four bytes, less its mean, is multiplied; float32. */
export function noiseFactor({ deviation }: Noise): number {
  return Math.fround(deviation / BYTES_DEVIATION);
}

/** The constants of `hashed`, in its order. */
export const HASH = { spread: 0x9e3779b1, first: 0x85ebca6b, second: 0xc2b2ae35 } as const;

/** 32 bits for each element, by two seeds: as kernels/hash.h, after MurmurHash3's finaliser (Appleby). */
export function hashed(element: number, seed: number, seed2: number): number {
  let h = Math.imul(element, HASH.spread);
  h = Math.imul(h ^ (h >>> 16) ^ seed, HASH.first);
  h = Math.imul((h ^ (h >>> 13)) + seed2, HASH.second);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Noise, then the hole. */
export function applyEffects(pixels: Float32Array, { width, channels }: Shape, { noise, cutout }: PixelTransform): void {
  if (noise !== undefined) {
    const factor = noiseFactor(noise);
    for (let element = 0; element < pixels.length; element++) {
      const bits = hashed(element, noise.seed, noise.seed2);
      const sum = (bits & 255) + ((bits >>> 8) & 255) + ((bits >>> 16) & 255) + (bits >>> 24);
      pixels[element] = Math.min(255, Math.max(0, pixels[element]! + Math.fround(factor * (sum - BYTES_MEAN))));
    }
  }
  if (cutout !== undefined) {
    for (let row = cutout.top; row < cutout.bottom; row++) pixels.fill(0, (row * width + cutout.left) * channels, (row * width + cutout.right) * channels);
  }
}

/** `pixels` becomes `share` of itself and the rest of `other`. */
export function mix(pixels: Float32Array, other: Float32Array, share: number): void {
  for (let element = 0; element < pixels.length; element++) pixels[element] = other[element]! + share * (pixels[element]! - other[element]!);
}
