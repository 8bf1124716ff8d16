/**
 * The dual of a two-class support vector machine by sequential minimal optimisation, as LIBSVM solves it:
 * the pair that is changed is chosen by second-order information (Fan, Chen and Lin, JMLR 6, 2005,
 * algorithm 2), until the optimality conditions hold within `tolerance`. Without shrinking, which changes
 * what a step costs and not where it ends.
 */

export interface Dual {
  /** How many images. */
  readonly count: number;
  /** +1 or -1 of each. */
  readonly signs: Int8Array;
  /** Upper bound of each coefficient: C times the weight of its class. */
  readonly bounds: Float64Array;
  /** k(image, other) for every other; k(image, image) is 1. */
  readonly row: (image: number) => ArrayLike<number>;
}

export interface Solution {
  /** alpha x sign of each; 0 but for support vectors. */
  readonly coefficients: Float64Array;
  /** A point's value is the sum of coefficient x kernel, minus this. */
  readonly rho: number;
}

/** In the place of a curvature that is not above 0. */
const TAU = 1e-12;
const STEPS_BETWEEN_BEATS = 16;

export async function solveDual({ count, signs, bounds, row }: Dual, tolerance: number, pulse: () => Promise<void> | void): Promise<Solution> {
  const alpha = new Float64Array(count);
  const gradient = new Float64Array(count).fill(-1);
  const mayGrow = (image: number): boolean => (signs[image]! > 0 ? alpha[image]! < bounds[image]! : alpha[image]! > 0);
  const mayShrink = (image: number): boolean => (signs[image]! > 0 ? alpha[image]! > 0 : alpha[image]! < bounds[image]!);
  // As LIBSVM's limit: it ends long before, or never.
  const most = Math.max(10_000_000, 100 * count);
  for (let step = 1; step <= most; step++) {
    const first = largestViolation(count, signs, gradient, mayGrow);
    if (first < 0) break;
    const own = row(first);
    const second = partner(first, own, { count, signs, gradient, mayShrink, tolerance });
    if (second < 0) break;
    const other = row(second);
    const [before, beforeOther] = [alpha[first]!, alpha[second]!];
    move(first, second, own[second]!, { alpha, gradient, signs, bounds });
    const change = (alpha[first]! - before) * signs[first]!;
    const changeOther = (alpha[second]! - beforeOther) * signs[second]!;
    for (let image = 0; image < count; image++) gradient[image]! += signs[image]! * (change * own[image]! + changeOther * other[image]!);
    if (step % STEPS_BETWEEN_BEATS === 0) await pulse();
  }
  return { coefficients: alpha.map((value, image) => value * signs[image]!), rho: rhoOf(count, signs, gradient, alpha, bounds) };
}

/** i of the working set: the largest -y * gradient among those that may move up; -1 for none. */
function largestViolation(count: number, signs: Int8Array, gradient: Float64Array, mayGrow: (image: number) => boolean): number {
  let [first, most] = [-1, -Infinity];
  for (let image = 0; image < count; image++) {
    const value = -signs[image]! * gradient[image]!;
    if (value >= most && mayGrow(image)) [first, most] = [image, value];
  }
  return first;
}

interface Partners {
  readonly count: number;
  readonly signs: Int8Array;
  readonly gradient: Float64Array;
  readonly mayShrink: (image: number) => boolean;
  readonly tolerance: number;
}

/** j: whose change with `first` lowers the dual most; -1 where all is optimal within the tolerance. */
function partner(first: number, row: ArrayLike<number>, { count, signs, gradient, mayShrink, tolerance }: Partners): number {
  const top = -signs[first]! * gradient[first]!;
  let [second, least, bottom] = [-1, Infinity, -Infinity];
  for (let image = 0; image < count; image++) {
    if (!mayShrink(image)) continue;
    const value = signs[image]! * gradient[image]!;
    bottom = Math.max(bottom, value);
    const gain = top + value;
    if (gain <= 0) continue;
    const curvature = 2 - 2 * row[image]!;
    const lowered = -(gain * gain) / (curvature > 0 ? curvature : TAU);
    if (lowered <= least) [second, least] = [image, lowered];
  }
  return top + bottom < tolerance ? -1 : second;
}

interface Coefficients {
  readonly alpha: Float64Array;
  readonly gradient: Float64Array;
  readonly signs: Int8Array;
  readonly bounds: Float64Array;
}

/** The best pair of values on the line that keeps the sum of alpha x sign, cut to the bounds. */
function move(first: number, second: number, kernel: number, { alpha, gradient, signs, bounds }: Coefficients): void {
  const [most, mostOther] = [bounds[first]!, bounds[second]!];
  const curvature = Math.max(2 - 2 * kernel, TAU);
  if (signs[first] !== signs[second]) {
    const delta = (-gradient[first]! - gradient[second]!) / curvature;
    const apart = alpha[first]! - alpha[second]!;
    const moved = clip(alpha[first]! + delta, Math.max(0, apart), Math.min(most, mostOther + apart));
    alpha[first] = moved;
    alpha[second] = clip(moved - apart, 0, mostOther);
    return;
  }
  const delta = (gradient[first]! - gradient[second]!) / curvature;
  const sum = alpha[first]! + alpha[second]!;
  const moved = clip(alpha[first]! - delta, Math.max(0, sum - mostOther), Math.min(most, sum));
  alpha[first] = moved;
  alpha[second] = clip(sum - moved, 0, mostOther);
}

function clip(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}

/** The mean over coefficients that touch no bound; without any, the middle of what the bounds leave. */
function rhoOf(count: number, signs: Int8Array, gradient: Float64Array, alpha: Float64Array, bounds: Float64Array): number {
  let [sum, free, upper, lower] = [0, 0, Infinity, -Infinity];
  for (let image = 0; image < count; image++) {
    const value = signs[image]! * gradient[image]!;
    if (alpha[image]! >= bounds[image]!) {
      if (signs[image]! < 0) upper = Math.min(upper, value);
      else lower = Math.max(lower, value);
    } else if (alpha[image]! <= 0) {
      if (signs[image]! > 0) upper = Math.min(upper, value);
      else lower = Math.max(lower, value);
    } else {
      free += 1;
      sum += value;
    }
  }
  return free > 0 ? sum / free : (upper + lower) / 2;
}
