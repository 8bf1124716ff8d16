/**
 * A ROC curve in a few hundred counts, from which specificity at a sensitivity and sensitivity at a
 * specificity can be read for every level of a per cent. It is recorded with each epoch, because the level
 * that a sweep asks for must not decide what is trained.
 */

/** Levels are 1/RESOLUTION, 2/RESOLUTION, ..., 1. */
export const RESOLUTION = 100;

/** More classes have no summaries: they would outweigh everything else that is recorded. */
export const MOST_CURVES = 20;

/** One class against the rest, as thresholds on its probability can divide them; ties go to one side together. */
export interface RocSummary {
  /** Images of the class, and of the others. */
  readonly positives: number;
  readonly negatives: number;
  /** For each level of sensitivity the fewest of the others that are called positive where at least that share of the class is. */
  readonly falsePositives: readonly number[];
  /** For each level of specificity the fewest of the class that are missed where at least that share of the others is called negative. */
  readonly falseNegatives: readonly number[];
}

/**
 * `scores` is float32 [images, classes]. One curve for each class; of two classes the second's alone,
 * which tells the first's too. None for more than MOST_CURVES classes,
 * and where a score is no number, as after a divergence.
 */
export function rocSummaries(scores: Float32Array, labels: ArrayLike<number>, classes: number): RocSummary[] {
  if (classes > MOST_CURVES || scores.some(Number.isNaN)) return [];
  const curves = classes === 2 ? [1] : Array.from({ length: classes }, (_, label) => label);
  return curves.map((label) => summaryOf(scores, labels, classes, label));
}

function summaryOf(scores: Float32Array, labels: ArrayLike<number>, classes: number, label: number): RocSummary {
  const images = labels.length;
  const scoreOf = (image: number): number => scores[image * classes + label] ?? 0;
  const order = Uint32Array.from({ length: images }, (_, image) => image).sort((a, b) => scoreOf(b) - scoreOf(a));
  let positives = 0;
  for (let image = 0; image < images; image += 1) if (labels[image] === label) positives += 1;
  const negatives = images - positives;
  const falsePositives: number[] = [];
  const falseNegatives = new Array<number>(RESOLUTION).fill(positives);
  let [found, wrong, place] = [0, 0, 0];
  for (;;) {
    // Everything before `place` is called positive: an operating point, whose counts are whole numbers.
    while (falsePositives.length < RESOLUTION && found * RESOLUTION >= (falsePositives.length + 1) * positives) falsePositives.push(wrong);
    const reached = negatives === 0 ? 0 : Math.floor(((negatives - wrong) * RESOLUTION) / negatives);
    falseNegatives.fill(positives - found, 0, reached);
    if (place >= images) break;
    const score = scoreOf(order[place] ?? 0);
    for (; place < images && scoreOf(order[place] ?? 0) === score; place += 1) {
      if (labels[order[place] ?? 0] === label) found += 1;
      else wrong += 1;
    }
  }
  return { positives, negatives, falsePositives, falseNegatives };
}

export type RocScore = 'specificityAtSensitivity' | 'sensitivityAtSpecificity';

/**
 * The best specificity over all thresholds with at least this sensitivity, or the reverse: as Keras'
 * SpecificityAtSensitivity over all thresholds, and as max((1 - fpr)[tpr >= level]) over scikit-learn's
 * roc_curve(drop_intermediate=False). `level` is a whole multiple of 1 / RESOLUTION above 0. Of more than
 * two classes without a `label`, the mean over those that have a curve. Null where there is none.
 */
export function rocScore(summaries: readonly RocSummary[], score: RocScore, level: number, label: number | null, classes: number): number | null {
  const index = Math.round(level * RESOLUTION) - 1;
  const read = (curve: RocSummary | undefined, which: RocScore): number | null => {
    if (curve === undefined || curve.positives === 0 || curve.negatives === 0) return null;
    const { positives, negatives, falsePositives, falseNegatives } = curve;
    return which === 'specificityAtSensitivity' ? 1 - (falsePositives[index] ?? negatives) / negatives : 1 - (falseNegatives[index] ?? positives) / positives;
  };
  // With two classes, the one's sensitivity is the other's specificity.
  const mirrored = score === 'specificityAtSensitivity' ? 'sensitivityAtSpecificity' : 'specificityAtSensitivity';
  if (classes === 2) return read(summaries[0], label === 0 ? mirrored : score);
  if (label !== null) return read(summaries[label], score);
  const values = summaries.map((curve) => read(curve, score)).filter((value) => value !== null);
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}
