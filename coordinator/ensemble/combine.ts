/** From the probabilities of an ensemble's members to its own, and from those to classes. Pure. */

/**
 * `greedy`: members and weights by selection with replacement. `average`: the best trials with equal
 * weights. `vote`: the same trials, each with one vote for its most probable class.
 */
export type EnsembleRule = 'greedy' | 'average' | 'vote';
export const ENSEMBLE_RULES = ['greedy', 'average', 'vote'] as const satisfies readonly EnsembleRule[];

export interface WeightedMember {
  /** Above 0; all together 1. */
  readonly weight: number;
  /** Float32 [images, classes]. */
  readonly probabilities: Float32Array;
}

/**
 * The weighted mean of the members' probabilities, float32 [images, classes], summed in float64 in the
 * order of the members. It is what an ensemble of any rule says of its confidence.
 * Throws RangeError where members differ in size.
 */
export function meanProbabilities(members: readonly WeightedMember[]): Float32Array {
  const values = members[0]?.probabilities.length ?? 0;
  const sums = new Float64Array(values);
  for (const { weight, probabilities } of members) {
    if (probabilities.length !== values) throw new RangeError(`${probabilities.length} probabilities of one member, ${values} of another`);
    for (let index = 0; index < values; index += 1) sums[index] = (sums[index] ?? 0) + weight * (probabilities[index] ?? 0);
  }
  return Float32Array.from(sums);
}

/** The first of the largest among `classes` values from `at` on. */
export function mostProbable(probabilities: ArrayLike<number>, at: number, classes: number): number {
  let best = 0;
  for (let label = 1; label < classes; label += 1) if ((probabilities[at + label] ?? 0) > (probabilities[at + best] ?? 0)) best = label;
  return best;
}

export interface Decision {
  readonly rule: EnsembleRule;
  readonly classes: number;
  /** Label index of the positive class. */
  readonly positive: number;
  /** Least probability of the positive class that is called positive; null: the most probable class. */
  readonly threshold: number | null;
}

/** The class of each image. `mean` is what `meanProbabilities` gives of the same members. */
export function decide(members: readonly WeightedMember[], mean: Float32Array, decision: Decision): Uint16Array {
  const { rule, classes, positive, threshold } = decision;
  const images = mean.length / classes;
  return Uint16Array.from({ length: images }, (_, image) => {
    const at = image * classes;
    if (rule === 'vote') return majority(members, mean, at, classes);
    if (threshold === null) return mostProbable(mean, at, classes);
    return (mean[at + positive] ?? 0) >= threshold ? positive : 1 - positive;
  });
}

/** The class with most votes by weight; of several, the one with the largest mean probability, then the first. */
function majority(members: readonly WeightedMember[], mean: Float32Array, at: number, classes: number): number {
  const votes = new Float64Array(classes);
  for (const { weight, probabilities } of members) {
    const label = mostProbable(probabilities, at, classes);
    votes[label] = (votes[label] ?? 0) + weight;
  }
  const most = Math.max(...votes);
  let best = -1;
  for (let label = 0; label < classes; label += 1) {
    // Sums of equal weights in different orders may differ in their last bits.
    if ((votes[label] ?? 0) < most - 1e-9) continue;
    if (best < 0 || (mean[at + label] ?? 0) > (mean[at + best] ?? 0)) best = label;
  }
  return best;
}
