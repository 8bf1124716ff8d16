/** An ensemble held against its members: ROC curves, disagreement, size against score. Pure. */
import { meanProbabilities, mostProbable, type WeightedMember } from './combine.js';

/** Points of a curve that are told; between them it is drawn straight. */
const MOST_POINTS = 200;

export interface Curve {
  /** Ascending, from 0 to 1. */
  readonly falsePositiveRate: readonly number[];
  readonly truePositiveRate: readonly number[];
  /** Trapezoidal, ties counting half (Hanley and McNeil 1982); null where one kind of image is missing. */
  readonly auc: number | null;
}

/** One class against the rest: a point for each threshold that divides the images, thinned out evenly where there are many. `probabilities`: float32 [images, classes]. */
export function rocCurve(probabilities: Float32Array, labels: ArrayLike<number>, classes: number, label: number): Curve {
  const images = labels.length;
  const scoreOf = (image: number): number => probabilities[image * classes + label] ?? 0;
  const order = Uint32Array.from({ length: images }, (_, image) => image).sort((a, b) => scoreOf(b) - scoreOf(a));
  let positives = 0;
  for (let image = 0; image < images; image += 1) if (labels[image] === label) positives += 1;
  const negatives = images - positives;
  if (positives === 0 || negatives === 0) return { falsePositiveRate: [], truePositiveRate: [], auc: null };
  const points: (readonly [number, number])[] = [[0, 0]];
  let [found, wrong, area] = [0, 0, 0];
  for (let place = 0; place < images;) {
    const score = scoreOf(order[place] ?? 0);
    const [foundBefore, wrongBefore] = [found, wrong];
    for (; place < images && scoreOf(order[place] ?? 0) === score; place += 1) {
      if (labels[order[place] ?? 0] === label) found += 1;
      else wrong += 1;
    }
    area += ((wrong - wrongBefore) * (found + foundBefore)) / 2;
    points.push([wrong / negatives, found / positives]);
  }
  const step = Math.max(1, (points.length - 1) / MOST_POINTS);
  const kept = Array.from({ length: Math.ceil((points.length - 1) / step) }, (_, index) => points[Math.floor(index * step)] ?? [0, 0]);
  kept.push([1, 1]);
  return { falsePositiveRate: kept.map(([x]) => x), truePositiveRate: kept.map(([, y]) => y), auc: area / (positives * negatives) };
}

/** Share of the images of which each two members say different classes; symmetric, 0 on the diagonal. */
export function disagreement(members: readonly { readonly probabilities: Float32Array }[], classes: number): number[][] {
  const said = members.map(({ probabilities }) => Uint16Array.from({ length: probabilities.length / classes }, (_, image) => mostProbable(probabilities, image * classes, classes)));
  return said.map((one) => said.map((other) => {
    let differing = 0;
    for (let image = 0; image < one.length; image += 1) if (one[image] !== other[image]) differing += 1;
    return one.length === 0 ? 0 : differing / one.length;
  }));
}

/** What the first k members are worth together, for every k, their weights to each other as they are. */
export function bySize(members: readonly WeightedMember[], worth: (mean: Float32Array) => number): { members: number; value: number | null }[] {
  return members.map((_, index) => {
    const first = members.slice(0, index + 1);
    // All together they are 1 as they are.
    const sum = first.length === members.length ? 1 : first.reduce((total, { weight }) => total + weight, 0);
    const value = worth(meanProbabilities(first.map((member) => ({ ...member, weight: member.weight / sum }))));
    return { members: index + 1, value: Number.isFinite(value) ? value : null };
  });
}
