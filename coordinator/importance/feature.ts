/** Hyperparameters as a regression tree splits them. */
import { canonicalJson } from '../../proto/canonical.js';
import { namedSettings } from '../../proto/named-settings.js';
import type { Json } from '../../proto/work.js';
import type { Assignment, Axis } from '../sweep/spec.js';

/**
 * `continuous`: coordinates in [0, 1], each equally likely. `ordered` and `category`: coordinates are
 * indices below `cells`, each equally likely; those of an ordered one lie in a row.
 */
export interface Feature {
  readonly name: string;
  readonly kind: 'continuous' | 'ordered' | 'category';
  /** 1 for a continuous one. */
  readonly cells: number;
}

export interface Encoded {
  readonly features: readonly Feature[];
  /** By feature, the coordinate of each trial. */
  readonly columns: readonly Float64Array[];
}

type Cell = number | string;

/** In the place of a hyperparameter that exists in other choices only. */
const ABSENT = '-';

/**
 * The hyperparameters that differ between `trials`, under the names that formulas have for them
 * (`optimizer`, `optimizer.adam.beta2`). What was drawn from a range is continuous on the range's scale;
 * values that were listed are cells; one that does not exist in every trial has a cell for not being there.
 */
export function encode(trials: readonly Assignment[], axes: readonly Axis[]): Encoded {
  const rows = trials.map(cellsOf);
  const ranges = new Map(axes.flatMap((axis) => (axis.range === undefined ? [] : [[axis.name, axis.range] as const])));
  const features: Feature[] = [];
  const columns: Float64Array[] = [];
  for (const name of new Set(rows.flatMap((row) => [...row.keys()]))) {
    const cells = rows.map((row) => row.get(name) ?? ABSENT);
    const distinct = [...new Set(cells)];
    if (distinct.length < 2) continue;
    const range = ranges.get(name);
    const numbers = distinct.filter((cell) => typeof cell === 'number').sort((a, b) => a - b);
    if (range !== undefined && numbers.length === distinct.length) {
      const scaled = (value: number): number => (range.log ? Math.log(value) : value);
      const [low, high] = [scaled(Math.min(range.min, ...numbers.slice(0, 1))), scaled(Math.max(range.max, ...numbers.slice(-1)))];
      features.push({ name, kind: 'continuous', cells: 1 });
      columns.push(Float64Array.from(cells, (cell) => (scaled(Number(cell)) - low) / (high - low)));
      continue;
    }
    const listed: readonly Cell[] = numbers.length === distinct.length ? numbers : distinct;
    const index = new Map(listed.map((cell, place) => [cell, place]));
    features.push({ name, kind: numbers.length === distinct.length ? 'ordered' : 'category', cells: listed.length });
    columns.push(Float64Array.from(cells, (cell) => index.get(cell) ?? 0));
  }
  return { features, columns };
}

/** Numbers and texts as formulas have them; what formulas have no word for (lists, null) stands as its text. */
function cellsOf(assignment: Assignment): Map<string, Cell> {
  const { numbers, texts } = namedSettings(assignment);
  const cells = new Map<string, Cell>([...Object.entries(texts), ...Object.entries(numbers)]);
  for (const [name, value] of Object.entries(assignment)) if (isOpaque(value)) cells.set(name, canonicalJson(value));
  return cells;
}

function isOpaque(value: Json): boolean {
  return value === null || (typeof value === 'object' && (Array.isArray(value) || Object.keys(value).length !== 1));
}
