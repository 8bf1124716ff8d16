/**
 * Which of two trials is better: floors and ceilings first, then the objective, ties by trial number
 * (design rule 9). Of several objectives the first decides, and the others in their order between equals:
 * the best by it lies on the Pareto front.
 */
import { metricValue } from '../../proto/confusion.js';
import type { EpochResult } from '../../proto/work.js';
import { meanOf } from '../sweep/replicates.js';
import type { Goal, ObjectiveSpec } from '../sweep/spec.js';
import { lexicographic, paretoRanks } from './pareto.js';

export interface Score {
  readonly number: number;
  /** Value of the objective's metric at the chosen epoch; NaN where it was not reported. */
  readonly value: number;
  /** Of each further objective, in its order. */
  readonly others: readonly number[];
  /** How far the trial falls short of its floors and beyond its ceilings, summed; 0 where it keeps to them all. */
  readonly shortfall: number;
}

/** What an epoch came to, and what its model costs. */
export interface MeasuredEpoch {
  readonly result: Pick<EpochResult, 'metrics' | 'confusion' | 'roc'>;
  readonly params: number;
  readonly msPerImage: number | null;
}

/** Bytes of a parameter in a checkpoint and in a bundle: float32. */
const BYTES_PER_PARAMETER = 4;

/** A metric that an objective may name, at one epoch; null where it was not measured. */
export function valueOf(metric: string, { result, params, msPerImage }: MeasuredEpoch, classes: readonly string[], positive: number): number | null {
  const value = metricValue(metric, result, classes, positive);
  if (value !== null || Object.hasOwn(result.metrics, metric)) return value;
  switch (metric) {
    case 'cost.parameters':
      return params;
    case 'cost.bytes':
      return params * BYTES_PER_PARAMETER;
    case 'cost.msPerImage':
      return msPerImage;
    default:
      return null;
  }
}

/** Floors are shares and count by what is missed of them; ceilings may be of any size and count by the share they are exceeded by. */
export function scoreOf(number: number, measured: MeasuredEpoch, objective: ObjectiveSpec, classes: readonly string[], positive: number): Score {
  const read = (metric: string): number => valueOf(metric, measured, classes, positive) ?? Number.NaN;
  let shortfall = 0;
  const miss = (by: number): void => {
    shortfall += Number.isNaN(by) ? Number.POSITIVE_INFINITY : Math.max(0, by);
  };
  for (const [metric, floor] of Object.entries(objective.floors)) miss(floor - read(metric));
  for (const [metric, ceiling] of Object.entries(objective.ceilings ?? {})) miss((read(metric) - ceiling) / ceiling);
  return { number, value: read(objective.metric), others: (objective.others ?? []).map(({ metric }) => read(metric)), shortfall };
}

/** Of the replicates of one assignment; the number is the first one's. NaN where one is NaN. */
export function meanScore(scores: readonly Score[]): Score {
  const mean = (of: (score: Score) => number): number => meanOf(scores.map(of));
  return {
    number: Math.min(...scores.map(({ number }) => number)),
    value: mean(({ value }) => value),
    others: (scores[0]?.others ?? []).map((_, index) => mean(({ others }) => others[index] ?? Number.NaN)),
    shortfall: mean(({ shortfall }) => shortfall),
  };
}

/** As pruners and samplers take it: smaller is better. */
export function minimised(value: number, direction: Goal['direction']): number {
  return direction === 'maximize' ? -value : value;
}

/** What places a completed trial in the one order of its sweep's first objective, ties by number; null for one of which nothing was measured, which is behind all. */
export function storedScore(score: Score | null, { direction }: Goal): { readonly shortfall: number; readonly minimised: number } {
  return score === null ? { shortfall: Number.POSITIVE_INFINITY, minimised: Number.NaN } : { shortfall: score.shortfall, minimised: minimised(score.value, direction) };
}

/** Every objective's value, the first one's first, smaller is better. */
export function minimisedAll({ value, others }: Score, objective: ObjectiveSpec): number[] {
  return [minimised(value, objective.direction), ...(objective.others ?? []).map(({ direction }, index) => minimised(others[index] ?? Number.NaN, direction))];
}

/** Whether `a` is better than `b` by more than its number. */
export function improves(a: Score, b: Score, objective: ObjectiveSpec): boolean {
  return compareScores({ ...a, number: 0 }, { ...b, number: 0 }, objective) < 0;
}

/** For Array.sort: better scores first. */
export function compareScores(a: Score, b: Score, objective: ObjectiveSpec): number {
  if (a.shortfall !== b.shortfall) return a.shortfall - b.shortfall;
  // Most sweeps, and 100,000 trials are sorted in a moment.
  if (objective.others === undefined && !Number.isNaN(a.value) && !Number.isNaN(b.value)) return minimised(a.value, objective.direction) - minimised(b.value, objective.direction) || a.number - b.number;
  const [x, y] = [minimisedAll(a, objective), minimisedAll(b, objective)];
  const isWhole = (values: readonly number[]): boolean => !values.some(Number.isNaN);
  if (isWhole(x) !== isWhole(y)) return isWhole(x) ? -1 : 1;
  return (isWhole(x) ? lexicographic(x, y) : 0) || a.number - b.number;
}

/** Of several objectives, the rank of each trial that keeps to floors and ceilings and has all values: 1 for the Pareto front; by trial number. */
export function ranksOf(scores: readonly Score[], objective: ObjectiveSpec): Map<number, number> {
  if (objective.others === undefined) return new Map();
  const ranked = scores.filter(({ shortfall, value, others }) => shortfall === 0 && ![value, ...others].some(Number.isNaN));
  const ranks = paretoRanks(ranked.map((score) => minimisedAll(score, objective)));
  return new Map(ranked.map(({ number }, index) => [number, ranks[index] ?? 0]));
}
