/**
 * Functional analysis of variance over a random forest (Hutter, Hoos and Leyton-Brown, "An Efficient
 * Approach for Assessing Hyperparameter Importance", ICML 2014): how much of the variance of the
 * objective over the whole space each hyperparameter explains by itself, all others averaged over.
 */
import { below, seededGenerator } from '../sampler/random.js';
import type { Encoded } from './feature.js';
import { growTree, type Leaf, type Side } from './tree.js';

export interface Importance {
  readonly name: string;
  /** Share of the variance in [0, 1] that it explains by itself: mean over the trees. */
  readonly share: number;
  /** Standard deviation of that share over the trees. */
  readonly spread: number;
}

export interface Importances {
  /** The largest share first. All shares sum to at most 1; what they leave is `together`. */
  readonly alone: readonly Importance[];
  /** Share of the variance that only several hyperparameters together explain. */
  readonly together: number;
}

/** As many as scikit-learn's forests in Optuna's fANOVA. */
const TREES = 64;

/** `targets`: one finite number per trial. At least two trials; the same seed gives the same answer. */
export function fanova({ features, columns }: Encoded, targets: readonly number[], seed: number): Importances {
  const random = seededGenerator(seed);
  const data = { features, columns, targets: Float64Array.from(targets) };
  const shares = features.map((): number[] => []);
  for (let tree = 0; tree < TREES; tree += 1) {
    const bootstrap = Int32Array.from(targets, () => below(random, targets.length));
    const leaves = growTree(data, bootstrap);
    const sizes = leaves.map((leaf) => leaf.sides.map((side, feature) => sizeOf(side, features[feature]?.cells ?? 1)));
    const volumes = sizes.map((size) => size.reduce((product, each) => product * each, 1));
    const mean = leaves.reduce((sum, leaf, index) => sum + leaf.value * (volumes[index] ?? 0), 0);
    const variance = leaves.reduce((sum, leaf, index) => sum + (leaf.value - mean) ** 2 * (volumes[index] ?? 0), 0);
    // A tree that says the same everywhere has no variance to explain.
    if (!(variance > 0)) continue;
    for (const [feature, { kind, cells }] of features.entries()) {
      const others = sizes.map((size) => size.reduce((product, each, index) => (index === feature ? product : product * each), 1));
      const marginal = kind === 'category' ? marginalOfCells(leaves, feature, others, cells) : marginalOfRow(leaves, feature, others, cells);
      shares[feature]?.push(marginal.reduce((sum, { size, value }) => sum + size * (value - mean) ** 2, 0) / variance);
    }
  }
  const alone = features.map(({ name }, feature) => ({ name, ...meanAndSpread(shares[feature] ?? []) })).sort((a, b) => b.share - a.share);
  const explained = alone.reduce((sum, { share }) => sum + share, 0);
  return { alone, together: shares.every((each) => each.length === 0) ? 0 : Math.max(0, 1 - explained) };
}

/** As a share of the whole feature. */
function sizeOf(side: Side, cells: number): number {
  return ('cells' in side ? side.cells.length : side.to - side.from) / cells;
}

interface Stretch {
  readonly size: number;
  readonly value: number;
}

/** Mean of the tree's value over all other features, between each two of its cuts. Boxes enter and leave in one sweep. */
function marginalOfRow(leaves: readonly Leaf[], feature: number, others: readonly number[], cells: number): Stretch[] {
  const steps = new Map<number, number>();
  const step = (at: number, by: number): void => void steps.set(at, (steps.get(at) ?? 0) + by);
  for (const [index, { value, sides }] of leaves.entries()) {
    const side = sides[feature];
    if (side === undefined || 'cells' in side) continue;
    step(side.from, value * (others[index] ?? 0));
    step(side.to, -value * (others[index] ?? 0));
  }
  const cuts = [...steps.keys()].sort((a, b) => a - b);
  let value = 0;
  return cuts.slice(0, -1).map((cut, index) => {
    value += steps.get(cut) ?? 0;
    return { size: ((cuts[index + 1] ?? cut) - cut) / cells, value };
  });
}

function marginalOfCells(leaves: readonly Leaf[], feature: number, others: readonly number[], cells: number): Stretch[] {
  const values = new Float64Array(cells);
  for (const [index, { value, sides }] of leaves.entries()) {
    const side = sides[feature];
    if (side === undefined || !('cells' in side)) continue;
    for (const cell of side.cells) values[cell] = (values[cell] ?? 0) + value * (others[index] ?? 0);
  }
  return Array.from(values, (value) => ({ size: 1 / cells, value }));
}

function meanAndSpread(values: readonly number[]): { readonly share: number; readonly spread: number } {
  if (values.length === 0) return { share: 0, spread: 0 };
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { share: mean, spread: Math.sqrt(variance) };
}
