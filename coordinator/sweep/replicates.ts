/** Replicates: the trials of one assignment, which differ in what they draw alone. */
import { canonicalJson } from '../../proto/canonical.js';
import type { Assignment, SweepSpec, TrialPlan } from './spec.js';

/** How often each assignment is trained. */
export function replicatesOf(spec: Pick<SweepSpec, 'replicates'>): number {
  return spec.replicates ?? 1;
}

/** From 0. */
export function replicateOf({ trajectory }: Pick<TrialPlan, 'trajectory'>): number {
  return trajectory.replicate ?? 0;
}

/** Equal for two trials of a sweep where they are the same replicate of the same assignment. */
export function trialIdentity(assignment: Assignment, replicate: number): string {
  return canonicalJson([assignment, replicate]);
}

/** Sample standard deviation (of n - 1); null of fewer than two values. */
export function spreadOf(values: readonly number[]): number | null {
  if (values.length < 2) return null;
  const mean = meanOf(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
}

/** NaN of no values. */
export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
