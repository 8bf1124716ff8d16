/** Which of two trials is better: floors first, then the objective, ties by trial number (design rule 9). */
import { metricValue } from '../../proto/confusion.js';
import type { EpochResult } from '../../proto/work.js';
import type { ObjectiveSpec } from '../sweep/spec.js';

export interface Score {
  readonly number: number;
  /** Value of the objective's metric at the chosen epoch; NaN where it was not reported. */
  readonly value: number;
  /** How far the trial falls short of its floors, summed; 0 where it meets them all. */
  readonly shortfall: number;
}

export function scoreOf(number: number, measured: Pick<EpochResult, 'metrics' | 'confusion'>, objective: ObjectiveSpec, classes: readonly string[], positive: number): Score {
  const read = (metric: string): number => metricValue(metric, measured, classes, positive) ?? Number.NaN;
  let shortfall = 0;
  for (const [metric, floor] of Object.entries(objective.floors)) {
    const value = read(metric);
    shortfall += Number.isNaN(value) ? Number.POSITIVE_INFINITY : Math.max(0, floor - value);
  }
  return { number, value: read(objective.metric), shortfall };
}

/** As pruners and samplers take it: smaller is better. */
export function minimised(value: number, direction: ObjectiveSpec['direction']): number {
  return direction === 'maximize' ? -value : value;
}

/** Whether `a` is better than `b` by more than its number. */
export function improves(a: Score, b: Score, direction: ObjectiveSpec['direction']): boolean {
  return compareScores({ ...a, number: 0 }, { ...b, number: 0 }, direction) < 0;
}

/** For Array.sort: better scores first. */
export function compareScores(a: Score, b: Score, direction: ObjectiveSpec['direction']): number {
  if (a.shortfall !== b.shortfall) return a.shortfall - b.shortfall;
  const [x, y] = direction === 'maximize' ? [b.value, a.value] : [a.value, b.value];
  if (Number.isNaN(a.value) !== Number.isNaN(b.value)) return Number.isNaN(a.value) ? 1 : -1;
  return x === y || Number.isNaN(x) ? a.number - b.number : x - y;
}
