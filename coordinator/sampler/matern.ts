/**
 * The Matérn 5/2 kernel with a length scale for each dimension (Rasmussen and Williams 2006, equation
 * 4.17): amplitude (1 + sqrt(5) r + 5 r^2 / 3) exp(-sqrt(5) r), r^2 = sum_j rates[j] distance_j^2.
 */
export interface Hyperparameters {
  /** Inverse squared length scales, one for each dimension. */
  readonly rates: Float64Array;
  /** Variance of the process. */
  readonly amplitude: number;
  /** Variance of what is added to it at each observation. */
  readonly noise: number;
}

const SQRT_5 = Math.sqrt(5);

/** What the kernel is of, without the amplitude, at a squared distance. */
export function matern(squared: number): number {
  const far = SQRT_5 * Math.sqrt(squared);
  return (1 + far + (far * far) / 3) * Math.exp(-far);
}

/** Its derivative by the squared distance. */
export function maternSlope(squared: number): number {
  const far = SQRT_5 * Math.sqrt(squared);
  return (-5 / 6) * (1 + far) * Math.exp(-far);
}

/** Of each dimension whether its coordinates are categories: as far as one from each other, however they are numbered. */
export type Categorical = readonly boolean[];

export function squaredDistance(a: Float64Array, b: Float64Array, rates: Float64Array, categorical: Categorical): number {
  let sum = 0;
  for (let index = 0; index < rates.length; index += 1) {
    const away = a[index]! - b[index]!;
    if (away !== 0) sum += rates[index]! * (categorical[index]! ? 1 : away * away);
  }
  return sum;
}
