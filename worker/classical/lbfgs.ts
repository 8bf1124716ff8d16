/**
 * The minimum of a smooth convex function by limited-memory BFGS (Nocedal and Wright, Numerical
 * Optimization, algorithm 7.5), with a line search that halves and doubles until both Wolfe conditions hold
 * (Lewis and Overton 2013, algorithm 2.6). All float64, in one order: the same bits everywhere.
 */

/** Value at `point`; writes the gradient. */
export type Objective = (point: Float64Array, gradient: Float64Array) => number;

export interface MinimiseOptions {
  /** Done where no element of the gradient is larger. */
  readonly tolerance: number;
  readonly maxIterations: number;
  /** After each iteration. */
  readonly pulse: (iteration: number) => Promise<void> | void;
}

const MEMORY = 10;
const ARMIJO = 1e-4;
const CURVATURE = 0.9;
const MOST_TRIALS = 60;

interface Pair {
  readonly step: Float64Array;
  readonly change: Float64Array;
  readonly curvature: number;
}

interface Place {
  readonly point: Float64Array;
  readonly value: number;
  readonly gradient: Float64Array;
}

/** From `start`; ends too where no step improves any more, which is as near as float64 comes. */
export async function minimise(objective: Objective, start: Float64Array, { tolerance, maxIterations, pulse }: MinimiseOptions): Promise<{ readonly point: Float64Array; readonly iterations: number }> {
  const gradient = new Float64Array(start.length);
  let here: Place = { point: start, value: objective(start, gradient), gradient };
  const pairs: Pair[] = [];
  let iterations = 0;
  while (iterations < maxIterations && largest(here.gradient) > tolerance) {
    const direction = descent(here.gradient, pairs);
    const next = search(objective, here, direction, pairs.length === 0 ? 1 / Math.sqrt(dot(here.gradient, here.gradient)) : 1);
    if (next === null) break;
    const step = difference(next.point, here.point);
    const change = difference(next.gradient, here.gradient);
    const curvature = dot(step, change);
    if (curvature > 0) pairs.push({ step, change, curvature });
    if (pairs.length > MEMORY) pairs.shift();
    here = next;
    iterations += 1;
    await pulse(iterations);
  }
  return { point: here.point, iterations };
}

/** Minus the gradient times the estimate of the inverse Hessian. */
function descent(gradient: Float64Array, pairs: readonly Pair[]): Float64Array {
  const direction = gradient.map((value) => -value);
  const shares = pairs.map(() => 0);
  for (let index = pairs.length - 1; index >= 0; index--) {
    const { step, change, curvature } = pairs[index]!;
    shares[index] = dot(step, direction) / curvature;
    addTo(direction, change, -shares[index]!);
  }
  const last = pairs.at(-1);
  if (last !== undefined) {
    const scale = last.curvature / dot(last.change, last.change);
    for (let index = 0; index < direction.length; index++) direction[index]! *= scale;
  }
  pairs.forEach(({ step, change, curvature }, index) => addTo(direction, step, shares[index]! - dot(change, direction) / curvature));
  return direction;
}

function search(objective: Objective, here: Place, direction: Float64Array, first: number): Place | null {
  const slope = dot(here.gradient, direction);
  let [low, high, length] = [0, Infinity, first];
  for (let trial = 0; trial < MOST_TRIALS; trial++) {
    const point = Float64Array.from(here.point);
    addTo(point, direction, length);
    const gradient = new Float64Array(point.length);
    const value = objective(point, gradient);
    if (!(value <= here.value + ARMIJO * length * slope)) high = length;
    else if (dot(gradient, direction) < CURVATURE * slope) low = length;
    else return { point, value, gradient };
    length = high < Infinity ? (low + high) / 2 : 2 * low;
  }
  return null;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let index = 0; index < a.length; index++) sum += a[index]! * b[index]!;
  return sum;
}

function addTo(target: Float64Array, values: Float64Array, factor: number): void {
  for (let index = 0; index < target.length; index++) target[index]! += factor * values[index]!;
}

function difference(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((value, index) => value - b[index]!);
}

function largest(values: Float64Array): number {
  let most = 0;
  for (const value of values) most = Math.max(most, Math.abs(value));
  return most;
}
