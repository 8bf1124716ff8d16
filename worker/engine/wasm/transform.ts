import type { Fill, PixelTransform } from '../engine.js';
import type { Shape } from '../parameter.js';
import { applyEffects } from '../pixel-effects.js';
import { Arena } from './arena.js';
import { ARENA_BASE, instantiateKernels, PAGE_BYTES } from './kernels.js';

/** As kernels/augment.c numbers them. */
export const FILLS: { readonly [fill in Fill]: number } = { constant: 0, nearest: 1, reflect: 2, wrap: 3 };

/**
 * Transforms single images with the kernel that training uses, for those who want to see them: from
 * uint8 to float32 before normalisation, 0 to 255, both [height, width, channels]. What is mixed in is left out.
 */
export function pixelTransformer({ height, width, channels }: Shape): (pixels: Uint8Array, transform: PixelTransform) => Float32Array {
  const count = height * width * channels;
  const arena = new Arena(ARENA_BASE);
  const [from, to, matrix] = [arena.take(count), arena.floats(count), arena.doubles(6)];
  const pages = Math.ceil(arena.bytes / PAGE_BYTES);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: 65_536 });
  const kernels = instantiateKernels(memory);
  return (pixels, transform) => {
    new Uint8Array(memory.buffer, from, count).set(pixels);
    new Float64Array(memory.buffer, matrix, 6).set(transform.matrix);
    kernels.augment(from, to, height, width, channels, matrix, FILLS[transform.fill], 0, transform.contrast, transform.brightness);
    const result = new Float32Array(memory.buffer, to, count).slice();
    applyEffects(result, { height, width, channels }, transform);
    return result;
  };
}
