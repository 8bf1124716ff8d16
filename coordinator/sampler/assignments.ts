/** The trials of a sweep that are known when it is submitted. */
import { canonicalJson } from '../../proto/canonical.js';
import { AxesSpace } from '../space/assignment.js';
import type { Point } from '../space/dimension.js';
import { axisTree, oneByOne } from '../space/axis-tree.js';
import { acceptance, type CostOf } from '../space/constraints.js';
import type { Assignment, Axis, SweepSpec } from '../sweep/spec.js';
import { gridTrials } from './grid.js';
import { samplerOf } from './make.js';
import { isProposed } from './search.js';
import { randomDraws } from './uniform.js';
import { countPoints, MOST_TURNED_DOWN, pointsFrom } from './unseen.js';

/** In the order of the trials' numbers; none where all are proposed while the sweep runs. */
export function* sampledAssignments(spec: SweepSpec, costOf: CostOf | null = null): Generator<Assignment> {
  const { sampler, axes, budget } = spec;
  if (isProposed(spec)) return;
  const accepts = acceptance(spec.constraints ?? [], costOf);
  if (sampler === 'axes') {
    for (const assignment of oneAtATime(axes)) if (accepts(assignment)) yield assignment;
  } else if (sampler === 'grid' || 'grid' in sampler) {
    yield* gridTrials({ axes, sampler, budget }, accepts);
  } else if ('list' in sampler) {
    for (const assignment of listedAssignments(axes, sampler.list)) if (accepts(assignment)) yield assignment;
  } else {
    yield* drawn(spec, budget.trials ?? 0, accepts);
  }
}

/** Listed trials in full, fields in the order of the axes; one that is off unless it is named may be missing. */
export function listedAssignments(axes: readonly Axis[], list: readonly Assignment[]): Assignment[] {
  return list.map((trial) =>
    Object.fromEntries(
      axes.flatMap(({ name, values }) => {
        const value = Object.hasOwn(trial, name) ? trial[name] : values.length === 1 ? values[0] : undefined;
        return value === undefined ? [] : [[name, value] as const];
      }),
    ),
  );
}

/** The base point, which has each axis's first value; then each axis's other values with all others at the base, those inside its values too. */
export function* oneAtATime(axes: readonly Axis[]): Generator<Assignment> {
  const nodes = axisTree(axes);
  const base = Object.fromEntries(nodes.map(({ axis: { name, values } }) => [name, values[0] ?? null]));
  yield base;
  for (const node of nodes) for (const setting of oneByOne(node)) yield { ...base, [node.axis.name]: setting };
}

/** Random settings, to see what a space holds; the same each time. */
export function* drawnPoints(axes: readonly Axis[], count: number): Generator<Assignment> {
  const space = new AxesSpace(axes);
  const draw = randomDraws(space.space, 0);
  for (let number = 0; number < count; number += 1) yield space.assignmentOf(draw(number, 0));
}

/** All settings of a space; null where it has more than `most`, or no end. */
export function everySetting(axes: readonly Axis[], most: number): Iterable<Assignment> | null {
  const search = new AxesSpace(axes);
  return countPoints(search.space) > most ? null : settingsAt(search, pointsFrom(search.space, []));
}

function* settingsAt(search: AxesSpace, points: Iterable<Point>): Generator<Assignment> {
  for (const point of points) yield search.assignmentOf(point);
}

/** Each assignment that is accepted once; fewer than `trials` where the space has no more. */
function* drawn(spec: SweepSpec, trials: number, accepts: (assignment: Assignment) => boolean): Generator<Assignment> {
  const axes = new AxesSpace(spec.axes);
  const sampler = samplerOf(spec);
  const known = new Set<string>();
  for (let number = 0; number < trials; number += 1) {
    for (let again = 0; ; again += 1) {
      const point = again <= MOST_TURNED_DOWN ? sampler.propose(number, again) : null;
      if (point === null) return;
      const assignment = axes.assignmentOf(point);
      const text = canonicalJson(assignment);
      if (known.has(text) || !accepts(assignment)) continue;
      known.add(text);
      sampler.observe({ number, point, state: 'pending', value: null, shortfall: 0, epochs: 0 });
      yield assignment;
      break;
    }
  }
}
