/**
 * Multinomial logistic regression with an L2 penalty, as scikit-learn's LogisticRegression: the minimum of
 * C * sum of weighted cross-entropies + |w|^2 / 2, biases free. Two classes have one vector of weights, of
 * the second class against the first. The function is strictly convex in w, so its minimum is one for
 * every solver; sums go over bytes, the normalisation being a change of variables.
 */
import { DataError } from '../data/data-error.js';
import type { Arrays, ClassicalKind, Fitted, Problem, Pulse } from './fit.js';
import { imageWeights } from './fit.js';
import type { FlatImages, Scaling } from './flat-images.js';
import { minimise, type Objective } from './lbfgs.js';

/** Largest element of the gradient of the mean at the end: a hundredth of scikit-learn's `tol`, for probabilities that are settled to four digits. */
const TOLERANCE = 1e-6;

/** Vectors of all weights that L-BFGS holds at once. */
const VECTORS = 28;

export const LOGISTIC_REGRESSION: ClassicalKind = {
  memory: ({ count, size, classes }) => count * size + 8 * VECTORS * vectorsFor(classes) * (size + 1) + 8 * count * (classes + 1),
  fit: async (problem, pulse) => opened(await fitted(problem, pulse), problem.classes, problem.scaling),
  open: ({ weights, bias }: Arrays, { classes, scaling }) => {
    const vectors = vectorsFor(classes);
    if (!(weights instanceof Float32Array) || !(bias instanceof Float32Array) || weights.length !== vectors * scaling.scale.length || bias.length !== vectors) throw new DataError('the checkpoint is of no logistic regression on such images');
    return opened({ weights, bias }, classes, scaling);
  },
};

interface Coefficients {
  /** float32 [vectors, size] of normalised pixels. */
  readonly weights: Float32Array;
  readonly bias: Float32Array;
}

function vectorsFor(classes: number): number {
  return classes === 2 ? 1 : classes;
}

async function fitted(problem: Problem, pulse: Pulse): Promise<Coefficients> {
  const { images: { size }, classes, knobs } = problem;
  const vectors = vectorsFor(classes);
  const maxIterations = Number(knobs.maxIter);
  const { point } = await minimise(objectiveOf(problem), new Float64Array(vectors * (size + 1)), { tolerance: TOLERANCE, maxIterations, pulse: (iteration) => pulse.beat(iteration, maxIterations) });
  return { weights: Float32Array.from(point.subarray(0, vectors * size)), bias: Float32Array.from(point.subarray(vectors * size)) };
}

/** Of [vectors, size] weights and then [vectors] biases, divided by C times the sum of the images' weights. */
function objectiveOf(problem: Problem): Objective {
  const { images, labels, classes, scaling, knobs } = problem;
  const { count, size, bytes } = images;
  const vectors = vectorsFor(classes);
  const weightOf = imageWeights(problem);
  const total = weightOf.reduce((sum, weight) => sum + weight, 0);
  const penalty = 1 / (Number(knobs.C) * total);
  const residuals = new Float64Array(count * vectors);
  return (point, gradient) => {
    const scores = scoresOf(images, vectors, point, point.subarray(vectors * size), scaling);
    let loss = 0;
    for (let image = 0; image < count; image++) {
      loss += weightOf[image]! * residualsOf(scores, image * vectors, vectors, labels[image]!, residuals);
      for (let vector = 0; vector < vectors; vector++) residuals[image * vectors + vector]! *= weightOf[image]! / total;
    }
    let squares = 0;
    for (let vector = 0; vector < vectors; vector++) {
      const own = gradient.subarray(vector * size, (vector + 1) * size).fill(0);
      let sum = 0;
      for (let image = 0; image < count; image++) {
        const residual = residuals[image * vectors + vector]!;
        sum += residual;
        const at = image * size;
        for (let element = 0; element < size; element++) own[element]! += residual * bytes[at + element]!;
      }
      for (let element = 0; element < size; element++) {
        const weight = point[vector * size + element]!;
        squares += weight * weight;
        own[element] = own[element]! * scaling.scale[element]! + sum * scaling.offset[element]! + penalty * weight;
      }
      gradient[vectors * size + vector] = sum;
    }
    return loss / total + (penalty * squares) / 2;
  };
}

/** w x + b of each image, float64 [count, vectors]. */
function scoresOf({ count, size, bytes }: FlatImages, vectors: number, weights: ArrayLike<number>, bias: ArrayLike<number>, { scale, offset }: Scaling): Float64Array {
  const scores = new Float64Array(count * vectors);
  const own = new Float64Array(size);
  for (let vector = 0; vector < vectors; vector++) {
    let constant = bias[vector]!;
    for (let element = 0; element < size; element++) {
      own[element] = weights[vector * size + element]! * scale[element]!;
      constant += weights[vector * size + element]! * offset[element]!;
    }
    for (let image = 0; image < count; image++) {
      const at = image * size;
      let sum = 0;
      for (let element = 0; element < size; element++) sum += own[element]! * bytes[at + element]!;
      scores[image * vectors + vector] = sum + constant;
    }
  }
  return scores;
}

/** Writes probability minus target for each vector, and returns the cross-entropy. */
function residualsOf(scores: Float64Array, at: number, vectors: number, label: number, into: Float64Array): number {
  if (vectors === 1) {
    const score = scores[at]!;
    const even = Math.exp(-Math.abs(score));
    into[at] = (score >= 0 ? 1 / (1 + even) : even / (1 + even)) - label;
    return Math.log1p(even) + Math.max(score, 0) - label * score;
  }
  let largest = -Infinity;
  for (let vector = 0; vector < vectors; vector++) largest = Math.max(largest, scores[at + vector]!);
  let sum = 0;
  for (let vector = 0; vector < vectors; vector++) sum += into[at + vector] = Math.exp(scores[at + vector]! - largest);
  for (let vector = 0; vector < vectors; vector++) into[at + vector] = into[at + vector]! / sum - (vector === label ? 1 : 0);
  return Math.log(sum) + largest - scores[at + label]!;
}

function opened(arrays: Coefficients, classes: number, scaling: Scaling): Fitted {
  const { weights, bias } = arrays;
  const vectors = vectorsFor(classes);
  return {
    params: weights.length + bias.length,
    arrays: { weights, bias },
    predict: (images) => {
      const scores = scoresOf(images, vectors, weights, bias, scaling);
      if (vectors === classes) return Float32Array.from(scores);
      // The first class has none of its own.
      return Float32Array.from({ length: 2 * images.count }, (_, index) => (index % 2 === 0 ? 0 : scores[(index - 1) / 2]!));
    },
  };
}
