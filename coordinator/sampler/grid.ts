/**
 * The grid: every combination of the axes' values once. The first axis moves slowest, as the outermost
 * of nested loops. `shuffled` takes the cells in a seeded random order, so that a budget smaller than
 * the grid cuts a fair sample of it; a larger budget later keeps the cells that a smaller one had.
 */
import type { Json } from '../../proto/work.js';
import type { Assignment, Axis, GridSampler, SweepSpec } from '../sweep/spec.js';
import { axisTree, settingAt, type AxisNode } from '../space/axis-tree.js';
import { below, seededGenerator } from './random.js';

/** Cells of the grid; above 2^53 only its magnitude is meant. No axes is one cell. */
export function gridSize(axes: readonly Axis[]): number {
  return cellsOf(axisTree(axes));
}

const cellsOf = (nodes: readonly AxisNode[]): number => nodes.reduce((cells, { settings }) => cells * settings, 1);

/** All cells in listed order. */
export function* gridAssignments(axes: readonly Axis[]): Generator<Assignment> {
  const nodes = axisTree(axes);
  const cells = cellsOf(nodes);
  for (let index = 0; index < cells; index += 1) yield cellAt(nodes, index);
}

/** The cells that a sweep runs, in the order of their trials' numbers. */
export function* gridTrials(spec: Pick<SweepSpec, 'axes' | 'budget'> & { readonly sampler: GridSampler }, accepts: (cell: Assignment) => boolean = () => true): Generator<Assignment> {
  if (spec.sampler === 'grid') {
    for (const cell of gridAssignments(spec.axes)) if (accepts(cell)) yield cell;
    return;
  }
  const nodes = axisTree(spec.axes);
  const cells = cellsOf(nodes);
  let left = Math.min(cells, spec.budget.trials ?? cells);
  for (const index of shuffledIndices(cells, cells, spec.sampler.grid.seed)) {
    if (left === 0) return;
    const cell = cellAt(nodes, index);
    if (!accepts(cell)) continue;
    left -= 1;
    yield cell;
  }
}

function cellAt(nodes: readonly AxisNode[], index: number): Assignment {
  const cell: { [name: string]: Json } = {};
  let rest = index;
  for (const node of nodes.toReversed()) {
    cell[node.axis.name] = settingAt(node, rest % node.settings);
    rest = Math.floor(rest / node.settings);
  }
  // Fields in the order of the axes, so that tables and files show them as the sweep file does.
  return Object.fromEntries(nodes.map(({ axis }) => [axis.name, cell[axis.name] ?? null]));
}

/**
 * The first `wanted` of a random permutation of 0..cells-1: Fisher and Yates from the front, where only
 * moved places are remembered, so memory grows with `wanted` and not with the grid.
 */
function* shuffledIndices(cells: number, wanted: number, seed: number): Generator<number> {
  const generator = seededGenerator(seed);
  const moved = new Map<number, number>();
  for (let place = 0; place < wanted; place += 1) {
    const other = place + below(generator, cells - place);
    yield moved.get(other) ?? other;
    moved.set(other, moved.get(place) ?? place);
    moved.delete(place);
  }
}
