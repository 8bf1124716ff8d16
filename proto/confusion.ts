/**
 * What a confusion matrix tells, and the names under which a sweep file asks for it. A matrix is
 * confusion[true][predicted], counts of images. Scores follow scikit-learn with zero_division=0: a
 * ratio whose denominator is empty is 0, and every class counts in a macro mean, seen or not.
 */

import { rocScore, type RocScore, type RocSummary } from './roc-summary.js';

export type Confusion = readonly (readonly number[])[];

/** One class against the rest; all in [0, 1]. */
export interface ClassScores {
  readonly precision: number;
  /** Also called sensitivity, or the true positive rate. */
  readonly recall: number;
  /** The true negative rate. */
  readonly specificity: number;
  readonly f1: number;
  /** Images of the class. */
  readonly support: number;
}

export type ScoreName = 'precision' | 'recall' | 'specificity' | 'f1';

const ROC_SCORES: readonly RocScore[] = ['specificityAtSensitivity', 'sensitivityAtSpecificity'];

const SCORE_NAMES: readonly ScoreName[] = ['precision', 'recall', 'specificity', 'f1'];

/** Every metric of an image classifier, without the `[CLASS]` that some may carry; of those at a level one example. */
export const METRIC_NAMES: readonly string[] = [
  'train.loss',
  'train.accuracy',
  'val.loss',
  'val.accuracy',
  'val.auc',
  ...SCORE_NAMES.map((score) => `val.${score}`),
  ...ROC_SCORES.map((score) => `val.${score}[0.95]`),
];

const BASE_NAMES: readonly string[] = METRIC_NAMES.map((name) => name.replace('[0.95]', ''));

/** What a model costs; for objectives and their limits alone. */
export const COST_METRICS: readonly string[] = ['cost.parameters', 'cost.bytes', 'cost.msPerImage'];

interface MetricName {
  readonly base: string;
  /** Set where the metric is read off the confusion matrix class by class. */
  readonly score: ScoreName | null;
  /** Set where it is read off a ROC curve at a level. */
  readonly roc: { readonly score: RocScore; readonly level: number } | null;
  /** The name between the brackets, exactly as written. */
  readonly className: string | null;
}

function parseMetricName(name: string): MetricName | null {
  // Greedy up to the last bracket, so that a class may have brackets in its own name.
  const match = /^([A-Za-z0-9.]+)(?:\[([^]+)\])?$/.exec(name);
  const base = match?.[1];
  if (base === undefined || !BASE_NAMES.includes(base)) return null;
  const score = SCORE_NAMES.find((candidate) => base === `val.${candidate}`) ?? null;
  const written = match?.[2] ?? null;
  const rocName = ROC_SCORES.find((candidate) => base === `val.${candidate}`);
  if (rocName === undefined) return written !== null && score === null ? null : { base, score, roc: null, className: written };
  const [, levelText = '', className = null] = /^(0?\.\d{1,2}|1)(?:, ?([^]+))?$/.exec(written ?? '') ?? [];
  const level = Number(levelText);
  return level > 0 ? { base, score: null, roc: { score: rocName, level }, className } : null;
}

/** Whether `name` is a metric of an image classifier, e.g. `val.auc`, `val.recall[PNEUMONIA]` or `val.specificityAtSensitivity[0.95]`. The class itself is not checked. */
export function isMetricName(name: string): boolean {
  return parseMetricName(name) !== null;
}

/** Whether a metric is read off ROC curves. */
export function isRocMetric(name: string): boolean {
  return ROC_SCORES.some((score) => name.startsWith(`val.${score}`));
}

/** The class that a metric's name speaks of, e.g. `PNEUMONIA` of `val.recall[PNEUMONIA]`; null where it names none. */
export function metricClass(name: string): string | null {
  return parseMetricName(name)?.className ?? null;
}

const ratio = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);

/** Share of images on the diagonal; 0 for an empty matrix. */
export function accuracy(confusion: Confusion): number {
  let correct = 0;
  let total = 0;
  confusion.forEach((row, truth) => {
    correct += row[truth] ?? 0;
    for (const count of row) total += count;
  });
  return ratio(correct, total);
}

/** Scores of the class with index `label` against the rest. */
export function classScores(confusion: Confusion, label: number): ClassScores {
  let truePositive = 0;
  let falsePositive = 0;
  let falseNegative = 0;
  let trueNegative = 0;
  confusion.forEach((row, truth) => {
    row.forEach((count, predicted) => {
      if (truth === label) {
        if (predicted === label) truePositive += count;
        else falseNegative += count;
      } else if (predicted === label) falsePositive += count;
      else trueNegative += count;
    });
  });
  return {
    precision: ratio(truePositive, truePositive + falsePositive),
    recall: ratio(truePositive, truePositive + falseNegative),
    specificity: ratio(trueNegative, trueNegative + falsePositive),
    f1: ratio(2 * truePositive, 2 * truePositive + falsePositive + falseNegative),
    support: truePositive + falseNegative,
  };
}

/** Unweighted mean of a score over all classes; 0 for an empty matrix. */
export function macroScore(confusion: Confusion, score: ScoreName): number {
  let sum = 0;
  for (let label = 0; label < confusion.length; label += 1) sum += classScores(confusion, label)[score];
  return ratio(sum, confusion.length);
}

/** The positive class's score where there are two classes, else the macro mean. `positive` is a label index. */
export function overallScore(confusion: Confusion, score: ScoreName, positive: number): number {
  return confusion.length === 2 ? classScores(confusion, positive)[score] : macroScore(confusion, score);
}

/**
 * The value of the metric `name` in one epoch's result: as reported, else read off its validation
 * confusion matrix or ROC curves. A score without `[CLASS]` is the positive class's where there are two classes,
 * else the macro mean. Null where the epoch has no such metric, names a class that does not exist,
 * or the value is not finite.
 */
export function metricValue(
  name: string,
  result: { readonly metrics: { readonly [metric: string]: number }; readonly confusion: Confusion | null; readonly roc?: readonly RocSummary[] },
  classes: readonly string[],
  positive: number,
): number | null {
  if (Object.hasOwn(result.metrics, name)) {
    const reported = result.metrics[name];
    return reported !== undefined && Number.isFinite(reported) ? reported : null;
  }
  const metric = parseMetricName(name);
  if (metric === null) return null;
  if (metric.roc !== null) {
    const label = metric.className === null ? (classes.length === 2 ? positive : null) : classes.indexOf(metric.className);
    return label === -1 ? null : rocScore(result.roc ?? [], metric.roc.score, metric.roc.level, label, classes.length);
  }
  if (result.confusion === null) return null;
  if (metric.base === 'val.accuracy') return accuracy(result.confusion);
  if (metric.score === null) return null;
  if (metric.className === null) return overallScore(result.confusion, metric.score, positive);
  const label = classes.indexOf(metric.className);
  return label < 0 ? null : classScores(result.confusion, label)[metric.score];
}
