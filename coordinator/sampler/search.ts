/** A sweep's search: the space, what its points mean, and who proposes them. */
import type { Point, Space } from '../space/dimension.js';
import { AxesSpace } from '../space/assignment.js';
import { acceptance, type CostOf } from '../space/constraints.js';
import type { Assignment, SweepSpec } from '../sweep/spec.js';

export interface Search {
  readonly space: Space;
  assignmentOf(point: Point): Assignment;
  /** Null for an assignment that is not of this space (one that a person enqueued, say). */
  pointOf(assignment: Assignment): Point | null;
  /** Whether the constraints hold. */
  accepts(assignment: Assignment): boolean;
  /** Trials at most; null for no limit. */
  readonly trials: number | null;
}

/** Whether what it proposes depends on results. */
export function learnsFrom(sampler: SweepSpec['sampler']): boolean {
  return typeof sampler === 'object' && ('tpe' in sampler || 'gp' in sampler);
}

/** Whether the sweep's trials are proposed while it runs, because they depend on results or on how long it may run. */
export function isProposed({ sampler, budget }: Pick<SweepSpec, 'sampler' | 'budget'>): boolean {
  if (typeof sampler === 'string' || 'grid' in sampler || 'list' in sampler) return false;
  return learnsFrom(sampler) || budget.trials === null;
}

/** Null where all trials are known when the sweep is submitted (a grid, a budgeted draw that looks at no history). */
export function searchOf(spec: SweepSpec, costOf: CostOf | null = null): Search | null {
  if (!isProposed(spec)) return null;
  const axes = new AxesSpace(spec.axes);
  return {
    space: axes.space,
    assignmentOf: (point) => axes.assignmentOf(point),
    pointOf: (assignment) => axes.pointOf(assignment),
    accepts: acceptance(spec.constraints ?? [], costOf),
    trials: spec.budget.trials,
  };
}
