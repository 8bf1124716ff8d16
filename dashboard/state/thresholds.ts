/**
 * One class against the rest at every threshold on its probability: an image whose probability is at least
 * the threshold is said to be of the class. Pure; scores as scikit-learn with zero_division=0.
 */

/** What one threshold makes of the images. */
export interface Division {
  /** Of the class and said to be; not of it and said to be; of it and not said to be; neither. */
  readonly truePositive: number;
  readonly falsePositive: number;
  readonly falseNegative: number;
  readonly trueNegative: number;
}

export interface OperatingPoint extends Division {
  /** Infinity for the first, by which nothing is of the class. */
  readonly threshold: number;
}

/** From the threshold that says no of all images to the one that says yes of all; equal scores go together. */
export function operatingPoints(scores: readonly number[], isOfClass: readonly boolean[]): OperatingPoint[] {
  const order = scores.map((_, image) => image).sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0));
  const positives = isOfClass.filter(Boolean).length;
  const negatives = isOfClass.length - positives;
  let [truePositive, falsePositive] = [0, 0];
  const at = (threshold: number): OperatingPoint => ({ threshold, truePositive, falsePositive, falseNegative: positives - truePositive, trueNegative: negatives - falsePositive });
  const points = [at(Infinity)];
  for (let place = 0; place < order.length;) {
    const score = scores[order[place] ?? 0] ?? 0;
    for (; place < order.length && scores[order[place] ?? 0] === score; place += 1) {
      if (isOfClass[order[place] ?? 0] === true) truePositive += 1;
      else falsePositive += 1;
    }
    points.push(at(score));
  }
  return points;
}

/** The point of a threshold: the last whose own is not below it. */
export function divisionAt(points: readonly OperatingPoint[], threshold: number): Division {
  const found = points.findLast((point) => point.threshold >= threshold) ?? points[0];
  return found ?? { truePositive: 0, falsePositive: 0, falseNegative: 0, trueNegative: 0 };
}

const ratio = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);

export interface DivisionScores {
  readonly accuracy: number;
  readonly precision: number;
  /** Also called sensitivity. */
  readonly recall: number;
  readonly specificity: number;
  readonly f1: number;
}

export function scoresOf({ truePositive, falsePositive, falseNegative, trueNegative }: Division): DivisionScores {
  return {
    accuracy: ratio(truePositive + trueNegative, truePositive + falsePositive + falseNegative + trueNegative),
    precision: ratio(truePositive, truePositive + falsePositive),
    recall: ratio(truePositive, truePositive + falseNegative),
    specificity: ratio(trueNegative, trueNegative + falsePositive),
    f1: ratio(2 * truePositive, 2 * truePositive + falsePositive + falseNegative),
  };
}

/** Under the ROC curve by trapezoids, ties counting half (Hanley and McNeil 1982); null where one kind of image is missing. */
export function rocArea(points: readonly OperatingPoint[]): number | null {
  const last = points.at(-1);
  if (last === undefined || last.truePositive === 0 || last.falsePositive === 0) return null;
  let area = 0;
  for (const [index, { truePositive, falsePositive }] of points.entries()) {
    const before = points[index - 1];
    if (before !== undefined) area += ((falsePositive - before.falsePositive) * (truePositive + before.truePositive)) / 2;
  }
  return area / (last.truePositive * last.falsePositive);
}

/** Sum over recall's steps of the precision there, as scikit-learn's average_precision_score; null where no image is of the class. */
export function averagePrecision(points: readonly OperatingPoint[]): number | null {
  const positives = points.at(-1)?.truePositive ?? 0;
  if (positives === 0) return null;
  let sum = 0;
  for (const [index, point] of points.entries()) {
    const before = points[index - 1];
    if (before !== undefined) sum += ((point.truePositive - before.truePositive) / positives) * scoresOf(point).precision;
  }
  return sum;
}

/** A curve of any points as a function of x: of equal x the largest y. For charts, whose series share their x. */
export interface Steps {
  readonly xs: readonly number[];
  /** Of each curve; null where it has no point up to there. */
  readonly values: readonly (readonly (number | null)[])[];
}

/** Steps that hold the largest y so far, at every x where one of the curves has a point; at the first x where each begins, too. `curves`: pairs, ascending in x, all from the same x on. */
export function asSteps(curves: readonly (readonly (readonly [number, number])[])[]): Steps {
  const distinct = [...new Set(curves.flatMap((points) => points.map(([x]) => x)))].sort((a, b) => a - b);
  const values = curves.map((points) => {
    let place = 0;
    let best: number | null = null;
    const tops = distinct.map((x) => {
      for (; place < points.length && (points[place]?.[0] ?? Infinity) <= x; place += 1) best = Math.max(best ?? 0, points[place]?.[1] ?? 0);
      return best;
    });
    return [points[0]?.[1] ?? null, ...tops];
  });
  return { xs: [...distinct.slice(0, 1), ...distinct], values };
}
