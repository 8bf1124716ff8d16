/**
 * Axes with those inside their values, as a tree: what a sweep keeps as a list, each axis after the one that
 * it depends on. A setting of an axis is one of its values with a setting of each axis inside it.
 */
import type { Json } from '../../proto/work.js';
import type { Axis } from '../sweep/spec.js';
import { withValueAt } from './setting.js';

export interface AxisNode {
  readonly axis: Axis;
  /** By index of the axis's values, the axes inside each. */
  readonly inner: readonly (readonly InnerNode[])[];
  /** How many settings there are; of a range two, its ends. */
  readonly settings: number;
}

export interface InnerNode extends AxisNode {
  readonly path: readonly string[];
}

/** The axes that stand in no other. */
export function axisTree(axes: readonly Axis[]): readonly AxisNode[] {
  const conditional = axes.some(({ when }) => when !== undefined);
  if (!conditional) return axes.map((axis) => ({ axis, inner: [], settings: axis.values.length }));
  const innerOf = new Map<string, Axis[]>();
  for (const axis of axes) {
    if (axis.when === undefined) continue;
    const place = placeOf(axis.when.axis, axis.when.value);
    innerOf.set(place, [...(innerOf.get(place) ?? []), axis]);
  }
  const nodeOf = (axis: Axis): AxisNode => {
    const inner = axis.values.map((_, value) => (innerOf.get(placeOf(axis.name, value)) ?? []).map((each): InnerNode => ({ ...nodeOf(each), path: each.when?.path ?? [] })));
    return { axis, inner, settings: inner.reduce((sum, each) => sum + product(each), 0) };
  };
  return axes.filter(({ when }) => when === undefined).map(nodeOf);
}

const placeOf = (axis: string, value: number): string => `${value} ${axis}`;
const product = (nodes: readonly AxisNode[]): number => nodes.reduce((cells, { settings }) => cells * settings, 1);

/** Setting number `index` of a node: its values in their order, in each the first axis inside it slowest. */
export function settingAt({ axis, inner }: AxisNode, index: number): Json {
  if (inner.length === 0) return axis.values[index] ?? null;
  let rest = index;
  for (const [value, nodes] of inner.entries()) {
    const own = product(nodes);
    if (rest >= own) {
      rest -= own;
      continue;
    }
    return nodes.reduceRight<Json>((setting, node) => {
      const at = rest % node.settings;
      rest = Math.floor(rest / node.settings);
      return withValueAt(setting, node.path, settingAt(node, at));
    }, axis.values[value] ?? null);
  }
  return null;
}

/** Every setting of the axes of `node` with all others at their first: value by value of each axis in it. */
export function* oneByOne({ axis, inner }: AxisNode): Generator<Json> {
  for (const [value, setting] of axis.values.entries()) {
    if (value > 0) yield setting;
    for (const node of inner[value] ?? []) for (const own of oneByOne(node)) yield withValueAt(setting, node.path, own);
  }
}

/** As a sweep file writes it: lists, and ranges as {min, max, ...}, each where it stands. */
export function writtenAxis({ axis: { values, range }, inner }: AxisNode): Json {
  if (range !== undefined) return { min: range.min, max: range.max, type: range.type, scale: range.log ? 'log' : 'linear' };
  return values.map((value, index) => (inner[index] ?? []).reduce<Json>((written, node) => withValueAt(written, node.path, writtenAxis(node)), value));
}
