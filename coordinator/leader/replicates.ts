/** Completed replicates of an assignment, which are judged by their mean. */
import { canonicalJson } from '../../proto/canonical.js';
import { replicatesOf } from '../sweep/replicates.js';
import { compareScores, meanScore } from '../trial/rank.js';
import type { Scored } from './model.js';

/** Takes in one that has completed: the best of its assignment's with their mean, or null while some are still to complete. */
export function together(scored: Scored): Scored | null {
  const { sweep, plan } = scored.trial;
  const { spec } = sweep.record;
  if (replicatesOf(spec) === 1) return scored;
  const text = canonicalJson(plan.assignment);
  const all = [...(sweep.replicates.get(text) ?? []), scored];
  sweep.replicates.set(text, all);
  if (all.length < replicatesOf(spec)) return null;
  const best = all.reduce((first, other) => (compareScores(other.score, first.score, spec.objective) < 0 ? other : first));
  return { trial: best.trial, score: meanScore(all.map(({ score }) => score)) };
}
