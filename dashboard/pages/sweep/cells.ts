/** The cells of a heat map. Pure. */
import { setting } from '../../text/format.js';
import { numberAt, shareOf, type Dimension } from './dimension.js';
import type { PlotTrial } from './points.js';

/** Of an axis with more values than a few more than that. */
const BINS = 8;

export interface Bins {
  readonly labels: readonly string[];
  /** Of spans: where they meet, from the first beginning to the last end. */
  readonly edges: readonly string[] | null;
  readonly of: (trial: PlotTrial) => number | null;
}

/** Each value by itself where there are few, else spans of equal width on the axis. No two labels are the same. */
export function binsOf(axis: Dimension, trials: readonly PlotTrial[]): Bins {
  const { categories } = axis;
  if (categories !== null) return { labels: categories, edges: null, of: (trial) => indexOrNull(categories.indexOf(setting(axis.of(trial)))) };
  const values = [...new Set(trials.map(axis.of).filter((value) => typeof value === 'number'))].sort((a, b) => a - b);
  if (values.length <= BINS + 4) {
    const texts = values.map((value) => setting(value));
    return {
      labels: new Set(texts).size === texts.length ? texts : distinctTexts(values),
      edges: null,
      of: (trial) => {
        const value = axis.of(trial);
        return typeof value === 'number' ? indexOrNull(values.indexOf(value)) : null;
      },
    };
  }
  const edges = distinctTexts(Array.from({ length: BINS + 1 }, (_, index) => numberAt(axis, index / BINS)));
  return {
    labels: Array.from({ length: BINS }, (_, index) => `${edges[index] ?? ''} to ${edges[index + 1] ?? ''}`),
    edges,
    of: (trial) => {
      const share = shareOf(axis, trial);
      return share === null ? null : Math.min(BINS - 1, Math.floor(share * BINS));
    },
  };
}

const LEAST_DIGITS = 3;
/** As many as tell any two numbers apart. */
const MOST_DIGITS = 17;

/** Numbers, no two the same, in as few digits as tell them apart, and three at least. */
function distinctTexts(numbers: readonly number[]): readonly string[] {
  for (let digits = LEAST_DIGITS; ; digits += 1) {
    const texts = numbers.map((value) => String(Number(value.toPrecision(digits))));
    if (digits === MOST_DIGITS || new Set(texts).size === numbers.length) return texts;
  }
}

function indexOrNull(index: number): number | null {
  return index < 0 ? null : index;
}

export interface Cell {
  readonly trials: number;
  readonly value: number;
}

/** By row (y) and column (x); null where no trial lies. */
export function cellsOf(trials: readonly PlotTrial[], x: Bins, y: Bins, reduce: (values: readonly number[]) => number): (Cell | null)[][] {
  const found = y.labels.map(() => x.labels.map((): number[] => []));
  for (const trial of trials) {
    const [column, row] = [x.of(trial), y.of(trial)];
    if (column !== null && row !== null && trial.objective !== null) found[row]?.[column]?.push(trial.objective);
  }
  return found.map((row) => row.map((values) => (values.length === 0 ? null : { trials: values.length, value: reduce(values) })));
}
