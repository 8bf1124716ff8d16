/** Schedules: what a rate is in each epoch, as pure functions. Epochs count from 0. */
import { wholePower } from '../../proto/whole-power.js';
import type { Json } from '../../proto/work.js';

export type Schedule =
  | { readonly constant: number }
  | { readonly piecewise: { readonly initial: number; readonly factor: number; readonly every: number } }
  | { readonly cosine: { readonly initial: number; readonly epochs?: number | undefined; readonly final?: number | undefined } }
  | { readonly steps: readonly (readonly [epoch: number, rate: number])[] }
  | { readonly exponential: { readonly initial: number; readonly factor: number } }
  | { readonly inverseTime: { readonly initial: number; readonly decay: number } };

/** A schedule that is led up to: of learning rates alone, since it changes within an epoch. */
export interface Warmup {
  readonly warmup: { readonly epochs: number; readonly to: number | Schedule };
}

/** Names of schedules, of which no other choice may be called. */
export const SCHEDULE_KINDS: readonly string[] = ['constant', 'piecewise', 'cosine', 'steps', 'exponential', 'inverseTime', 'warmup'];

export function isSchedule(value: Json): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return SCHEDULE_KINDS.some((kind) => Object.hasOwn(value, kind));
}

/**
 * The rate in force in `epoch` of a trial of `epochs` epochs, in float64 (who uses it rounds it).
 * - constant: the same in every epoch.
 * - piecewise: initial * factor^floor(epoch / every); the power by squaring, so that its bits depend on
 *   IEEE multiplication alone and not on a library.
 * - cosine, of length n (its own `epochs`, else the trial's): final + (initial - final) * (1 + cos(pi *
 *   epoch / n)) / 2 (Loshchilov and Hutter 2017, equation 5, without restarts). Epoch 0 has `initial`;
 *   `final` (0 unless given) is reached at epoch n, one past the last of a trial that is n long, and
 *   holds from there on.
 * - steps: the rate of the last [epoch, rate] that has begun; the first begins at epoch 0.
 * - exponential: initial * factor^epoch.
 * - inverseTime: initial / (1 + decay * epoch).
 */
export function rateAt(schedule: number | Schedule, epoch: number, epochs: number): number {
  if (typeof schedule === 'number') return schedule;
  if ('constant' in schedule) return schedule.constant;
  if ('piecewise' in schedule) {
    const { initial, factor, every } = schedule.piecewise;
    return initial * wholePower(factor, Math.floor(epoch / every));
  }
  if ('steps' in schedule) return schedule.steps.findLast(([from]) => from <= epoch)?.[1] ?? NaN;
  if ('exponential' in schedule) return schedule.exponential.initial * wholePower(schedule.exponential.factor, epoch);
  if ('inverseTime' in schedule) return schedule.inverseTime.initial / (1 + schedule.inverseTime.decay * epoch);
  const { initial, final = 0, epochs: length = epochs } = schedule.cosine;
  if (epoch >= length) return final;
  return final + (initial - final) * 0.5 * (1 + cosineOfPi(epoch / length));
}

/**
 * The rates at the beginning and the end of `epoch`, between which the steps go in a straight line.
 * They differ in a warm-up alone: over its epochs the rate rises from 0 to the first one of what it
 * leads to (Goyal et al. 2017, section 2.2, from 0), whose epochs count from the end of the warm-up.
 */
export function ratesOf(schedule: number | Schedule | Warmup, epoch: number, epochs: number): { readonly from: number; readonly to: number } {
  if (typeof schedule === 'number' || !('warmup' in schedule)) {
    const rate = rateAt(schedule, epoch, epochs);
    return { from: rate, to: rate };
  }
  const { epochs: length, to } = schedule.warmup;
  const rest = Math.max(1, epochs - length);
  if (epoch >= length) return ratesOf(to, epoch - length, rest);
  const target = rateAt(to, 0, rest);
  return { from: (target * epoch) / length, to: (target * (epoch + 1)) / length };
}

/**
 * cos(pi x) for x in [0, 1]. Math.cos may differ in its last bit between versions of V8 (its source
 * of trigonometric functions changed in version 11), and a rate's bits are part of a key; this uses
 * nothing but IEEE addition and multiplication. Taylor series on [0, pi / 4], error below 1e-16.
 */
export function cosineOfPi(x: number): number {
  if (x > 0.5) return -cosineOfPi(1 - x);
  if (x <= 0.25) return series(0, Math.PI * x);
  const angle = Math.PI * (0.5 - x);
  return angle * series(1, angle);
}

/** Sum over k of (-1)^k angle^(2k) / (2k + odd)!: the cosine for odd = 0, sine over angle for odd = 1. */
function series(odd: 0 | 1, angle: number): number {
  let sum = 0;
  // Horner from the last term: each bracket is 1 - angle^2 / ((n - 1) n) * (the bracket inside it).
  for (let n = 20 + odd; n >= 2 + odd; n -= 2) sum = ((1 - sum) * angle * angle) / ((n - 1) * n);
  return 1 - sum;
}
