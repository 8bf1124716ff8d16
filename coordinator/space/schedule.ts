/** Schedules: what a rate is in each epoch, as pure functions. Epochs count from 0. */
import { wholePower } from '../../proto/whole-power.js';
import type { Json, PlateauRule } from '../../proto/work.js';

export type Schedule =
  | { readonly constant: number }
  | { readonly piecewise: { readonly initial: number; readonly factor: number; readonly every: number } }
  | { readonly cosine: { readonly initial: number; readonly epochs?: number | undefined; readonly final?: number | undefined } }
  | { readonly cosineRestarts: { readonly initial: number; readonly every: number; readonly lengthen?: number | undefined; readonly factor?: number | undefined; readonly final?: number | undefined } }
  | { readonly steps: readonly (readonly [epoch: number, rate: number])[] }
  | { readonly exponential: { readonly initial: number; readonly factor: number } }
  | { readonly inverseTime: { readonly initial: number; readonly decay: number } };

/** A schedule that is led up to: of learning rates alone, since it changes within an epoch. */
export interface Warmup {
  readonly warmup: { readonly epochs: number; readonly to: number | Schedule | Plateau };
}

/** One rise and one fall over the whole training, in straight lines: of learning rates alone, as a warm-up. */
export interface OneCycle {
  readonly oneCycle: { readonly peak: number; readonly epochs?: number | undefined; readonly rise?: number | undefined; readonly initial?: number | undefined; readonly final?: number | undefined };
}

/** A rate that is reduced where a metric of the training's own epochs has stopped improving: whoever trains decides (PlateauRule). */
export interface Plateau {
  readonly plateau: {
    readonly initial: number;
    readonly monitor?: PlateauRule['monitor'] | undefined;
    readonly factor?: number | undefined;
    readonly patience?: number | undefined;
    readonly minDelta?: number | undefined;
    readonly cooldown?: number | undefined;
    readonly final?: number | undefined;
  };
}

/** What a learning rate may be but a number. */
export type RateSchedule = Schedule | Warmup | OneCycle | Plateau;

/** Names of schedules, of which no other choice may be called. */
export const SCHEDULE_KINDS: readonly string[] = ['constant', 'piecewise', 'cosine', 'steps', 'exponential', 'inverseTime', 'cosineRestarts', 'warmup', 'oneCycle', 'plateau'];

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
 * - cosineRestarts: the same over periods, the first `every` epochs long, each next `lengthen` times as long
 *   and beginning at final + (initial - final) * factor^period (Loshchilov and Hutter 2017, and Keras'
 *   CosineDecayRestarts, whose t_mul and m_mul these are). `lengthen` and `factor` are 1 unless given.
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
  if ('cosineRestarts' in schedule) return restartedRate(schedule.cosineRestarts, epoch);
  const { initial, final = 0, epochs: length = epochs } = schedule.cosine;
  if (epoch >= length) return final;
  return final + (initial - final) * 0.5 * (1 + cosineOfPi(epoch / length));
}

function restartedRate({ initial, every, lengthen = 1, factor = 1, final = 0 }: Extract<Schedule, { cosineRestarts: unknown }>['cosineRestarts'], epoch: number): number {
  let [period, from, length] = [0, 0, every];
  if (lengthen === 1) {
    period = Math.floor(epoch / every);
    from = period * every;
  } else {
    while (epoch >= from + length) [period, from, length] = [period + 1, from + length, length * lengthen];
  }
  return final + (initial - final) * wholePower(factor, period) * 0.5 * (1 + cosineOfPi((epoch - from) / length));
}

/** Of its peak a cycle's first rate, and of its first rate the last: PyTorch's OneCycleLR's. */
const CYCLE_START = 1 / 25;
const CYCLE_END = 1e-4;

/**
 * At the end of `epoch` epochs of a cycle of n (its own `epochs`, else the trial's): in a straight line from
 * `initial` to `peak`, which lies at the epoch end nearest to rise * n but not at an end of the cycle, and in
 * another to `final`, which holds from then on (Smith and Topin 2018, section 3). A cycle of one epoch falls only.
 */
function cycleRate({ peak, rise = 0.3, initial = peak * CYCLE_START, final = initial * CYCLE_END, epochs }: OneCycle['oneCycle'], epoch: number, trial: number): number {
  const length = epochs ?? trial;
  const top = Math.min(Math.max(1, Math.round(rise * length)), length - 1);
  if (epoch >= length) return final;
  return epoch < top ? initial + ((peak - initial) * epoch) / top : peak + ((final - peak) * (epoch - top)) / (length - top);
}

/** What reduces the rate from `epoch` on, with every field filled in; null where nothing does. */
export function plateauAt(schedule: number | RateSchedule, epoch: number): PlateauRule | null {
  if (typeof schedule === 'number') return null;
  if ('warmup' in schedule) return epoch < schedule.warmup.epochs ? null : plateauAt(schedule.warmup.to, epoch);
  if (!('plateau' in schedule)) return null;
  const { monitor = 'val.loss', factor = 0.1, patience = 10, minDelta = 0.0001, cooldown = 0, final = 0 } = schedule.plateau;
  return { monitor, factor, patience, minDelta, cooldown, final };
}

/**
 * The rates at the beginning and the end of `epoch`, between which the steps go in a straight line.
 * They differ in a warm-up and in one cycle alone. Over a warm-up's epochs the rate rises from 0 to the first
 * one of what it leads to (Goyal et al. 2017, section 2.2, from 0), whose epochs count from the end of the
 * warm-up. Of a plateau they are the rate that nothing has reduced yet.
 */
export function ratesOf(schedule: number | RateSchedule, epoch: number, epochs: number): { readonly from: number; readonly to: number } {
  if (typeof schedule !== 'number' && 'oneCycle' in schedule) {
    return { from: cycleRate(schedule.oneCycle, epoch, epochs), to: cycleRate(schedule.oneCycle, epoch + 1, epochs) };
  }
  if (typeof schedule === 'number' || !('warmup' in schedule)) {
    const rate = typeof schedule !== 'number' && 'plateau' in schedule ? schedule.plateau.initial : rateAt(schedule, epoch, epochs);
    return { from: rate, to: rate };
  }
  const { epochs: length, to } = schedule.warmup;
  const rest = Math.max(1, epochs - length);
  if (epoch >= length) return ratesOf(to, epoch - length, rest);
  const target = ratesOf(to, 0, rest).from;
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
