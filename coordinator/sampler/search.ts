/** A sweep's search: the space, what its points mean, and who proposes them. */
import type { Point, Space } from '../space/dimension.js';
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

/** Null where all trials are known when the sweep is submitted (a grid, a list, a budgeted draw that looks at no history). */
export function searchOf(_spec: SweepSpec): Search | null {
  return null;
}
