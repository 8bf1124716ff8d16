import type { Engine, Executable, ImageSource } from '../engine/engine.js';
import { buildModel } from '../model/zoo.js';
import type { EstimateCase } from './estimate.js';

/** Steps that are timed, after one that is not; the faster one counts, as whatever disturbs a step slows it. */
const TIMED_STEPS = 2;

export interface TimedSteps {
  readonly msPerStep: number;
  readonly bytes: number;
}

/** As many images as one batch, all of the same noise: the time of a step does not depend on them. */
function randomImages({ trajectory, batch }: EstimateCase): ImageSource {
  const { height, width, channels } = trajectory.input;
  const pixels = new Uint8Array(height * width * channels);
  // Multiplicative hashing (Knuth): the upper bits of a multiple of 2^32 / golden ratio.
  for (let element = 0; element < pixels.length; element++) pixels[element] = Math.imul(element, 0x9e3779b1) >>> 24;
  const labels = Uint16Array.from({ length: batch }, (_, image) => image % trajectory.classes);
  return {
    ...{ count: batch, height, width, channels, labels },
    read: (indices, into) => indices.forEach((_, position) => into.set(pixels, position * pixels.length)),
  };
}

/** Throws OutOfMemoryError and the model's errors. */
export async function timeSteps(engine: Engine, wanted: EstimateCase): Promise<TimedSteps> {
  const { trajectory, batch, dropout } = wanted;
  const { optimizer, classes, initSeed, replicate } = trajectory;
  const topology = buildModel(trajectory.model, trajectory.input, classes);
  const training = { optimizer, classes, initSeed, replicate, maxBatch: batch, accumulate: 1, clips: false, augments: false, memoryBytes: null, normalisation: { mean: null, deviation: null } };
  const executable = await engine.compile(topology, training, randomImages(wanted));
  try {
    return { msPerStep: fastest(executable, batch, dropout), bytes: executable.memoryBytes };
  } finally {
    executable.dispose();
  }
}

function fastest(executable: Executable, batch: number, dropout: number): number {
  const images = Int32Array.from({ length: batch }, (_, image) => image);
  const settings = { lr: Math.fround(0.001), dropout, classWeights: null, l2: 0, labelSmoothing: 0, clipNorm: null, augment: null };
  let least = Infinity;
  for (let step = 0; step <= TIMED_STEPS; step++) {
    const began = performance.now();
    executable.step(images, { ...settings, dropoutSeed: step });
    if (step > 0) least = Math.min(least, performance.now() - began);
  }
  return least;
}
