/** Hyperparameters of a Gaussian process: those that make its data and themselves most likely. */
import { cholesky, inverseOf, solveLower, solveUpper } from './cholesky.js';
import { matern, maternSlope, type Categorical, type Hyperparameters } from './matern.js';
import { minimise, type Evaluation } from './minimise.js';

/**
 * Keeps the kernel matrix well conditioned. With 1e-6, a thousandth of the values' spread, the last digits of
 * an exact objective are taken for noise: branin stays at 0.39797 after 100 trials.
 */
const LEAST_NOISE = 1e-8;
const EVALUATIONS = 40;
const TOLERANCE = 0.1;
/** Logarithms of rates, amplitude and noise stay within these. */
const BOUNDS = { rates: [-9, 9], amplitude: [-7, 7], noise: [-20, 1] } as const;

/**
 * Maximum a posteriori, by L-BFGS on the logarithms from one start. `values` have mean zero and variance
 * one. The priors are those of Optuna's GPSampler (optuna/_gp/prior.py): exp(-0.1 / rate - 0.1 rate)
 * keeps length scales off both ends, a gamma of shape 2 and rate 1 the amplitude near that of the data, a
 * gamma of shape 1.1 and rate 30 the noise small.
 */
export function fitHyperparameters(points: readonly Float64Array[], values: Float64Array, categorical: Categorical): Hyperparameters {
  const dimensions = categorical.length;
  const distances = squaredDistances(points, categorical);
  const fill = (rate: number, amplitude: number, noise: number): Float64Array => Float64Array.from([...categorical.map(() => rate), amplitude, noise]);
  const { at } = minimise((logs) => unlikelihood(distances, values, logs, dimensions), {
    start: fill(0, 0, Math.log(0.01)),
    low: fill(BOUNDS.rates[0], BOUNDS.amplitude[0], BOUNDS.noise[0]),
    high: fill(BOUNDS.rates[1], BOUNDS.amplitude[1], BOUNDS.noise[1]),
    evaluations: EVALUATIONS,
    tolerance: TOLERANCE,
  });
  return hyperparametersOf(at, dimensions);
}

function hyperparametersOf(logs: Float64Array, dimensions: number): Hyperparameters {
  return { rates: logs.slice(0, dimensions).map(Math.exp), amplitude: Math.exp(logs[dimensions]!), noise: LEAST_NOISE + Math.exp(logs[dimensions + 1]!) };
}

/** Of each pair, the later first, its squared distance in each dimension: [pairs, dimensions]. */
export function squaredDistances(points: readonly Float64Array[], categorical: Categorical): Float64Array {
  const dimensions = categorical.length;
  const squares = new Float64Array(((points.length * (points.length - 1)) / 2) * dimensions);
  let place = 0;
  for (let row = 1; row < points.length; row += 1) {
    for (let column = 0; column < row; column += 1) {
      for (let index = 0; index < dimensions; index += 1) {
        const away = points[row]![index]! - points[column]![index]!;
        squares[place] = categorical[index]! && away !== 0 ? 1 : away * away;
        place += 1;
      }
    }
  }
  return squares;
}

/**
 * Minus the log of marginal likelihood (Rasmussen and Williams 2006, equation 5.8) and priors, constants
 * left out, with its gradient by the logarithms (equation 5.9).
 */
export function unlikelihood(distances: Float64Array, values: Float64Array, logs: Float64Array, dimensions: number): Evaluation {
  const size = values.length;
  const { rates, amplitude, noise } = hyperparametersOf(logs, dimensions);
  const gradient = new Float64Array(dimensions + 2);
  const squares = new Float64Array((size * (size - 1)) / 2);
  for (let pair = 0; pair < squares.length; pair += 1) {
    let sum = 0;
    for (let index = 0; index < dimensions; index += 1) sum += rates[index]! * distances[pair * dimensions + index]!;
    squares[pair] = sum;
  }
  const matrix = new Float64Array(size * size);
  for (let row = 0, pair = 0; row < size; row += 1) {
    for (let column = 0; column < row; column += 1, pair += 1) matrix[row * size + column] = amplitude * matern(squares[pair]!);
    matrix[row * size + row] = amplitude + noise;
  }
  const lower = cholesky(matrix, size);
  if (lower === null) return { value: Number.POSITIVE_INFINITY, gradient };
  const half = solveLower(lower, size, values);
  const weights = solveUpper(lower, size, half);
  const inverse = inverseOf(lower, size);
  let value = 0;
  for (let row = 0, pair = 0; row < size; row += 1) {
    value += 0.5 * half[row]! ** 2 + Math.log(lower[row * size + row]!);
    const own = inverse[row * size + row]! - weights[row]! ** 2;
    gradient[dimensions]! += 0.5 * own * amplitude;
    gradient[dimensions + 1]! += 0.5 * own * (noise - LEAST_NOISE);
    for (let column = 0; column < row; column += 1, pair += 1) {
      // Each pair stands twice in the symmetric matrix.
      const force = inverse[row * size + column]! - weights[row]! * weights[column]!;
      gradient[dimensions]! += force * matrix[row * size + column]!;
      const slope = force * amplitude * maternSlope(squares[pair]!);
      for (let index = 0; index < dimensions; index += 1) gradient[index]! += slope * rates[index]! * distances[pair * dimensions + index]!;
    }
  }
  rates.forEach((rate, index) => {
    value += 0.1 / rate + 0.1 * rate;
    gradient[index]! += 0.1 * rate - 0.1 / rate;
  });
  value -= Math.log(amplitude) - amplitude + 0.1 * Math.log(noise) - 30 * noise;
  gradient[dimensions]! -= 1 - amplitude;
  gradient[dimensions + 1]! -= (0.1 / noise - 30) * (noise - LEAST_NOISE);
  return { value, gradient };
}
