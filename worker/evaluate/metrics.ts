/**
 * What one epoch's logits say about one part of the data. All sums are float64 in the order of the
 * images, so equal logits give equal metrics to the last bit.
 */

export interface LogitMetrics {
  /** Mean cross-entropy of the softmax, in nats, without class weights; NaN or infinite where the logits are. */
  readonly loss: number;
  /** In [0, 1]. */
  readonly accuracy: number;
  /** Area under the ROC curve, in [0, 1]; see `rocAuc`. */
  readonly auc: number;
  /** Counts, confusion[true][predicted]; the first of equal logits is predicted. */
  readonly confusion: readonly (readonly number[])[];
  /** Softmax, float32 [images, classes]. */
  readonly probabilities: Float32Array;
}

/**
 * `logits` is float32 [images, classes] and `labels` [images], each below `classes`. The AUC is taken
 * from the probabilities as they are stored, so that anyone can compute it again from the blob.
 * Throws RangeError where the shapes do not fit or there is no image.
 */
export function evaluateLogits(logits: Float32Array, labels: ArrayLike<number>, classes: number): LogitMetrics {
  const images = labels.length;
  if (images === 0) throw new RangeError('no images to evaluate');
  if (logits.length !== images * classes) throw new RangeError(`${logits.length} logits for ${images} images of ${classes} classes`);
  const probabilities = new Float32Array(logits.length);
  const confusion = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  let lossSum = 0;
  let correct = 0;
  for (let image = 0; image < images; image += 1) {
    const at = image * classes;
    const label = labels[image] ?? 0;
    const row = logits.subarray(at, at + classes);
    const predicted = firstLargest(row);
    lossSum += softmax(row, label, probabilities.subarray(at, at + classes));
    const counts = confusion[label];
    if (counts === undefined) throw new RangeError(`label ${label} of ${classes} classes`);
    counts[predicted] = (counts[predicted] ?? 0) + 1;
    if (predicted === label) correct += 1;
  }
  return { loss: lossSum / images, accuracy: correct / images, auc: rocAuc(probabilities, labels, classes), confusion, probabilities };
}

function firstLargest(row: Float32Array): number {
  let best = 0;
  for (let index = 1; index < row.length; index += 1) if ((row[index] ?? 0) > (row[best] ?? 0)) best = index;
  return best;
}

/** Writes the probabilities of one image and returns its cross-entropy; the largest logit is taken off first, so nothing overflows. */
function softmax(row: Float32Array, label: number, into: Float32Array): number {
  const largest = row[firstLargest(row)] ?? 0;
  let sum = 0;
  for (const logit of row) sum += Math.exp(logit - largest);
  row.forEach((logit, index) => {
    into[index] = Math.exp(logit - largest) / sum;
  });
  return Math.log(sum) - ((row[label] ?? 0) - largest);
}

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
  // Of two classes the curves are mirror images: the second speaks for both.
  const asked = classes === 2 ? [1] : Array.from({ length: classes }, (_, label) => label);
  const areas = asked.map((label) => oneAgainstRest(scores, labels, classes, label)).filter((area) => area !== null);
  return areas.length === 0 ? 0.5 : areas.reduce((sum, area) => sum + area, 0) / areas.length;
}

function oneAgainstRest(scores: Float32Array, labels: ArrayLike<number>, classes: number, label: number): number | null {
  const images = labels.length;
  const scoreOf = (image: number): number => scores[image * classes + label] ?? 0;
  const order = Uint32Array.from({ length: images }, (_, image) => image).sort((a, b) => scoreOf(a) - scoreOf(b));
  let positives = 0;
  let rankSum = 0;
  for (let from = 0; from < images; ) {
    const score = scoreOf(order[from] ?? 0);
    let to = from;
    let tied = 0;
    for (; to < images && scoreOf(order[to] ?? 0) === score; to += 1) if (labels[order[to] ?? 0] === label) tied += 1;
    // Ranks count from 1; equal scores share the mean of theirs.
    rankSum += (tied * (from + 1 + to)) / 2;
    positives += tied;
    from = to;
  }
  const negatives = images - positives;
  if (positives === 0 || negatives === 0) return null;
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}
