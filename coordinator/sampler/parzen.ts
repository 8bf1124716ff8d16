/**
 * A mixture of kernels over the whole space, one for each trial and a flat one, the prior. A trial's
 * kernel is the product over its dimensions of truncated normals (of their masses, for discrete values)
 * or of a smoothed one-hot for a choice: the multivariate estimator of Falkner et al. 2018 (BOHB), with
 * the widths of Bergstra et al. 2011: the distance to the farther neighbour in that dimension, but at
 * least 1 / min(100, n + 2) of the axis, the "magic clipping" (Watanabe 2023, "Tree-structured Parzen
 * estimator: understanding its algorithm components and their roles for better empirical performance").
 *
 * A dimension that does not exist in a trial is flat in its kernel. So every kernel is a density over the
 * space with its conditions (what exists is drawn first, then what depends on it), trials of all branches
 * teach about what they share, and no branch needs an estimator of its own.
 */
import type { Axis } from './encoding.js';
import { type Generator, uniform } from './random.js';
import { LOG_SQRT_2PI, normalCdf, normalQuantile } from './special.js';

const NARROWEST = 0.01;
/** Kernels of discrete values have one of these widths, each twice the one before, so that masses are shared. */
const LEVELS = 8;
/** A factor of a kernel below exp of this against the greatest changes no sum. */
const NEGLIGIBLE = -40;

/** One dimension of all kernels; NaN is the centre of one that is flat there. */
type Column =
  | { readonly kind: 'choice'; readonly values: number; readonly centres: Float64Array; readonly smoothing: number }
  | { readonly kind: 'continuous'; readonly centres: Float64Array; readonly widths: Float64Array; readonly norms: Float64Array }
  | {
      readonly kind: 'discrete';
      readonly edges: Float64Array;
      readonly centres: Float64Array;
      readonly widths: Float64Array;
      /** Of each kernel, which of `shapes` it has. */
      readonly shapeOf: Int32Array;
      readonly shapes: readonly Shape[];
    };

/** Kernels of the same centre and width. */
interface Shape {
  readonly middle: number;
  readonly width: number;
  /** Mass on the axis, which is less than one. */
  readonly mass: number;
}

export class Parzen {
  readonly #axes: readonly Axis[];
  readonly #columns: readonly Column[];
  readonly #count: number;
  readonly #logs: Float64Array;

  /** `trials` are encoded points. */
  constructor(axes: readonly Axis[], trials: readonly Float64Array[]) {
    this.#axes = axes;
    this.#count = trials.length;
    this.#logs = new Float64Array(trials.length + 1);
    this.#columns = axes.map((axis, index) => columnOf(axis, Float64Array.from(trials, (trial) => trial[index]!)));
  }

  /** A kernel at random, the prior as likely as any other: what draws the coordinates of one point from it. */
  drawKernel(generator: Generator): (index: number) => number {
    const kernel = Math.floor(uniform(generator) * (this.#count + 1));
    return (index) => {
      const column = this.#columns[index]!;
      const centre = kernel < this.#count ? column.centres[kernel]! : Number.NaN;
      return Number.isNaN(centre) ? drawFlat(this.#axes[index]!, generator) : drawNear(column, kernel, centre, generator);
    };
  }

  /** Log density of an encoded point. */
  logDensity(point: Float64Array): number {
    const logs = this.#logs.fill(0);
    point.forEach((value, index) => {
      if (Number.isNaN(value)) return;
      const flat = logFlat(this.#axes[index]!, value);
      addFactors(logs, this.#columns[index]!, value, flat);
      logs[this.#count]! += flat;
    });
    return logSumExp(logs) - Math.log(this.#count + 1);
  }
}

function columnOf(axis: Axis, centres: Float64Array): Column {
  if (axis.kind === 'choice') {
    const known = centres.reduce((sum, centre) => sum + (Number.isNaN(centre) ? 0 : 1), 0);
    return { kind: 'choice', values: axis.values, centres, smoothing: 1 / (known + 1) };
  }
  if (axis.kind === 'discrete') return discreteColumn(axis.edges, centres);
  const widths = widthsOf(centres);
  const norms = centres.map((centre, kernel) => -LOG_SQRT_2PI - Math.log(widths[kernel]! * massBetween(0, 1, centre, widths[kernel]!)));
  return { kind: 'continuous', centres, widths, norms };
}

function discreteColumn(edges: Float64Array, centres: Float64Array): Column {
  const middles = centres.map((centre) => (Number.isNaN(centre) ? Number.NaN : (edges[centre]! + edges[centre + 1]!) / 2));
  const shapeOf = new Int32Array(centres.length);
  const shapes: Shape[] = [];
  const known = new Map<number, number>();
  const widths = widthsOf(middles).map((width, kernel) => {
    const centre = centres[kernel]!;
    if (Number.isNaN(centre)) return width;
    const level = Math.min(LEVELS - 1, Math.round(Math.log2(width / NARROWEST)));
    const key = centre * LEVELS + level;
    const shared = NARROWEST * 2 ** level;
    if (!known.has(key)) {
      known.set(key, shapes.length);
      shapes.push({ middle: middles[kernel]!, width: shared, mass: massBetween(0, 1, middles[kernel]!, shared) });
    }
    shapeOf[kernel] = known.get(key) ?? 0;
    return shared;
  });
  return { kind: 'discrete', edges, centres, widths, shapeOf, shapes };
}

/** Widths of kernels at these positions; of those that are flat there (NaN) the number means nothing. */
function widthsOf(positions: Float64Array): Float64Array {
  // NaN sorts last.
  const sorted = positions.slice().sort();
  let count = sorted.length;
  while (count > 0 && Number.isNaN(sorted[count - 1]!)) count -= 1;
  const least = Math.max(NARROWEST, 1 / (count + 2));
  return positions.map((position) => {
    // The ends of the axis are neighbours of a single kernel only.
    if (count === 1) return Math.max(least, position, 1 - position);
    const place = firstFrom(sorted, count, position);
    // Of equal ones each is the other's neighbour.
    if (place + 1 < count && sorted[place + 1] === position) return least;
    const below = place > 0 ? position - sorted[place - 1]! : 0;
    const above = place + 1 < count ? sorted[place + 1]! - position : 0;
    return Math.max(least, below, above);
  });
}

/** The first place, among the first `count`, of a number that is not below `value`. */
function firstFrom(sorted: Float64Array, count: number, value: number): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** So many widths from its centre a normal distribution has nothing left that double precision could tell from one. */
const FAR = 8.3;

/** Probability of [low, high] under a normal distribution. */
function massBetween(low: number, high: number, centre: number, width: number): number {
  if (centre - low > FAR * width && high - centre > FAR * width) return 1;
  return normalCdf((high - centre) / width) - normalCdf((low - centre) / width);
}

/** The prior's factor. */
function logFlat(axis: Axis, value: number): number {
  if (axis.kind === 'continuous') return 0;
  if (axis.kind === 'choice') return -Math.log(axis.values);
  return Math.log(axis.edges[value + 1]! - axis.edges[value]!);
}

/** Adds each kernel's log factor at `value` to its sum. */
function addFactors(logs: Float64Array, column: Column, value: number, flat: number): void {
  const { centres } = column;
  const count = centres.length;
  if (column.kind === 'continuous') {
    const { widths, norms } = column;
    for (let kernel = 0; kernel < count; kernel += 1) {
      const away = (value - centres[kernel]!) / widths[kernel]!;
      // NaN is a flat kernel, whose log factor is 0.
      if (away === away) logs[kernel]! += norms[kernel]! - 0.5 * away * away;
    }
    return;
  }
  const masses = column.kind === 'choice' ? choiceMasses(column.values, column.smoothing, value) : discreteMasses(column.edges, column.shapes, value);
  const shapeOf = column.kind === 'choice' ? centres : column.shapeOf;
  for (let kernel = 0; kernel < count; kernel += 1) {
    const centre = centres[kernel]!;
    logs[kernel]! += centre === centre ? masses[shapeOf[kernel]!]! : flat;
  }
}

/** Log mass of `value` under a kernel at each value: one for the own value and `smoothing` for each, over their sum (Optuna's). */
function choiceMasses(values: number, smoothing: number, value: number): Float64Array {
  const total = 1 + values * smoothing;
  const masses = new Float64Array(values).fill(Math.log(smoothing / total));
  masses[value] = Math.log((1 + smoothing) / total);
  return masses;
}

function discreteMasses(edges: Float64Array, shapes: readonly Shape[], value: number): Float64Array {
  return Float64Array.from(shapes, ({ middle, width, mass }) => {
    const here = massBetween(edges[value]!, edges[value + 1]!, middle, width) / mass;
    // Far out the difference of two cdfs is zero; any mass that small loses to the prior's.
    return Math.log(Math.max(here, Number.MIN_VALUE));
  });
}

function drawFlat(axis: Axis, generator: Generator): number {
  const position = uniform(generator);
  if (axis.kind === 'continuous') return position;
  if (axis.kind === 'choice') return Math.floor(position * axis.values);
  return valueWith(axis.edges, position);
}

function drawNear(column: Column, kernel: number, centre: number, generator: Generator): number {
  if (column.kind === 'choice') {
    // With probability 1 / (1 + values * smoothing) the kernel's own value, else any.
    return uniform(generator) * (1 + column.values * column.smoothing) < 1 ? centre : Math.floor(uniform(generator) * column.values);
  }
  const width = column.widths[kernel]!;
  const middle = column.kind === 'continuous' ? centre : column.shapes[column.shapeOf[kernel]!]!.middle;
  const low = normalCdf(-middle / width);
  const probability = low + uniform(generator) * (normalCdf((1 - middle) / width) - low);
  const position = middle + width * normalQuantile(Math.min(1 - 2 ** -53, Math.max(Number.MIN_VALUE, probability)));
  const inside = Math.min(1, Math.max(0, position));
  return column.kind === 'continuous' ? inside : valueWith(column.edges, inside);
}

/** The value whose interval has the position. */
function valueWith(edges: Float64Array, position: number): number {
  const after = firstFrom(edges, edges.length, position);
  return Math.min(edges.length - 2, Math.max(0, after - 1));
}

function logSumExp(logs: Float64Array): number {
  const count = logs.length;
  let most = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < count; index += 1) if (logs[index]! > most) most = logs[index]!;
  let sum = 0;
  for (let index = 0; index < count; index += 1) {
    const log = logs[index]! - most;
    if (log > NEGLIGIBLE) sum += Math.exp(log);
  }
  return most + Math.log(sum);
}
