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
  const images = scores.map((score, image) => ({ score, isOfClass: isOfClass[image] === true })).sort((a, b) => b.score - a.score);
  const positives = isOfClass.filter(Boolean).length;
  const negatives = isOfClass.length - positives;
  let [truePositive, falsePositive] = [0, 0];
  const at = (threshold: number): OperatingPoint => ({ threshold, truePositive, falsePositive, falseNegative: positives - truePositive, trueNegative: negatives - falsePositive });
  const points = [at(Infinity)];
  for (const [place, image] of images.entries()) {
    if (image.isOfClass) truePositive += 1;
    else falsePositive += 1;
    if (images[place + 1]?.score !== image.score) points.push(at(image.score));
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

/** Curves over the x that they share, for charts. */
export interface SharedCurves {
  readonly xs: readonly number[];
  /** Of each curve, one for each x. */
  readonly values: readonly (readonly number[])[];
}

/**
 * Straight lines through each curve's points, as the area under a ROC curve has them: at every x where one of
 * the curves has a point, twice where one of them rises there. `curves`: pairs, ascending in x and of equal x in
 * y, one at least, all from the same first to the same last x.
 */
export function onSharedXs(curves: readonly (readonly (readonly [number, number])[])[]): SharedCurves {
  const distinct = [...new Set(curves.flatMap((points) => points.map(([x]) => x)))].sort((a, b) => a - b);
  const spans = curves.map((points) => spansAt(points, distinct));
  const rises = distinct.map((_, place) => spans.some((own) => own[place]?.[0] !== own[place]?.[1]));
  const twice = <T>(low: readonly T[], high: readonly T[]): T[] => low.flatMap((value, place) => (rises[place] === true ? [value, high[place] ?? value] : [value]));
  return { xs: twice(distinct, distinct), values: spans.map((own) => twice(own.map(([low]) => low), own.map(([, high]) => high))) };
}

/** The least and the greatest y at each of some ascending xs. */
function spansAt(points: readonly (readonly [number, number])[], xs: readonly number[]): (readonly [number, number])[] {
  let next = 0;
  return xs.map((x) => {
    while (next < points.length && (points[next]?.[0] ?? x) < x) next += 1;
    const low = points[next];
    const before = points[next - 1];
    if (low === undefined) return [before?.[1] ?? 0, before?.[1] ?? 0];
    if (low[0] > x) {
      const y = before === undefined ? low[1] : before[1] + ((x - before[0]) / (low[0] - before[0])) * (low[1] - before[1]);
      return [y, y];
    }
    while (points[next + 1]?.[0] === x) next += 1;
    return [low[1], points[next]?.[1] ?? low[1]];
  });
}
