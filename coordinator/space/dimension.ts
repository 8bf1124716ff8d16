/**
 * A search space as samplers see it: dimensions without any meaning but their kind, and points in it.
 * What a point means for a trial is `assignmentOf`'s business (coordinator/space/assignment.ts).
 */

/** A dimension exists only while another one stands at one of the given values; null for always. */
export interface Condition {
  /** Index of the dimension that decides; smaller than that of the dimension it decides about. */
  readonly dimension: number;
  /** Coordinates of that dimension (indexes of a choice's or an ordered dimension's values). */
  readonly values: readonly number[];
}

interface Common {
  /** Unique in the space, e.g. `optimizer.adam.beta2`. */
  readonly name: string;
  readonly when: Condition | null;
}

export type Dimension =
  /** Real numbers of [min, max], min < max; with `step`, min + k * step. With `log`, min > 0 and no step. */
  | (Common & { readonly kind: 'float'; readonly min: number; readonly max: number; readonly log: boolean; readonly step: number | null })
  /** Whole numbers of [min, max]; with `step`, min + k * step. With `log`, min > 0 and step 1. */
  | (Common & { readonly kind: 'int'; readonly min: number; readonly max: number; readonly log: boolean; readonly step: number })
  /** Numbers in rising order that were listed one by one: near ones behave alike. A coordinate is an index. */
  | (Common & { readonly kind: 'ordered'; readonly values: readonly number[] })
  /** Values without an order. A coordinate is an index below `count`. */
  | (Common & { readonly kind: 'choice'; readonly count: number });

export interface Space {
  readonly dimensions: readonly Dimension[];
}

/** One coordinate for each dimension, in their order; null where its condition does not hold. */
export type Point = readonly (number | null)[];
