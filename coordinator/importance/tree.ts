/**
 * A regression tree (Breiman, Friedman, Olshen and Stone, "Classification and Regression Trees", 1984,
 * ch. 8): each node is split where that lowers the sum of squared errors most. Categories are ordered by
 * their mean for a split, which finds the best of all subsets (ibid., theorem 4.5).
 *
 * Nobody asks it for a prediction: what comes out are its leaves as boxes, which part the whole space.
 * Each feature's samples are sorted once and their order is kept from node to leaf (Shafer, Agrawal and
 * Mehta, "SPRINT", VLDB 1996), so a level costs as much as it has samples.
 */
import type { Feature } from './feature.js';

export interface Leaf {
  readonly value: number;
  /** By feature: where a continuous or ordered one lies in [from, to), in coordinates and in cells; the cells of a category. */
  readonly sides: readonly Side[];
}

export type Side = { readonly from: number; readonly to: number } | { readonly cells: readonly number[] };

interface Split {
  readonly feature: number;
  readonly left: Side;
  readonly right: Side;
  readonly goesLeft: (sample: number) => boolean;
  readonly gain: number;
}

export interface TreeData {
  readonly features: readonly Feature[];
  readonly columns: readonly Float64Array[];
  readonly targets: Float64Array;
}

/** Deep enough for any sample that differs in a number; a depth at which a call stack is far from full. */
const MAX_DEPTH = 64;

/** `samples` are indices into the columns, at least one; the same one may come more than once. */
export function growTree(data: TreeData, samples: Int32Array): Leaf[] {
  const orders = data.columns.map((column) => Int32Array.from(samples).sort((a, b) => (column[a] ?? 0) - (column[b] ?? 0)));
  const whole = data.features.map((feature): Side => (feature.kind === 'category' ? { cells: Array.from({ length: feature.cells }, (_, cell) => cell) } : { from: 0, to: feature.cells }));
  const leaves: Leaf[] = [];
  grow(data, samples, orders, whole, 0, leaves);
  return leaves;
}

function grow(data: TreeData, samples: Int32Array, orders: readonly Int32Array[], sides: readonly Side[], depth: number, leaves: Leaf[]): void {
  const mean = samples.reduce((sum, sample) => sum + (data.targets[sample] ?? 0), 0) / samples.length;
  const split = depth < MAX_DEPTH && samples.length > 1 ? bestSplit(data, samples, orders, sides, mean) : null;
  if (split === null) {
    leaves.push({ value: mean, sides });
    return;
  }
  const { feature, left, right, goesLeft } = split;
  const stays = (sample: number): boolean => !goesLeft(sample);
  const below = (side: Side, chosen: (sample: number) => boolean): void =>
    grow(data, samples.filter(chosen), orders.map((order) => order.filter(chosen)), sides.with(feature, side), depth + 1, leaves);
  below(left, goesLeft);
  below(right, stays);
}

/** Null where no split lowers the error. */
function bestSplit(data: TreeData, samples: Int32Array, orders: readonly Int32Array[], sides: readonly Side[], mean: number): Split | null {
  const error = samples.reduce((sum, sample) => sum + ((data.targets[sample] ?? 0) - mean) ** 2, 0);
  let best: Split | null = null;
  for (const [feature, side] of sides.entries()) {
    const split = 'cells' in side ? splitCategories(data, samples, feature, side.cells, mean) : splitRow(data, orders[feature] ?? samples, feature, side, mean);
    if (split !== null && split.gain > (best?.gain ?? error * 1e-12)) best = split;
  }
  return best;
}

/** Sums are of differences to the node's mean, so that the error falls by left²/n + right²/n with right = -left. */
function gainOf(left: number, leftCount: number, count: number): number {
  return left ** 2 / leftCount + left ** 2 / (count - leftCount);
}

/** `order`: the node's samples by their coordinate. */
function splitRow({ features, columns, targets }: TreeData, order: Int32Array, feature: number, side: { readonly from: number; readonly to: number }, mean: number): Split | null {
  const column = columns[feature] ?? new Float64Array();
  let sum = 0;
  let best = { gain: 0, at: -1 };
  for (let index = 0; index + 1 < order.length; index += 1) {
    sum += (targets[order[index] ?? 0] ?? 0) - mean;
    if (column[order[index] ?? 0] === column[order[index + 1] ?? 0]) continue;
    const gain = gainOf(sum, index + 1, order.length);
    if (gain > best.gain) best = { gain, at: index };
  }
  if (best.at < 0) return null;
  const [below, above] = [column[order[best.at] ?? 0] ?? 0, column[order[best.at + 1] ?? 0] ?? 0];
  const middle = (below + above) / 2;
  // Cell c of an ordered feature takes [c, c + 1): those up to `below` go left, the gap is halved.
  const cut = features[feature]?.kind === 'ordered' ? Math.floor(middle) + 1 : middle;
  const goesLeft = (sample: number): boolean => (column[sample] ?? 0) < cut;
  return { feature, left: { from: side.from, to: cut }, right: { from: cut, to: side.to }, goesLeft, gain: best.gain };
}

/** Cells that no sample of the node is in go right. */
function splitCategories({ columns, targets }: TreeData, samples: Int32Array, feature: number, cells: readonly number[], mean: number): Split | null {
  const column = columns[feature] ?? new Float64Array();
  const sums = new Map<number, { sum: number; count: number }>();
  for (const sample of samples) {
    const cell = column[sample] ?? 0;
    const known = sums.get(cell) ?? { sum: 0, count: 0 };
    sums.set(cell, { sum: known.sum + (targets[sample] ?? 0) - mean, count: known.count + 1 });
  }
  const ordered = [...sums].sort(([, a], [, b]) => a.sum / a.count - b.sum / b.count);
  let best = { gain: 0, at: -1 };
  let [sum, count] = [0, 0];
  for (const [index, [, own]] of ordered.slice(0, -1).entries()) {
    sum += own.sum;
    count += own.count;
    const gain = gainOf(sum, count, samples.length);
    if (gain > best.gain) best = { gain, at: index };
  }
  if (best.at < 0) return null;
  const left = new Set(ordered.slice(0, best.at + 1).map(([cell]) => cell));
  const goesLeft = (sample: number): boolean => left.has(column[sample] ?? 0);
  return { feature, left: { cells: cells.filter((cell) => left.has(cell)) }, right: { cells: cells.filter((cell) => !left.has(cell)) }, goesLeft, gain: best.gain };
}
