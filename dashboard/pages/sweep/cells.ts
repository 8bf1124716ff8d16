/** The cells of a heat map. Pure. */
import { setting } from '../../text/format.js';
import { numberAt, shareOf, type Dimension } from './dimension.js';
import type { PlotTrial } from './points.js';

/** Of an axis with more values than a few more than that. */
const BINS = 8;
/** More are told apart by nobody, and hundreds on both axes would be tens of thousands of cells. */
const MOST_CATEGORIES = 24;

export interface Bins {
  readonly labels: readonly string[];
  /** Of spans: where they meet, from the first beginning to the last end. */
  readonly edges: readonly string[] | null;
  /** Categories that have no place, those of the fewest trials. */
  readonly leftOut: number;
  readonly of: (trial: PlotTrial) => number | null;
}

/** Each value by itself where there are few, else spans of equal width on the axis. No two labels are the same. */
export function binsOf(axis: Dimension, trials: readonly PlotTrial[]): Bins {
  const { categories } = axis;
  if (categories !== null) {
    const labels = mostTried(axis, categories, trials);
    const places = new Map(labels.map((text, index) => [text, index]));
    return { labels, edges: null, leftOut: categories.length - labels.length, of: (trial) => places.get(setting(axis.of(trial))) ?? null };
  }
  const values = [...new Set(trials.map(axis.of).filter((value) => typeof value === 'number'))].sort((a, b) => a - b);
  if (values.length <= BINS + 4) {
    const texts = values.map((value) => setting(value));
    return {
      labels: new Set(texts).size === texts.length ? texts : distinctTexts(values),
      edges: null,
      leftOut: 0,
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
    leftOut: 0,
    of: (trial) => {
      const share = shareOf(axis, trial);
      return share === null ? null : Math.min(BINS - 1, Math.floor(share * BINS));
    },
  };
}

/** As many categories as there is room for, in the order of the axis. */
function mostTried(axis: Dimension, categories: readonly string[], trials: readonly PlotTrial[]): readonly string[] {
  if (categories.length <= MOST_CATEGORIES) return categories;
  const tried = new Map(categories.map((text) => [text, 0]));
  for (const trial of trials) tried.set(setting(axis.of(trial)), (tried.get(setting(axis.of(trial))) ?? 0) + 1);
  const kept = new Set(categories.toSorted((a, b) => (tried.get(b) ?? 0) - (tried.get(a) ?? 0)).slice(0, MOST_CATEGORIES));
  return categories.filter((text) => kept.has(text));
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
