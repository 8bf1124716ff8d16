/**
 * The range test of learning rates (Smith 2017, "Cyclical learning rates", section 3.3): the rate rises
 * from step to step, here by equal ratios, and the loss is watched. Pure.
 */

export interface LrRange {
  /** Rates of the first and the last step, 0 < from < to. */
  readonly from: number;
  readonly to: number;
  /** At least 2. */
  readonly steps: number;
}

/** Of the running mean: the last ten steps or so count. */
const SMOOTHING = 0.9;
/** A smoothed loss above so many times the least one so far has diverged. */
const DIVERGED_FACTOR = 4;
/** Losses of single batches say too little to end the test by. */
const LEAST_STEPS = 10;
/** Steps either side over which a slope is measured. */
const SLOPE_REACH = 3;
/** Of the least loss: far enough below where training becomes unstable. */
const BELOW_LEAST = 10;

/** Rounded to float32, as every rate is. */
export function rateOfStep({ from, to, steps }: LrRange, step: number): number {
  return Math.fround(from * (to / from) ** (step / (steps - 1)));
}

/** Exponential running mean without the bias of its start: sum of b^k loss over sum of b^k. */
export function smoothed(losses: readonly number[]): number[] {
  let sum = 0;
  let weight = 0;
  return losses.map((loss) => {
    sum = SMOOTHING * sum + loss;
    weight = SMOOTHING * weight + 1;
    return sum / weight;
  });
}

/** Whether the test is over before its last step: the loss ceased to be a number, or grew far beyond its least. */
export function hasDiverged(losses: readonly number[]): boolean {
  const last = losses.at(-1);
  if (last !== undefined && !Number.isFinite(last)) return true;
  if (losses.length < LEAST_STEPS) return false;
  const curve = smoothed(losses);
  return (curve.at(-1) ?? 0) > DIVERGED_FACTOR * Math.min(...curve);
}

export interface LrSuggestion {
  /** Where the smoothed loss falls fastest per factor of the rate. */
  readonly steepest: number;
  /** Where the smoothed loss is least. */
  readonly minimum: number;
  /** A tenth of it: the usual choice. */
  readonly minimumTenth: number;
}

/** Null where the loss never falls below that of the first steps: no rate of the range trains anything. */
export function suggestionOf(rates: readonly number[], losses: readonly number[]): LrSuggestion | null {
  const curve = smoothed(losses.filter(Number.isFinite));
  if (curve.length < LEAST_STEPS) return null;
  // The first means are of few steps: they decide nothing.
  const settled = LEAST_STEPS / 2;
  let least = settled;
  for (let step = settled; step < curve.length; step++) if ((curve[step] ?? NaN) < (curve[least] ?? NaN)) least = step;
  if (least <= settled) return null;
  let steepest = least;
  let fall = -Infinity;
  for (let step = settled; step <= least; step++) {
    const [before, after] = [Math.max(settled, step - SLOPE_REACH), Math.min(curve.length - 1, step + SLOPE_REACH)];
    const drop = ((curve[before] ?? NaN) - (curve[after] ?? NaN)) / (after - before);
    if (drop > fall) [fall, steepest] = [drop, step];
  }
  const minimum = rates[least] ?? NaN;
  return { steepest: rates[steepest] ?? NaN, minimum, minimumTenth: minimum / BELOW_LEAST };
}
