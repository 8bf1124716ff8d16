/**
 * What training needs of a process's memory, learnt from peaks that workers measured. Pure. What fewer
 * images of the same model and size took, more of them take too. Nothing is scaled up: that would keep
 * work from boxes where it fits. The image size is part of the model, since the weights of a dense layer
 * grow with it.
 */
import { canonicalJson } from '../../proto/canonical.js';
import type { EpochSettings, Trajectory } from '../../proto/work.js';

export interface MemoryPeak {
  /** Everything that decides the memory of a training but its load. */
  readonly family: string;
  /** Images that go through the network at once; of a classical model the share of them that it is fitted to. */
  readonly load: number;
  /** Most resident memory of the process. */
  readonly bytes: number;
}

export type MemoryAsk = Pick<MemoryPeak, 'family' | 'load'>;

/** Null for trainables without a model. */
export function memoryAsk(trajectory: Trajectory, settings: EpochSettings): MemoryAsk | null {
  if (trajectory.trainable === 'classical' && 'trainFraction' in settings) {
    const { numerics, data, classes, input, model } = trajectory;
    return { family: canonicalJson({ numerics, data, model, classes, size: [input.height, input.width, input.channels] }), load: settings.trainFraction };
  }
  if (trajectory.trainable !== 'image-classifier' || !('batch' in settings)) return null;
  const { numerics, model, optimizer, classes, input } = trajectory;
  const clips = settings.clipNorm !== null;
  const family = canonicalJson({ numerics, model, optimizer, classes, size: [input.height, input.width, input.channels], clips });
  return { family, load: Math.ceil(settings.batch / settings.accumulate) };
}

export class MemoryPeaks {
  /** By family, then load. */
  readonly #known = new Map<string, Map<number, number>>();

  /** The newest measurement counts. Returns whether it says something else than was known. */
  learn({ family, load, bytes }: MemoryPeak): boolean {
    const loads = this.#known.get(family) ?? new Map<number, number>();
    this.#known.set(family, loads);
    if (loads.get(load) === bytes) return false;
    loads.set(load, bytes);
    return true;
  }

  /** At least so many bytes; null where nothing was measured. */
  needOf({ family, load }: MemoryAsk): number | null {
    let most: number | null = null;
    for (const [known, bytes] of this.#known.get(family) ?? []) if (known <= load && bytes > (most ?? 0)) most = bytes;
    return most;
  }
}
