/**
 * What one epoch's logits say about one part of the data. All sums are float64 in the order of the
 * images, so equal logits give equal metrics to the last bit.
 */
import { rocAuc } from '../../proto/roc-auc.js';
import { rocSummaries, type RocSummary } from '../../proto/roc-summary.js';

export interface LogitMetrics {
  /** Mean cross-entropy of the softmax, in nats, without class weights; NaN or infinite where the logits are. */
  readonly loss: number;
  /** In [0, 1]. */
  readonly accuracy: number;
  /** Area under the ROC curve, in [0, 1]; see proto/roc-auc.ts. */
  readonly auc: number;
  /** Counts, confusion[true][predicted]; the first of equal logits is predicted. */
  readonly confusion: readonly (readonly number[])[];
  /** See proto/roc-summary.ts. */
  readonly roc: readonly RocSummary[];
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
  return { loss: lossSum / images, accuracy: correct / images, auc: rocAuc(probabilities, labels, classes), confusion, roc: rocSummaries(probabilities, labels, classes), probabilities };
}

/** Softmax of logits float32 [images, classes], the same shape. */
export function softmaxOf(logits: Float32Array, classes: number): Float32Array {
  const probabilities = new Float32Array(logits.length);
  for (let at = 0; at < logits.length; at += classes) softmax(logits.subarray(at, at + classes), 0, probabilities.subarray(at, at + classes));
  return probabilities;
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
