/** What probabilities and the classes decided from them are worth against the true labels. Pure. */
import { accuracy, isRocMetric, metricValue, overallScore, type Confusion } from '../../proto/confusion.js';
import { rocAuc } from '../../proto/roc-auc.js';
import { rocSummaries } from '../../proto/roc-summary.js';
import { mostProbable } from './combine.js';

/** The smallest float32 above 0: what a probability that was rounded to 0 counts as, so that a loss is finite. */
const LEAST_PROBABILITY = 2 ** -149;

/** Mean cross-entropy in nats of float32 [images, classes]. */
export function crossEntropy(probabilities: Float32Array, labels: ArrayLike<number>, classes: number): number {
  let sum = 0;
  for (let image = 0; image < labels.length; image += 1) sum -= Math.log(Math.max(probabilities[image * classes + (labels[image] ?? 0)] ?? 0, LEAST_PROBABILITY));
  return sum / labels.length;
}

/** Counts of images, confusion[true][predicted]. */
function confusionOf(predicted: ArrayLike<number>, labels: ArrayLike<number>, classes: number): number[][] {
  const confusion = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (let image = 0; image < labels.length; image += 1) {
    const row = confusion[labels[image] ?? 0];
    const label = predicted[image] ?? 0;
    if (row !== undefined) row[label] = (row[label] ?? 0) + 1;
  }
  return confusion;
}

export interface Measured {
  readonly loss: number;
  readonly accuracy: number;
  readonly auc: number;
  /** Of the positive class where there are two classes, else the macro mean. */
  readonly f1: number;
  readonly confusion: Confusion;
}

export interface Truth {
  readonly labels: ArrayLike<number>;
  readonly classes: readonly string[];
  /** Label index of the positive class. */
  readonly positive: number;
}

/** Loss and AUC from the probabilities, the others from the classes that were decided. */
export function measure(probabilities: Float32Array, predicted: ArrayLike<number>, truth: Truth): Measured {
  const classes = truth.classes.length;
  const confusion = confusionOf(predicted, truth.labels, classes);
  return {
    loss: crossEntropy(probabilities, truth.labels, classes),
    accuracy: accuracy(confusion),
    auc: rocAuc(probabilities, truth.labels, classes),
    f1: overallScore(confusion, 'f1', truth.positive),
    confusion,
  };
}

const MEASURED_ALWAYS: readonly string[] = ['val.loss', 'val.accuracy', 'val.auc', 'val.f1'];

/** A metric of validation by its name, on whichever part these are of; null where `measure` has it, or where probabilities and decisions do not tell it. */
export function measureNamed(metric: string, probabilities: Float32Array, predicted: ArrayLike<number>, { labels, classes, positive }: Truth): number | null {
  if (MEASURED_ALWAYS.includes(metric)) return null;
  const roc = isRocMetric(metric) ? { roc: rocSummaries(probabilities, labels, classes.length) } : {};
  return metricValue(metric, { metrics: {}, confusion: confusionOf(predicted, labels, classes.length), ...roc }, classes, positive);
}

/** How good probabilities are, as one number. */
export interface Score {
  /** The metric's name. */
  readonly metric: string;
  readonly direction: 'maximize' | 'minimize';
  /** Larger is better, whatever the direction. */
  of(probabilities: Float32Array): number;
  /** What of the probabilities the score depends on: a mean of projections is the projection of the mean. */
  project(probabilities: Float32Array): Float32Array;
  /** `of`, from what `project` gives. */
  ofProjected(projected: Float32Array): number;
  /** Minus the cross-entropy, for probabilities that are equally good; from what `project` gives. */
  tieBreak(projected: Float32Array): number;
}

/**
 * The score by a sweep's objective where probabilities tell it (loss, accuracy, AUC and what a confusion
 * matrix gives, on validation), else by the validation loss.
 */
export function scoreBy(metric: string, direction: 'maximize' | 'minimize', truth: Truth): Score {
  const classes = truth.classes.length;
  const sign = direction === 'maximize' ? 1 : -1;
  const tieBreak = (probabilities: Float32Array): number => -crossEntropy(probabilities, truth.labels, classes);
  const score = (of: (probabilities: Float32Array) => number): Score => {
    const signed = (probabilities: Float32Array): number => sign * of(probabilities);
    return { metric, direction, of: signed, project: (probabilities) => probabilities, ofProjected: signed, tieBreak };
  };
  if (metric === 'val.loss' && direction === 'minimize') return lossScore(truth.labels, classes);
  if (metric === 'val.auc') return score((probabilities) => rocAuc(probabilities, truth.labels, classes));
  const read = (probabilities: Float32Array): number | null => {
    const predicted = Uint16Array.from({ length: truth.labels.length }, (_, image) => mostProbable(probabilities, image * classes, classes));
    return metricValue(metric, { metrics: {}, confusion: confusionOf(predicted, truth.labels, classes), ...(isRocMetric(metric) ? { roc: rocSummaries(probabilities, truth.labels, classes) } : {}) }, truth.classes, truth.positive);
  };
  const sample = new Float32Array(truth.labels.length * classes);
  if (read(sample) === null) return scoreBy('val.loss', 'minimize', truth);
  return score((probabilities) => read(probabilities) ?? -sign);
}

/** A loss depends on each image's probability of its true class alone. */
function lossScore(labels: ArrayLike<number>, classes: number): Score {
  const project = (probabilities: Float32Array): Float32Array => Float32Array.from({ length: labels.length }, (_, image) => probabilities[image * classes + (labels[image] ?? 0)] ?? 0);
  const ofProjected = (projected: Float32Array): number => -meanLoss(projected);
  return { metric: 'val.loss', direction: 'minimize', of: (probabilities) => ofProjected(project(probabilities)), project, ofProjected, tieBreak: ofProjected };
}

/** So many probabilities multiply to a normal number, whatever they are: 2^-149 to the sixth is 2^-894. */
const FACTORS = 6;

/** Mean cross-entropy in nats, with one logarithm for several images: logarithms are nearly all of its time. */
function meanLoss(ofTruth: Float32Array): number {
  let sum = 0;
  for (let from = 0; from < ofTruth.length; from += FACTORS) {
    let product = 1;
    const to = Math.min(from + FACTORS, ofTruth.length);
    for (let image = from; image < to; image += 1) product *= Math.max(ofTruth[image] ?? 0, LEAST_PROBABILITY);
    sum -= Math.log(product);
  }
  return sum / ofTruth.length;
}
