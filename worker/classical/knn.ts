/**
 * k nearest neighbours by Euclidean distance, as scikit-learn's KNeighborsClassifier: all training images
 * are kept and looked at. Of neighbours at one distance the first in the data set's order counts.
 */
import { DataError } from '../data/data-error.js';
import { pointBytes, Points } from './distances.js';
import { type Arrays, type ClassicalKind, type Fitted, logitsOf, type Problem } from './fit.js';

export const KNN: ClassicalKind = {
  memory: ({ count, size }) => count * size + pointBytes(count, size),
  fit: async ({ images, labels, classes, scaling, knobs }) => {
    const neighbors = Number(knobs.neighbors);
    if (neighbors > images.count) throw new DataError(`knn: neighbors: found ${neighbors}, expected at most the number of training images, which is ${images.count}`);
    const settings = Int32Array.of(neighbors, knobs.weights === 'distance' ? 1 : 0);
    return opened({ images: images.bytes, labels: Int32Array.from(labels), settings }, { classes, scaling });
  },
  open: ({ images, labels, settings }: Arrays, setting) => {
    const size = setting.scaling.scale.length;
    if (!(images instanceof Uint8Array) || !(labels instanceof Int32Array) || !(settings instanceof Int32Array) || settings.length !== 2 || images.length !== labels.length * size) throw new DataError('the checkpoint is of no nearest neighbours on such images');
    return opened({ images, labels, settings }, setting);
  },
};

interface Neighbours {
  /** uint8 [count, size] */
  readonly images: Uint8Array;
  readonly labels: Int32Array;
  /** How many neighbours, and 1 where the nearer count more. */
  readonly settings: Int32Array;
}

function opened(arrays: Neighbours, { classes, scaling }: Pick<Problem, 'classes' | 'scaling'>): Fitted {
  const { images, labels, settings } = arrays;
  const [neighbors = 1, byDistance] = settings;
  const kept = new Points({ count: labels.length, size: scaling.scale.length, bytes: images }, scaling);
  const distances = new Float64Array(kept.count);
  return {
    params: images.length,
    arrays: { ...arrays },
    predict: (asked) => {
      const points = new Points(asked, scaling);
      const probabilities = new Float64Array(points.count * classes);
      for (let point = 0; point < points.count; point++) {
        points.distances(point, kept, distances);
        const nearest = smallest(distances, neighbors);
        const weights = byDistance === 1 ? inverse(nearest.map((index) => Math.sqrt(distances[index]!))) : nearest.map(() => 1);
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        nearest.forEach((index, place) => {
          probabilities[point * classes + labels[index]!]! += weights[place]! / total;
        });
      }
      return logitsOf(probabilities);
    },
  };
}

/** One over each distance; where some are 0, these alone count. */
function inverse(distances: readonly number[]): number[] {
  return distances.includes(0) ? distances.map((distance) => (distance === 0 ? 1 : 0)) : distances.map((distance) => 1 / distance);
}

/** Indices of the `count` smallest values, smallest first; of equal ones the first. */
function smallest(values: Float64Array, count: number): number[] {
  const kept: number[] = [];
  for (let index = 0; index < values.length; index++) {
    if (kept.length === count && values[index]! >= values[kept[count - 1]!]!) continue;
    let [low, high] = [0, kept.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (values[kept[middle]!]! <= values[index]!) low = middle + 1;
      else high = middle;
    }
    kept.splice(low, 0, index);
    if (kept.length > count) kept.pop();
  }
  return kept;
}
