/** What augmentation makes of the images of a sweep, for those who look at them before they train. */
import { resolveAugmentation, type WrittenAugmentation } from '../../coordinator/space/augmentation.js';
import type { DataSpec, SweepSpec } from '../../coordinator/sweep/spec.js';
import { compareFiles } from '../../proto/manifest.js';
import type { Augmentation } from '../../proto/work.js';
import type { InputShape } from '../../worker/data/decode.js';
import { pixelTransformer } from '../../worker/engine/wasm/transform.js';
import { pixelTransform } from '../../worker/train/augmentation.js';
import { assignParts } from './prepare.js';
import type { Scan, ScannedFile } from './scan.js';

/** An image is drawn once in each epoch: these are shown. */
export const SHOWN_EPOCHS = [0, 1] as const;

export interface Augmented {
  readonly epoch: number;
  /** Before it is mixed with another. Uint8 [height, width, channels]: what the network gets has fractions. */
  readonly pixels: Uint8Array;
}

/** Of the first cell that augments; null where none does. */
export function firstAugmentation(spec: SweepSpec): Augmentation | null {
  const values = spec.axes.find((axis) => axis.name === 'augment')?.values ?? [];
  for (const value of values) {
    const augmentation = resolveAugmentation(value as WrittenAugmentation | null);
    if (augmentation !== null) return augmentation;
  }
  return null;
}

/** The images that are augmented, and what becomes of them: draws go by an image's place in the data set. */
export class AugmentedTraining {
  readonly #augmentation: Augmentation;
  readonly #shape: InputShape;
  readonly #seed: number;
  readonly #transform: ReturnType<typeof pixelTransformer>;
  readonly #places: ReadonlyMap<string, number>;

  /** Throws DataProblem where the images cannot be split. */
  constructor(augmentation: Augmentation, shape: InputShape, seed: number, scan: Scan, data: DataSpec) {
    this.#augmentation = augmentation;
    this.#shape = shape;
    this.#seed = seed;
    this.#transform = pixelTransformer(shape);
    const parts = assignParts(scan, data, seed).files.map(({ file, part }) => ({ ...file, part }));
    const sorted = parts.sort(compareFiles);
    this.#places = new Map(sorted.flatMap(({ name, part }, place) => (part === 'train' ? [[name, place] as const] : [])));
  }

  /** Whether it is an image of train: no other is augmented. */
  has({ name }: ScannedFile): boolean {
    return this.#places.has(name);
  }

  /** `pixels` are the image's own, uint8 [height, width, channels]. Throws RangeError for an image that is not of train. */
  of({ name }: ScannedFile, pixels: Uint8Array): Augmented[] {
    const place = this.#places.get(name);
    if (place === undefined) throw new RangeError(`${name} is no image of train`);
    return SHOWN_EPOCHS.map((epoch) => {
      // Trials are replicate 0 of the sweep's seed.
      const transform = pixelTransform(this.#augmentation, this.#shape, this.#seed, 0, epoch, place, Int32Array.of(place));
      return { epoch, pixels: Uint8Array.from(this.#transform(pixels, transform), Math.round) };
    });
  }
}
