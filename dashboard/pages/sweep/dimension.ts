/** A hyperparameter (or metric) as an axis: its values in [0, 1], by order of size or as categories. Pure. */
import type { Json } from '../../api/types.js';
import { powers, steps, tickText } from '../../components/ticks.js';
import { setting } from '../../text/format.js';
import type { PlotTrial } from './points.js';

export interface Dimension {
  readonly name: string;
  readonly of: (trial: PlotTrial) => Json;
  readonly log: boolean;
  /** Values in the order of the axis, as text; null where it is one of numbers. */
  readonly categories: readonly string[] | null;
  readonly least: number;
  readonly most: number;
  /** Of a hyperparameter of numbers that has few, in order; else empty. */
  readonly values: readonly number[];
}

/** Of more values the axis is marked at round numbers. */
const FEW_VALUES = 8;
/** In shares of the axis; marks that are closer are left out. */
const CLOSEST_MARKS = 0.07;
/** So many times the least is the greatest where an axis is logarithmic. */
const LOG_FROM = 50;

/** Of the hyperparameters of which trials have different values, in the order of the space. */
export function dimensionsOf(trials: readonly PlotTrial[]): Dimension[] {
  const names = [...new Set(trials.flatMap(({ settings }) => Object.keys(settings)))];
  const all = names.map((name) => dimension(name, ({ settings: { [name]: value = null } }) => value, trials));
  return all.filter(({ categories, least, most }) => (categories === null ? most > least : categories.length > 1));
}

/** What was measured, marked at round numbers. */
export function measuredDimension(name: string, of: (trial: PlotTrial) => number | null, trials: readonly PlotTrial[]): Dimension {
  return { ...dimension(name, of, trials), values: [] };
}

/** Of numbers where all values are, else of categories. */
function dimension(name: string, of: (trial: PlotTrial) => Json, trials: readonly PlotTrial[]): Dimension {
  const values = trials.map(of).filter((value) => value !== null);
  if (values.length > 0 && values.every((value) => typeof value === 'number')) {
    const numbers = values.filter((value) => Number.isFinite(value));
    const [least, most] = numbers.reduce<readonly [number, number]>(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);
    const distinct = [...new Set(numbers)].sort((a, b) => a - b);
    return { name, of, log: least > 0 && most / least >= LOG_FROM, categories: null, least, most, values: distinct.length <= FEW_VALUES ? distinct : [] };
  }
  const categories = [...new Set(values.map(setting))].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  return { name, of, log: false, categories, least: 0, most: Math.max(0, categories.length - 1), values: [] };
}

/** Where a trial lies on the axis, from 0 to 1; null where it has no value. */
export function shareOf(axis: Dimension, trial: PlotTrial): number | null {
  const value = axis.of(trial);
  if (value === null) return null;
  if (axis.categories !== null) return axis.categories.length < 2 ? 0.5 : axis.categories.indexOf(setting(value)) / (axis.categories.length - 1);
  return typeof value === 'number' && Number.isFinite(value) ? shareOfNumber(axis, value) : null;
}

export function shareOfNumber({ least, most, log }: Dimension, value: number): number {
  if (most === least) return 0.5;
  return log ? Math.log(value / least) / Math.log(most / least) : (value - least) / (most - least);
}

/** What lies at a place of an axis of numbers. */
export function numberAt({ least, most, log }: Dimension, share: number): number {
  return log ? least * (most / least) ** share : least + share * (most - least);
}

export interface Mark {
  readonly share: number;
  readonly text: string;
}

/** Along the axis: its values where they are few, else round numbers. */
export function marksOf(axis: Dimension): Mark[] {
  const { categories, least, most, log, values } = axis;
  if (categories !== null) {
    const every = Math.max(1, Math.ceil(categories.length / FEW_VALUES));
    return categories.flatMap((text, index) => (index % every === 0 ? [{ share: categories.length < 2 ? 0.5 : index / (categories.length - 1), text }] : []));
  }
  const numbers = values.length > 0 ? values : log ? powers(least, most) : steps(least, most, { parts: 5 });
  const marks = (numbers.length === 0 ? [least] : numbers).map((value) => ({ share: shareOfNumber(axis, value), text: tickText(value) }));
  return marks.filter(({ share }, index) => index === 0 || share - (marks[index - 1]?.share ?? 0) >= CLOSEST_MARKS);
}

/** How good an objective's value is among others, from 0 to 1 for the best; null where there is none. */
export function goodnessOf(trials: readonly PlotTrial[], direction: 'minimize' | 'maximize'): (trial: PlotTrial) => number | null {
  const values = trials.flatMap(({ objective }) => (objective === null ? [] : [objective])).sort((a, b) => a - b);
  // By rank, not by size: one that diverged would take all colour from the others.
  const places = new Map(values.map((value, index) => [value, values.length < 2 ? 1 : index / (values.length - 1)]));
  return ({ objective }) => {
    const place = objective === null ? undefined : places.get(objective);
    return place === undefined ? null : direction === 'maximize' ? place : 1 - place;
  };
}
