/** What the points of a search space mean: the axes of a sweep as dimensions, and points as assignments. */
import { canonicalJson } from '../../proto/canonical.js';
import type { Json } from '../../proto/work.js';
import type { Assignment, Axis } from '../sweep/spec.js';
import type { Dimension, Point, Space } from './dimension.js';

/** An axis of one value is no dimension. */
interface Column {
  readonly axis: Axis;
  /** Index of its dimension; null where it is fixed. */
  readonly at: number | null;
  /** By coordinate, where a coordinate is an index; null for a range. */
  readonly values: readonly Json[] | null;
}

export class AxesSpace {
  readonly space: Space;
  readonly #columns: readonly Column[];

  /** Each axis has at least one value, each value once. */
  constructor(axes: readonly Axis[]) {
    const dimensions: Dimension[] = [];
    this.#columns = axes.map((axis) => {
      const values = axis.range === undefined ? inOrder(axis.values) : null;
      if (values?.length === 1) return { axis, at: null, values };
      dimensions.push(dimensionOf(axis, values));
      return { axis, at: dimensions.length - 1, values };
    });
    this.space = { dimensions };
  }

  /** Fields in the order of the axes, so that tables and files show them as the sweep file does. */
  assignmentOf(point: Point): Assignment {
    return Object.fromEntries(
      this.#columns.map(({ axis, at, values }) => {
        const coordinate = at === null ? 0 : (point[at] ?? 0);
        return [axis.name, values === null ? coordinate : (values[coordinate] ?? null)];
      }),
    );
  }

  /** Null where the assignment has other names, or a value that is not in the space. */
  pointOf(assignment: Assignment): Point | null {
    if (Object.keys(assignment).length !== this.#columns.length) return null;
    const point: number[] = [];
    for (const { axis, at, values } of this.#columns) {
      const value = assignment[axis.name];
      if (value === undefined) return null;
      const coordinate = values === null ? coordinateIn(axis, value) : indexOf(values, value);
      if (coordinate === null) return null;
      if (at !== null) point.push(coordinate);
    }
    return point;
  }
}

/** Numbers in rising order, so that near ones are neighbours; anything else as it was listed. */
function inOrder(values: readonly Json[]): readonly Json[] {
  return values.every((value) => typeof value === 'number') ? values.toSorted((a, b) => a - b) : values;
}

function dimensionOf({ name, range }: Axis, values: readonly Json[] | null): Dimension {
  const common = { name, when: null };
  if (range !== undefined) {
    const { min, max, log } = range;
    return range.type === 'int' ? { ...common, kind: 'int', min, max, log, step: 1 } : { ...common, kind: 'float', min, max, log, step: null };
  }
  const numbers = (values ?? []).filter((value) => typeof value === 'number');
  const listed = values?.length ?? 0;
  return numbers.length === listed ? { ...common, kind: 'ordered', values: numbers } : { ...common, kind: 'choice', count: listed };
}

function coordinateIn({ range }: Axis, value: Json): number | null {
  if (range === undefined || typeof value !== 'number' || value < range.min || value > range.max) return null;
  return range.type === 'int' && !Number.isInteger(value) ? null : value;
}

function indexOf(values: readonly Json[], value: Json): number | null {
  const text = canonicalJson(value);
  const index = values.findIndex((each) => canonicalJson(each) === text);
  return index < 0 ? null : index;
}
