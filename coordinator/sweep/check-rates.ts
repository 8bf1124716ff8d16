/** Schedules whose rates leave what numbers can hold: they are in order field by field, and overflow only in a trial's late epochs. */
import { axisTree, settingAt, type AxisNode } from '../space/axis-tree.js';
import { isSchedule, ratesOf, type RateSchedule } from '../space/schedule.js';
import type { Json } from '../../proto/work.js';
import { describe, type Problem } from './mistakes.js';
import type { Axis } from './spec.js';

/** Rates are finite in the first and the last of `epochs` epochs, between which every schedule is monotone. `round` is what the trainable makes of a rate. */
export function checkRates(axes: readonly Axis[], epochs: number, round: (rate: number) => number): Problem[] {
  return axisTree(axes).flatMap((node) => {
    const wrong = settingsOf(node).filter(isSchedule).flatMap((value): Problem[] => {
      const bad = [0, epochs - 1].find((epoch) => !Number.isFinite(round(ratesOf(value as RateSchedule, epoch, epochs).to)));
      if (bad === undefined) return [];
      const found = `${describe(value)}, which is too large a number in epoch ${bad} of ${epochs}`;
      return [{ path: ['space', node.axis.name], at: 'value', found, expected: 'a schedule whose values all are numbers', suggestion: 'factors below 1 make rates smaller' }];
    });
    // One of the settings of an axis inside says enough.
    return node.settings > node.axis.values.length ? wrong.slice(0, 1) : wrong;
  });
}

/** Schedules looked at of one axis: rates grow with each of their parameters, so that of a range the ends are enough. */
const MOST_SETTINGS = 1_000;

function settingsOf(node: AxisNode): Json[] {
  return Array.from({ length: Math.min(node.settings, MOST_SETTINGS) }, (_, index) => settingAt(node, index));
}

/** The first epoch from which on a learning rate is 0 as float32 though its schedule never means 0; null where there is none. */
export function vanishesAt(schedule: RateSchedule, epochs: number): number | null {
  const meant = 'warmup' in schedule ? schedule.warmup.to : schedule;
  if (typeof meant === 'number' || !('exponential' in meant || 'piecewise' in meant || 'inverseTime' in meant)) return null;
  const isGone = (epoch: number): boolean => Math.fround(ratesOf(schedule, epoch, epochs).to) === 0;
  if (epochs < 1 || !isGone(epochs - 1)) return null;
  // Once 0 it stays 0, so that halving finds where that begins.
  let [low, high] = [0, epochs - 1];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (isGone(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
