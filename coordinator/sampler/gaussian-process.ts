/** Gaussian process regression (Rasmussen and Williams 2006, algorithm 2.1), its mean zero before it has seen anything. */
import { cholesky, solveLower, solveUpper } from './cholesky.js';
import { matern, maternSlope, squaredDistance, type Categorical, type Hyperparameters } from './matern.js';

export interface Prediction {
  readonly mean: number;
  /** Of the process, without the noise of an observation. */
  readonly variance: number;
}

/** Added to the diagonal, tenfold each time, where rounding makes a kernel matrix indefinite. */
const JITTER = 1e-10;

export class GaussianProcess {
  readonly #points: readonly Float64Array[];
  readonly #hyperparameters: Hyperparameters;
  readonly #categorical: Categorical;
  readonly #lower: Float64Array;
  /** Inverse kernel matrix times values. */
  readonly #weights: Float64Array;

  /** Points are [dimensions], one value for each. */
  constructor(points: readonly Float64Array[], values: Float64Array, hyperparameters: Hyperparameters, categorical: Categorical) {
    this.#points = points;
    this.#hyperparameters = hyperparameters;
    this.#categorical = categorical;
    this.#lower = factorise(points, hyperparameters, categorical);
    this.#weights = solveUpper(this.#lower, points.length, solveLower(this.#lower, points.length, values));
  }

  mean(at: Float64Array): number {
    return this.#meanFrom(this.#covariances(at));
  }

  predict(at: Float64Array): Prediction {
    const covariances = this.#covariances(at);
    return { mean: this.#meanFrom(covariances), variance: this.#varianceFrom(solveLower(this.#lower, this.#points.length, covariances)) };
  }

  /** The prediction and how it changes with each of the `dimensions`, none of them categorical. */
  predictWithSlopes(at: Float64Array, dimensions: readonly number[]): Prediction & { readonly meanSlopes: Float64Array; readonly varianceSlopes: Float64Array } {
    const size = this.#points.length;
    const { rates, amplitude } = this.#hyperparameters;
    const covariances = this.#covariances(at);
    const half = solveLower(this.#lower, size, covariances);
    const explained = solveUpper(this.#lower, size, half);
    const meanSlopes = new Float64Array(dimensions.length);
    const varianceSlopes = new Float64Array(dimensions.length);
    this.#points.forEach((point, index) => {
      const slope = 2 * amplitude * maternSlope(squaredDistance(at, point, rates, this.#categorical));
      dimensions.forEach((dimension, place) => {
        const change = slope * rates[dimension]! * (at[dimension]! - point[dimension]!);
        meanSlopes[place]! += this.#weights[index]! * change;
        varianceSlopes[place]! -= 2 * explained[index]! * change;
      });
    });
    return { mean: this.#meanFrom(covariances), variance: this.#varianceFrom(half), meanSlopes, varianceSlopes };
  }

  #covariances(at: Float64Array): Float64Array {
    const { rates, amplitude } = this.#hyperparameters;
    const points = this.#points;
    const covariances = new Float64Array(points.length);
    for (let index = 0; index < points.length; index += 1) covariances[index] = amplitude * matern(squaredDistance(at, points[index]!, rates, this.#categorical));
    return covariances;
  }

  #meanFrom(covariances: Float64Array): number {
    let sum = 0;
    for (let index = 0; index < covariances.length; index += 1) sum += covariances[index]! * this.#weights[index]!;
    return sum;
  }

  #varianceFrom(half: Float64Array): number {
    let explained = 0;
    for (const part of half) explained += part * part;
    // Rounding may explain a little more than there is.
    return Math.max(this.#hyperparameters.amplitude - explained, 1e-14 * this.#hyperparameters.amplitude);
  }
}

function factorise(points: readonly Float64Array[], { rates, amplitude, noise }: Hyperparameters, categorical: Categorical): Float64Array {
  const size = points.length;
  const matrix = new Float64Array(size * size);
  for (let row = 0; row < size; row += 1) {
    for (let column = 0; column < row; column += 1) {
      matrix[row * size + column] = amplitude * matern(squaredDistance(points[row]!, points[column]!, rates, categorical));
    }
    matrix[row * size + row] = amplitude + noise;
  }
  for (let jitter = JITTER; ; jitter *= 10) {
    const lower = cholesky(matrix, size);
    if (lower !== null) return lower;
    for (let row = 0; row < size; row += 1) matrix[row * size + row]! += jitter * amplitude;
  }
}
