/** The area under the ROC curve, for whoever measures a model: workers their trials, the coordinator its ensembles. */

/**
 * Two classes: the chance that an image of class 1 gets a higher probability of class 1 than one of
 * class 0, ties counting half (Mann-Whitney; Hanley and McNeil 1982). More: the unweighted mean of each
 * class against the rest, as scikit-learn's roc_auc_score(multi_class='ovr', average='macro').
 *
 * A class that is absent, or alone, has no curve and is left out of the mean, where scikit-learn gives
 * NaN or refuses. Where no class has one, and where probabilities are not numbers, the answer is 0.5,
 * what a model that knows nothing gets: a result holds numbers only, and such a part ranks nothing.
 *
 * `scores` is float32 [images, classes].
 */
export function rocAuc(scores: Float32Array, labels: ArrayLike<number>, classes: number): number {
  if (scores.some((score) => Number.isNaN(score))) return 0.5;
  const ranked = new Float64Array(labels.length);
  let sum = 0;
  let curves = 0;
  // Of two classes the curves are mirror images: the second speaks for both.
  for (let label = classes === 2 ? 1 : 0; label < classes; label += 1) {
    const area = oneAgainstRest(scores, labels, classes, label, ranked);
    if (area === null) continue;
    sum += area;
    curves += 1;
  }
  return curves === 0 ? 0.5 : sum / curves;
}

const asFloat = new Float32Array(1);
const asBits = new Uint32Array(asFloat.buffer);

/** An integer below 2^32 that grows with the score: the order of IEEE 754 numbers is that of their bits, once the negative ones are turned round. */
function order(score: number): number {
  // -0 and 0 are equal scores.
  asFloat[0] = score + 0;
  const bits = asBits[0] ?? 0;
  return bits < 0x80000000 ? bits + 0x80000000 : 0xffffffff - bits;
}

/**
 * Score and truth go into one number each, so that a plain numeric sort does: with a comparison
 * function it takes four times as long, and a search for an ensemble calls this thousands of times.
 * Ranks and their sums are halves of integers, so the result does not depend on the order within ties.
 */
function oneAgainstRest(scores: Float32Array, labels: ArrayLike<number>, classes: number, label: number, ranked: Float64Array): number | null {
  const images = labels.length;
  for (let image = 0; image < images; image += 1) ranked[image] = 2 * order(scores[image * classes + label] ?? 0) + (labels[image] === label ? 1 : 0);
  ranked.sort();
  let positives = 0;
  let rankSum = 0;
  for (let from = 0; from < images; ) {
    const score = Math.floor((ranked[from] ?? 0) / 2);
    let to = from;
    let tied = 0;
    for (; to < images && Math.floor((ranked[to] ?? 0) / 2) === score; to += 1) tied += (ranked[to] ?? 0) - 2 * score;
    // Ranks count from 1; equal scores share the mean of theirs.
    rankSum += (tied * (from + 1 + to)) / 2;
    positives += tied;
    from = to;
  }
  const negatives = images - positives;
  if (positives === 0 || negatives === 0) return null;
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}
