/** What the points of a search space mean: the axes of a sweep as dimensions, and points as assignments. */
import { canonicalJson } from '../../proto/canonical.js';
import type { Json } from '../../proto/work.js';
import type { Assignment, Axis } from '../sweep/spec.js';
import { axisTree, type AxisNode } from './axis-tree.js';
import type { Condition, Dimension, Point, Space } from './dimension.js';
import { valueAt, withValueAt } from './setting.js';

/** An axis of one value is no dimension. */
interface Column {
  readonly axis: Axis;
  /** Where in the value of the column around it; empty for one that stands in none. */
  readonly path: readonly string[];
  /** Index of its dimension; null where it is fixed. */
  readonly at: number | null;
  /** By coordinate, where a coordinate is an index; null for a range. */
  readonly values: readonly Value[] | null;
}

interface Value {
  readonly value: Json;
  /** Of the axes inside it. */
  readonly inner: readonly Column[];
}

export class AxesSpace {
  readonly space: Space;
  readonly #columns: readonly Column[];

  /** Each axis has at least one value, each value once. */
  constructor(axes: readonly Axis[]) {
    const dimensions: Dimension[] = [];
    this.#columns = axisTree(axes).map((node) => columnOf(node, [], null, dimensions));
    this.space = { dimensions };
  }

  /** Fields in the order of the axes, so that tables and files show them as the sweep file does. */
  assignmentOf(point: Point): Assignment {
    return Object.fromEntries(this.#columns.map((column) => [column.axis.name, settingOf(column, point)]));
  }

  /** Of the hyperparameters that stand by themselves, in their order. */
  get names(): string[] {
    return this.#columns.map(({ axis }) => axis.name);
  }

  /** The first hyperparameter of the space that the assignment lacks, or whose value lies outside. */
  misfit(assignment: Assignment): { readonly name: string; readonly why: 'missing' | 'outside' } | null {
    const point: (number | null)[] = this.space.dimensions.map(() => null);
    for (const column of this.#columns) {
      const { name } = column.axis;
      const value = assignment[name];
      if (value === undefined) return { name, why: 'missing' };
      if (!locate(column, value, point)) return { name, why: 'outside' };
    }
    return null;
  }

  /** Null where the assignment has other names, or a value that is not in the space. */
  pointOf(assignment: Assignment): Point | null {
    if (Object.keys(assignment).length !== this.#columns.length) return null;
    const point: (number | null)[] = this.space.dimensions.map(() => null);
    const known = this.#columns.every((column) => {
      const value = assignment[column.axis.name];
      return value !== undefined && locate(column, value, point);
    });
    return known ? point : null;
  }
}

function columnOf({ axis, inner }: AxisNode, path: readonly string[], when: Condition | null, dimensions: Dimension[]): Column {
  if (axis.range !== undefined) return { axis, path, at: dimensions.push(rangeDimension(axis, axis.range, when)) - 1, values: null };
  const listed = inOrder(axis.values.map((value, index) => ({ value, nodes: inner[index] ?? [] })));
  const at = listed.length === 1 ? null : dimensions.push(listDimension(axis, listed.map(({ value }) => value), when)) - 1;
  const values = listed.map(({ value, nodes }, coordinate) => {
    const condition = at === null ? when : { dimension: at, values: [coordinate] };
    return { value, inner: nodes.map((node) => columnOf(node, node.path, condition, dimensions)) };
  });
  return { axis, path, at, values };
}

/** Numbers in rising order, so that near ones are neighbours; anything else as it was listed. */
function inOrder<Listed extends { readonly value: Json }>(values: readonly Listed[]): readonly Listed[] {
  return values.every(({ value }) => typeof value === 'number') ? values.toSorted((a, b) => Number(a.value) - Number(b.value)) : values;
}

function rangeDimension({ name }: Axis, { min, max, type, log }: NonNullable<Axis['range']>, when: Condition | null): Dimension {
  const common = { name, when };
  return type === 'int' ? { ...common, kind: 'int', min, max, log, step: 1 } : { ...common, kind: 'float', min, max, log, step: null };
}

function listDimension({ name }: Axis, values: readonly Json[], when: Condition | null): Dimension {
  const common = { name, when };
  const numbers = values.filter((value) => typeof value === 'number');
  return numbers.length === values.length ? { ...common, kind: 'ordered', values: numbers } : { ...common, kind: 'choice', count: values.length };
}

function settingOf({ at, values }: Column, point: Point): Json {
  const coordinate = at === null ? 0 : (point[at] ?? 0);
  if (values === null) return coordinate;
  const chosen = values[coordinate];
  if (chosen === undefined) return null;
  return chosen.inner.reduce((setting, column) => withValueAt(setting, column.path, settingOf(column, point)), chosen.value);
}

/** Puts the value's coordinates into the point; false where the column has no such value. */
function locate({ axis, at, values }: Column, value: Json, point: (number | null)[]): boolean {
  if (values === null) {
    const coordinate = coordinateIn(axis, value);
    if (at !== null) point[at] = coordinate;
    return coordinate !== null;
  }
  return values.some((listed, coordinate) => {
    if (!isSetting(listed, value)) return false;
    const before = [...point];
    if (at !== null) point[at] = coordinate;
    if (listed.inner.every((column) => locate(column, valueAt(value, column.path) ?? null, point))) return true;
    before.forEach((each, index) => (point[index] = each));
    return false;
  });
}

/** Whether a value is this listed one, whatever stands where it has axes inside. */
function isSetting({ value, inner }: Value, setting: Json): boolean {
  let without = setting;
  for (const { path } of inner) {
    const own = valueAt(value, path);
    if (own === undefined || valueAt(setting, path) === undefined) return false;
    without = withValueAt(without, path, own);
  }
  return canonicalJson(without) === canonicalJson(value);
}

function coordinateIn({ range }: Axis, value: Json): number | null {
  if (range === undefined || typeof value !== 'number' || value < range.min || value > range.max) return null;
  return range.type === 'int' && !Number.isInteger(value) ? null : value;
}
