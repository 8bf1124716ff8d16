import type { ImageSource, Normalisation, PixelTransform } from '../engine.js';
import { applyEffects, mix } from '../pixel-effects.js';
import { Arena } from '../wasm/arena.js';
import { ARENA_BASE, instantiateKernels, type Kernels, PAGE_BYTES } from '../wasm/kernels.js';
import { FILLS } from '../wasm/transform.js';

/** Images as a network takes them, augmented and normalised by the kernels of the wasm executor: on both engines the same bits. */
export class NormalisedImages {
  readonly #source: ImageSource;
  readonly #kernels: Kernels;
  readonly #memory: WebAssembly.Memory;
  /** Byte offsets of one image's pixels, of the image augmented and normalised, of a transform's matrix; of what is normalised with, 0 for nothing. */
  readonly #at: { readonly pixels: number; readonly augmented: number; readonly normalised: number; readonly matrix: number; readonly mean: number; readonly deviation: number };

  constructor(source: ImageSource, { mean, deviation }: Normalisation) {
    this.#source = source;
    const size = source.height * source.width * source.channels;
    const arena = new Arena(ARENA_BASE);
    this.#at = {
      pixels: arena.take(size), augmented: arena.floats(size), normalised: arena.floats(size), matrix: arena.doubles(6),
      mean: mean === null ? 0 : arena.floats(size), deviation: deviation === null ? 0 : arena.floats(size),
    };
    this.#memory = new WebAssembly.Memory({ initial: Math.ceil(arena.bytes / PAGE_BYTES), maximum: 65_536 });
    this.#kernels = instantiateKernels(this.#memory);
    if (mean !== null) this.#floats(this.#at.mean).set(mean);
    if (deviation !== null) this.#floats(this.#at.deviation).set(deviation);
  }

  /** float32 [indices.length, height, width, channels], the caller's own. */
  read(indices: Int32Array, augment: readonly PixelTransform[] | null): Float32Array {
    const { height, width, channels } = this.#source;
    const size = height * width * channels;
    const images = new Float32Array(indices.length * size);
    const { pixels, augmented, normalised, mean, deviation } = this.#at;
    indices.forEach((_, position) => {
      this.#source.read(indices.subarray(position, position + 1), new Uint8Array(this.#memory.buffer, pixels, size));
      const transform = augment?.[position];
      if (transform === undefined) this.#kernels.normalise(pixels, normalised, width * channels, height, width * channels, mean, deviation);
      else {
        this.#augment(transform);
        const { mixed } = transform;
        if (mixed !== undefined) {
          const own = this.#floats(augmented).slice();
          this.#source.read(Int32Array.of(mixed.image), new Uint8Array(this.#memory.buffer, pixels, size));
          this.#augment(mixed.transform);
          mix(own, this.#floats(augmented), mixed.share);
          this.#floats(augmented).set(own);
        }
        this.#kernels.normalise_floats(augmented, normalised, width * channels, height, width * channels, mean, deviation);
      }
      images.set(this.#floats(normalised), position * size);
    });
    return images;
  }

  #augment(transform: PixelTransform): void {
    const { matrix, fill, contrast, brightness } = transform;
    const { height, width, channels } = this.#source;
    new Float64Array(this.#memory.buffer, this.#at.matrix, 6).set(matrix);
    this.#kernels.augment(this.#at.pixels, this.#at.augmented, height, width, channels, this.#at.matrix, FILLS[fill], 0, contrast, brightness);
    applyEffects(this.#floats(this.#at.augmented), this.#source, transform);
  }

  #floats(at: number): Float32Array {
    const { height, width, channels } = this.#source;
    return new Float32Array(this.#memory.buffer, at, height * width * channels);
  }
}
