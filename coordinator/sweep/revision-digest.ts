import { createHash } from 'node:crypto';
import { canonicalJson } from '../../proto/canonical.js';
import type { DataSummary, SweepSpec, TrialPlan } from './spec.js';

/** What a sweep is made of. */
export interface SweepContent {
  readonly spec: SweepSpec;
  readonly data: DataSummary | null;
  readonly numerics: string;
  /** Those that are known from the spec alone, as they come out for a sweep of a new name. */
  readonly trials: readonly TrialPlan[];
}

/**
 * What makes a revision, as hex: the spec, the data's content, and the keys that its trials came out with
 * (they move with the engine's numerics, which no file names).
 */
export function revisionDigest({ spec, data, numerics, trials }: SweepContent): string {
  const content = data === null ? null : { digest: data.digest, classes: data.classes, positive: data.positive };
  const keys = trials.map((trial) => trial.path.at(-1) ?? null);
  // Without trials the numerics stand for the keys that they will come out with.
  // A sweep without a pruner is the same one as before there were any.
  const { pruner, ...rest } = spec;
  const said = pruner === null ? rest : spec;
  const identity = trials.length > 0 ? { spec: said, content, keys } : { spec: said, content, numerics };
  return createHash('sha256').update(canonicalJson(identity)).digest('hex');
}
