/** Probabilities from decision values: a sigmoid that is fitted to values of images that were held out (Platt 1999). */

export interface Sigmoid {
  /** The probability of the class is 1 / (1 + exp(slope * value + offset)). */
  readonly slope: number;
  readonly offset: number;
}

const MOST_STEPS = 100;
const SETTLED = 1e-10;
const RIDGE = 1e-12;

/**
 * The maximum of the likelihood with Platt's targets, by Newton's method with halved steps (Lin, Lin and
 * Weng, Machine Learning 68, 2007, algorithm 1). The function is convex, so the way there does not matter.
 */
export function fitSigmoid(values: Float64Array, isClass: (index: number) => boolean): Sigmoid {
  const positive = values.reduce((count, _, index) => count + (isClass(index) ? 1 : 0), 0);
  const targets = values.map((_, index) => (isClass(index) ? (positive + 1) / (positive + 2) : 1 / (values.length - positive + 2)));
  let sigmoid: Sigmoid = { slope: 0, offset: Math.log((values.length - positive + 1) / (positive + 1)) };
  let loss = lossOf(values, targets, sigmoid);
  for (let step = 0; step < MOST_STEPS; step++) {
    const { gradient: [slope, offset], hessian: [slopes, offsets, both] } = derivatives(values, targets, sigmoid);
    if (Math.abs(slope) < SETTLED && Math.abs(offset) < SETTLED) break;
    const determinant = slopes * offsets - both * both;
    const direction = [-(offsets * slope - both * offset) / determinant, -(slopes * offset - both * slope) / determinant] as const;
    const improved = search(values, targets, sigmoid, loss, direction);
    if (improved === null) break;
    ({ sigmoid, loss } = improved);
  }
  return sigmoid;
}

export function probabilityOf({ slope, offset }: Sigmoid, value: number): number {
  const exponent = slope * value + offset;
  return exponent >= 0 ? Math.exp(-exponent) / (1 + Math.exp(-exponent)) : 1 / (1 + Math.exp(exponent));
}

function search(values: Float64Array, targets: Float64Array, { slope, offset }: Sigmoid, loss: number, [down, downOffset]: readonly [number, number]): { sigmoid: Sigmoid; loss: number } | null {
  for (let length = 1; length > 1e-10; length /= 2) {
    const sigmoid = { slope: slope + length * down, offset: offset + length * downOffset };
    const reached = lossOf(values, targets, sigmoid);
    if (reached < loss) return { sigmoid, loss: reached };
  }
  return null;
}

function lossOf(values: Float64Array, targets: Float64Array, { slope, offset }: Sigmoid): number {
  let sum = 0;
  for (let index = 0; index < values.length; index++) {
    const exponent = slope * values[index]! + offset;
    sum += targets[index]! * exponent + Math.log1p(Math.exp(-Math.abs(exponent))) + Math.max(-exponent, 0);
  }
  return sum;
}

interface Derivatives {
  readonly gradient: readonly [number, number];
  /** By slope twice, by offset twice, by each. */
  readonly hessian: readonly [number, number, number];
}

function derivatives(values: Float64Array, targets: Float64Array, sigmoid: Sigmoid): Derivatives {
  let [slope, offset, slopes, offsets, both] = [0, 0, RIDGE, RIDGE, 0];
  for (let index = 0; index < values.length; index++) {
    const value = values[index]!;
    const probability = probabilityOf(sigmoid, value);
    const residual = targets[index]! - probability;
    const spread = probability * (1 - probability);
    slope += residual * value;
    offset += residual;
    slopes += spread * value * value;
    offsets += spread;
    both += spread * value;
  }
  return { gradient: [slope, offset], hessian: [slopes, offsets, both] };
}
