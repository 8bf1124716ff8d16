import type { Json } from '../../../proto/work.js';
import { RandomStream, PURPOSE } from '../../../proto/random.js';
import type { Problem, Pulse } from '../../../worker/classical/fit.js';
import { scalingOf } from '../../../worker/classical/flat-images.js';

export const KNOBS: { readonly [model: string]: { readonly [knob: string]: Json } } = {
  'logistic-regression': { C: 1, maxIter: 1000 },
  knn: { neighbors: 3, weights: 'distance' },
  svm: { C: 1, gamma: 'scale' },
  'random-forest': { trees: 10, maxDepth: null, maxFeatures: 'sqrt', minSamplesLeaf: 1 },
};

export const QUIET: Pulse = { beat: () => undefined };

/** Images of noise whose mean tells the class, but for some. */
export function noise(model: string, options: { readonly count?: number; readonly size?: number; readonly classes?: number; readonly seed?: number; readonly serial?: number } = {}): Problem {
  const { count = 60, size = 9, classes = 2, seed = 0, serial = 1 } = options;
  const random = new RandomStream(PURPOSE.shuffle, serial);
  const labels = Uint16Array.from({ length: count }, (_, image) => image % classes);
  const bytes = Uint8Array.from({ length: count * size }, (_, index) => random.below(150) + Math.floor((90 * labels[Math.floor(index / size)]!) / (classes - 1)));
  return { images: { count, size, bytes }, labels, classes, scaling: scalingOf({ mean: null, deviation: null }, size), classWeights: null, knobs: KNOBS[model]!, seed, replicate: 0 };
}
