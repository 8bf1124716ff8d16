/** Where to draw the line between two classes. Pure. */

/** What a threshold comes to on some images. */
export interface OperatingPoint {
  /** Least probability of the positive class that is called positive. */
  readonly threshold: number;
  /** Share of positive images that are called positive; 1 where there are none. */
  readonly sensitivity: number;
  /** Share of negative images that are called negative; 1 where there are none. */
  readonly specificity: number;
  /** Positive images that are called negative. */
  readonly misses: number;
  readonly positives: number;
  /** Negative images that are called positive. */
  readonly falseAlarms: number;
  readonly negatives: number;
}

/** `probabilities` is float32 [images, 2]; `positive` is the label of the positive class. */
export function operatingPoint(threshold: number, probabilities: Float32Array, labels: ArrayLike<number>, positive: number): OperatingPoint {
  let [misses, positives, falseAlarms, negatives] = [0, 0, 0, 0];
  for (let image = 0; image < labels.length; image += 1) {
    const called = (probabilities[2 * image + positive] ?? 0) >= threshold;
    if (labels[image] === positive) {
      positives += 1;
      if (!called) misses += 1;
    } else {
      negatives += 1;
      if (called) falseAlarms += 1;
    }
  }
  const share = (part: number, whole: number): number => (whole === 0 ? 1 : part / whole);
  return { threshold, sensitivity: share(positives - misses, positives), specificity: share(negatives - falseAlarms, negatives), misses, positives, falseAlarms, negatives };
}

/**
 * The point of highest specificity among those of at least this sensitivity, in [0, 1]; of equal
 * specificity, the one of highest sensitivity. Its threshold lies in the middle of a gap between two
 * probabilities, so that the last bits of either do not decide a class. Without positive images the
 * threshold is 0.5. Shapes as in `operatingPoint`.
 */
export function specificityAt(sensitivity: number, probabilities: Float32Array, labels: ArrayLike<number>, positive: number): OperatingPoint {
  const scores = { positive: [] as number[], negative: [] as number[] };
  for (let image = 0; image < labels.length; image += 1) {
    scores[labels[image] === positive ? 'positive' : 'negative'].push(probabilities[2 * image + positive] ?? 0);
  }
  const positives = Float64Array.from(scores.positive).sort().reverse();
  const needed = leastCount(sensitivity, positives.length);
  const last = positives[Math.max(needed, 1) - 1];
  const threshold = last === undefined ? 0.5 : gapBelow(last, positives, scores.negative);
  return operatingPoint(threshold, probabilities, labels, positive);
}

/** The fewest of `whole` that make at least this share, as the division of the two says it. */
function leastCount(share: number, whole: number): number {
  let count = Math.max(0, Math.min(whole, Math.ceil(share * whole)));
  while (count > 0 && (count - 1) / whole >= share) count -= 1;
  while (count < whole && count / whole < share) count += 1;
  return count;
}

/** The middle between the largest negative score below `last` and the least positive score above that. */
function gapBelow(last: number, positives: Float64Array, negatives: readonly number[]): number {
  const below = negatives.reduce((largest, score) => (score < last ? Math.max(largest, score) : largest), -1);
  const above = positives.reduce((least, score) => (score > below ? Math.min(least, score) : least), last);
  return (Math.max(below, 0) + above) / 2;
}

/** The least recall of the positive class that an objective's floors ask for; null where they ask for none. */
export function recallFloor(floors: { readonly [metric: string]: number }, positiveClass: string): number | null {
  // Without a class the metric speaks of the positive one: the larger of both holds.
  const asked = [floors[`val.recall[${positiveClass}]`], floors['val.recall']].filter((least) => least !== undefined);
  return asked.length === 0 ? null : Math.max(...asked);
}

export interface ThresholdFacts {
  /** Least recall of the positive class that the objective asks for; null where it asks for none. */
  readonly floor: number | null;
  readonly probabilities: Float32Array;
  readonly labels: ArrayLike<number>;
  readonly positive: number;
}

/** From validation: highest specificity that meets the floor, else 0.5. */
export function chooseThreshold({ floor, probabilities, labels, positive }: ThresholdFacts): number {
  return floor === null || floor <= 0 ? 0.5 : specificityAt(floor, probabilities, labels, positive).threshold;
}
