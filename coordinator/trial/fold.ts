/**
 * A trial's stop, chosen epoch and metrics are a fold over its own path in epoch order (design rule 5):
 * the order in which results arrive, and who trained them, cannot matter.
 */
import { metricValue } from '../../proto/confusion.js';
import type { EpochResult } from '../../proto/work.js';
import type { DataSummary, StopSpec, SweepSpec } from '../sweep/spec.js';

/** What the fold needs to know of a sweep. */
export interface FoldRule {
  readonly stop: StopSpec | null;
  readonly classes: readonly string[];
  readonly positive: number;
}

export function foldRuleOf({ stop }: Pick<SweepSpec, 'stop'>, data: Pick<DataSummary, 'classes' | 'positive'> | null): FoldRule {
  return { stop, classes: data?.classes ?? [], positive: data?.positive ?? 0 };
}

export interface Fold {
  /** Epochs folded so far: 0..length. */
  readonly epochs: number;
  /** `open` until the path ends; `diverged` ends it as a failure. */
  readonly state: 'open' | 'ended' | 'diverged';
  /** The epoch of the best monitored value so far (first on ties); -1 before any, or where nothing is monitored. */
  readonly bestEpoch: number;
  readonly best: number;
  /** Last value that counted as an improvement by minDelta, and epochs since then. */
  readonly reference: number;
  readonly wait: number;
}

export const emptyFold: Fold = { epochs: 0, state: 'open', bestEpoch: -1, best: Number.NaN, reference: Number.NaN, wait: 0 };

/**
 * Adds the result of epoch `fold.epochs` of a path of `length` epochs. Patience as in Keras'
 * EarlyStopping: an epoch improves when it beats the last improvement by more than `minDelta`; after
 * `patience` epochs in a row that do not, the path ends. The chosen epoch under `restoreBest` is the
 * best value itself, whatever minDelta says.
 */
export function foldEpoch(fold: Fold, result: EpochResult, length: number, rule: FoldRule): Fold {
  if (fold.state !== 'open') throw new Error(`a path that has ${fold.state} takes no further epoch`);
  const epoch = fold.epochs;
  if (result.diverged) return { ...fold, epochs: epoch + 1, state: 'diverged' };
  const next = rule.stop === null ? fold : watch(fold, result, epoch, rule.stop, rule);
  const impatient = rule.stop !== null && next.wait >= rule.stop.patience;
  return { ...next, epochs: epoch + 1, state: impatient || epoch + 1 >= length ? 'ended' : 'open' };
}

function watch(fold: Fold, result: EpochResult, epoch: number, stop: StopSpec, rule: FoldRule): Fold {
  const value = metricValue(stop.monitor, result, rule.classes, rule.positive);
  const sign = stop.direction === 'minimize' ? 1 : -1;
  const below = (a: number, b: number): boolean => Number.isNaN(b) || sign * a < sign * b;
  if (value === null || Number.isNaN(value)) return { ...fold, wait: fold.wait + 1 };
  const better = below(value, fold.best);
  const improved = Number.isNaN(fold.reference) || sign * (fold.reference - value) > stop.minDelta;
  return {
    ...fold,
    best: better ? value : fold.best,
    bestEpoch: better ? epoch : fold.bestEpoch,
    reference: improved ? value : fold.reference,
    wait: improved ? 0 : fold.wait + 1,
  };
}

/** The epoch whose weights the trial answers for: the last, or with restoreBest the best. */
export function chosenEpoch(fold: Fold, stop: StopSpec | null): number {
  return stop?.restoreBest === true && fold.bestEpoch >= 0 ? fold.bestEpoch : fold.epochs - 1;
}

/** The first epoch whose report could end this path before its planned length. */
export function earliestStop(fold: Fold, stop: StopSpec | null): number {
  if (stop === null) return Number.POSITIVE_INFINITY;
  return fold.epochs + Math.max(0, stop.patience - fold.wait - 1);
}
