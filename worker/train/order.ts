/** Which images a step sees: pure functions of the seeds, the same wherever a trajectory is cut. */
import { PURPOSE, RandomStream, permutation, shuffle } from '../../proto/random.js';

/** Images that batch-norm statistics are recomputed from, at most. */
export const RECALIBRATION_IMAGES = 512;

/** The training images in this epoch's order. */
export function epochOrder(images: Int32Array, dataSeed: number, replicate: number, epoch: number): Int32Array {
  return shuffle(images.slice(), new RandomStream(PURPOSE.shuffle, dataSeed, replicate, epoch));
}

/**
 * A share of each class's training images, in the order of `images`: the first of a permutation of the
 * class, so that a smaller share is part of a larger one. A class keeps at least one image.
 */
export function trainingSubset(images: Int32Array, labels: Uint16Array, fraction: number, dataSeed: number, replicate: number): Int32Array {
  if (fraction === 1) return images;
  const byLabel = new Map<number, number[]>();
  for (const image of images) {
    const label = labels[image] ?? 0;
    const members = byLabel.get(label);
    if (members === undefined) byLabel.set(label, [image]);
    else members.push(image);
  }
  const chosen = [...byLabel].flatMap(([label, members]) => {
    const count = Math.max(1, Math.round(fraction * members.length));
    return shuffle(members, new RandomStream(PURPOSE.subset, dataSeed, replicate, label)).slice(0, count);
  });
  return Int32Array.from(chosen).sort();
}

/** 32-bit seed of one step's dropout masks. */
export function dropoutSeed(dataSeed: number, replicate: number, epoch: number, step: number): number {
  return new RandomStream(PURPOSE.dropout, dataSeed, replicate, epoch, step).next();
}

/** The fixed training images for batch-norm statistics, in index order: the same for every epoch and replicate. */
export function recalibrationImages(images: Int32Array, dataSeed: number): Int32Array {
  const order = permutation(images.length, new RandomStream(PURPOSE.recalibration, dataSeed));
  return order.subarray(0, Math.min(RECALIBRATION_IMAGES, images.length)).map((position) => images[position]!).sort();
}
