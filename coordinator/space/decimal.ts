/**
 * Steps in decimal arithmetic. 0.1 + 0.1 + 0.1 is not 0.3 in binary, and a value that is off in its
 * last bit is another hyperparameter and another key; so a step is taken on the digits as they were
 * written, and only the sum becomes a double, the nearest one.
 */

/** digits * 10^-scale, exactly. */
interface Decimal {
  readonly digits: bigint;
  readonly scale: number;
}

/** The decimal that a double is written as, by its shortest digits. `value` must be finite. */
function decimal(value: number): Decimal {
  const [mantissa = '0', exponent = '0'] = value.toString().split('e');
  const [whole = '0', fraction = ''] = mantissa.split('.');
  const scale = fraction.length - Number(exponent);
  const digits = BigInt(whole + fraction);
  return scale >= 0 ? { digits, scale } : { digits: digits * 10n ** BigInt(-scale), scale: 0 };
}

function at(scale: number, value: Decimal): bigint {
  return value.digits * 10n ** BigInt(scale - value.scale);
}

/** How many values `steps` would give, without making them. Needs step > 0 and to >= from. */
export function countSteps(from: number, to: number, step: number): number {
  const { first, last, stride } = integers(from, to, step);
  const full = (last - first) / stride;
  return Number(full) + 1 + ((last - first) % stride === 0n ? 0 : 1);
}

/** from, from + step, ... up to `to`, which is appended where the step misses it. Needs step > 0 and to >= from. */
export function steps(from: number, to: number, step: number): number[] {
  const { first, last, stride, scale } = integers(from, to, step);
  const values: number[] = [];
  for (let value = first; value < last; value += stride) values.push(double(value, scale));
  values.push(to);
  return values;
}

/** `points` values from min to max, both included, at equal distances. Needs points >= 2. */
export function linearPoints(min: number, max: number, points: number): number[] {
  const scale = Math.max(decimal(min).scale, decimal(max).scale) + EXTRA_DIGITS;
  const first = at(scale, decimal(min));
  const span = at(scale, decimal(max)) - first;
  return Array.from({ length: points }, (_, index) => {
    if (index === points - 1) return max;
    return double(first + (span * BigInt(index)) / BigInt(points - 1), scale);
  });
}

/**
 * `points` values from min to max, both included, at equal ratios. Needs min > 0 and points >= 2. What
 * lies between is rounded to 6 significant digits: readable, and the same on every platform, since
 * powers may differ in their last bits between versions of V8.
 */
export function logPoints(min: number, max: number, points: number): number[] {
  return Array.from({ length: points }, (_, index) => {
    if (index === 0) return min;
    if (index === points - 1) return max;
    return Number((min * (max / min) ** (index / (points - 1))).toPrecision(6));
  });
}

/** Thirds and sevenths of a span are cut off this many digits behind its ends' digits: a double has 17. */
const EXTRA_DIGITS = 20;

function integers(from: number, to: number, step: number): { first: bigint; last: bigint; stride: bigint; scale: number } {
  const [a, b, c] = [decimal(from), decimal(to), decimal(step)];
  const scale = Math.max(a.scale, b.scale, c.scale);
  return { first: at(scale, a), last: at(scale, b), stride: at(scale, c), scale };
}

function double(digits: bigint, scale: number): number {
  return Number(`${digits}e-${scale}`);
}
