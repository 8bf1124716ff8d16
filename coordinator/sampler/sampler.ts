/**
 * What proposes trials. A sampler is a pure decider: what it proposes depends on the space, its seed,
 * the number of the trial and what it was told, and on nothing else. It is rebuilt from the store by
 * being told everything again, in the order of the trials' numbers.
 */
import type { Point } from '../space/dimension.js';

export interface Observation {
  /**
   * The trial's. A later observation of the same number takes the place of the earlier one. Below 0 for a
   * trial of another sweep: its result counts like any other, but no trial of this sweep has its point yet.
   */
  readonly number: number;
  readonly point: Point;
  /**
   * `pending`: proposed, no end yet. `completed` and `pruned` have a value where the objective was
   * reported; `failed` and `infeasible` have none: a failure says nothing of the point, while an
   * infeasible point (too large for any box, floor missed for certain) is one to keep away from.
   */
  readonly state: 'pending' | 'completed' | 'pruned' | 'failed' | 'infeasible';
  /** The objective, smaller is better (signs are turned by the caller); null where there is none. */
  readonly value: number | null;
  /** Of several objectives, each one's value, smaller is better; absent for one objective, and where there is no value. */
  readonly values?: readonly number[];
  /** By how much the objective's floors are missed, 0 for none: less shortfall goes before a better value. */
  readonly shortfall: number;
  /** Epochs behind the value; pruned trials are compared at equal ones. */
  readonly epochs: number;
}

export interface Sampler {
  observe(observation: Observation): void;
  /**
   * The point of trial `number`, or null when the space has none left to give (a finite list is used
   * up). `again` counts the proposals for this number that the caller turned down (a constraint was
   * not met, the same point is known): another one is wanted. Proposals without an observation between
   * them differ (where the space allows), since the caller observes each as `pending` at once.
   */
  propose(number: number, again: number): Point | null;
}
