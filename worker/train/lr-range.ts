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
/** Of the curve, to each side: about twelve steps count in all. */
const CURVE_SMOOTHING = 0.85;
/** A smoothed loss above so many times the least one so far has diverged. */
const DIVERGED_FACTOR = 4;
/** Losses of single batches say too little to end the test by. */
const LEAST_STEPS = 10;
/** Means before this step are of few steps: they decide nothing. */
const SETTLED = LEAST_STEPS / 2;
/** A rise by this share of the drop so far is a clear one. */
const RISE_SHARE = 0.2;
/** A change of less than this share of the first losses is none, however smooth the curve. */
const LEAST_SHARE = 0.01;
/** So many standard deviations of the curve are no noise. */
const NOISE_FACTOR = 4;
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

/**
 * What the losses say of the rates: their mean with weights falling by CURVE_SMOOTHING per step to both sides,
 * without the bias of the ends. Smoother than the running mean, and without its lag, which would move
 * every feature of the curve to higher rates. A loss above the mean of the first ones counts as that:
 * how high it shot says nothing, and would draw up the steps before it.
 */
export function lrCurve(losses: readonly number[]): number[] {
  const first = losses.slice(0, SETTLED);
  const cap = first.reduce((total, loss) => total + loss, 0) / Math.max(first.length, 1);
  const capped = losses.map((loss) => Math.min(loss, cap));
  const forth = oneSided(capped);
  const back = oneSided([...capped].reverse()).reverse();
  // The step itself is in both.
  return capped.map((loss, step) => {
    const [before, after] = [forth[step] ?? [0, 0], back[step] ?? [0, 0]];
    return (before[0] + after[0] - loss) / (before[1] + after[1] - 1);
  });
}

/** Sums of b^k loss and of b^k over the step itself and those before it. */
function oneSided(losses: readonly number[]): (readonly [number, number])[] {
  let sum = 0;
  let weight = 0;
  return losses.map((loss) => {
    sum = CURVE_SMOOTHING * sum + loss;
    weight = CURVE_SMOOTHING * weight + 1;
    return [sum, weight] as const;
  });
}

export interface LrSuggestion {
  /** Where the curve falls fastest per factor of the rate; at most `minimum`. */
  readonly steepest: number;
  /** Where the curve is least before its first clear rise. */
  readonly minimum: number;
  /** A tenth of it: the usual choice. */
  readonly minimumTenth: number;
  /** Where the curve first rises clearly; null where it does not. */
  readonly rise: number | null;
  /** False where the curve falls again after that rise: training was thrown back and recovered, and what it does there says nothing of those rates. */
  readonly clean: boolean;
}

/**
 * Null where the loss never falls clearly below that of the first steps: no rate of the range trains anything.
 * Nothing after the first clear rise is looked at: a rate that has thrown training back once is too high for
 * a whole training, however fast the loss falls on the rebound. `rates` and `losses` are of the same steps.
 */
export function suggestionOf(rates: readonly number[], losses: readonly number[]): LrSuggestion | null {
  const curve = lrCurve(losses.filter(Number.isFinite));
  if (curve.length < LEAST_STEPS) return null;
  const at = (step: number): number => curve[step] ?? NaN;
  const noise = Math.max(LEAST_SHARE * Math.abs(at(SETTLED)), NOISE_FACTOR * noiseOf(losses.filter(Number.isFinite)));
  const { least, rise } = firstDescent(curve, noise);
  if (at(SETTLED) - at(least) <= noise) return null;
  let [steepest, fall] = [least, -Infinity];
  for (let step = SETTLED; step <= least; step++) {
    const [before, after] = [Math.max(SETTLED, step - SLOPE_REACH), Math.min(least, step + SLOPE_REACH)];
    const drop = (at(before) - at(after)) / Math.max(after - before, 1);
    if (drop > fall) [fall, steepest] = [drop, step];
  }
  const minimum = rates[least] ?? NaN;
  return {
    steepest: rates[steepest] ?? NaN,
    minimum,
    minimumTenth: minimum / BELOW_LEAST,
    rise: rise === null ? null : (rates[rise] ?? NaN),
    clean: rise === null || !fallsAgain(curve, least, rise),
  };
}

/** The steps of the least value before the first clear rise, and of that rise. */
function firstDescent(curve: readonly number[], noise: number): { readonly least: number; readonly rise: number | null } {
  const at = (step: number): number => curve[step] ?? NaN;
  let least = SETTLED;
  for (let step = SETTLED; step < curve.length; step++) {
    if (at(step) < at(least)) least = step;
    if (at(step) - at(least) > Math.max(RISE_SHARE * (at(SETTLED) - at(least)), noise)) return { least, rise: step };
  }
  return { least, rise: null };
}

/** Whether the curve, after its first clear rise, comes back half of the way from a peak to where it was least. */
function fallsAgain(curve: readonly number[], least: number, rise: number): boolean {
  const floor = curve[least] ?? NaN;
  let peak = -Infinity;
  return curve.slice(rise).some((value) => {
    peak = Math.max(peak, value);
    return value - floor < (peak - floor) / 2;
  });
}

/**
 * Standard deviation of the curve's value where single losses scatter as these do: theirs, from the median
 * difference of neighbours (0.6745 * sqrt(2) deviations, if normal; spikes hardly move it), times the root of
 * sum w^2 / (sum w)^2 = (1 + b^2) (1 - b)^2 / ((1 - b^2) (1 + b)^2) of the weights w = b^|k|.
 */
function noiseOf(losses: readonly number[]): number {
  const differences = losses.slice(1).map((loss, step) => Math.abs(loss - (losses[step] ?? NaN)));
  const median = differences.sort((a, b) => a - b)[Math.floor(differences.length / 2)] ?? 0;
  const b = CURVE_SMOOTHING;
  return (median / (0.6745 * Math.SQRT2)) * Math.sqrt(((1 + b * b) / (1 - b * b)) * ((1 - b) / (1 + b)) ** 2);
}
