/**
 * Which trials nobody beats in every objective at once. `a` dominates `b` where it is nowhere worse and
 * somewhere better; rank 1 is the Pareto front, rank 2 the front of what is left without it, and so on, as
 * the non-dominated sorting of NSGA-II (Deb et al. 2002, section III.A).
 *
 * The procedure is ENS-BS (Zhang et al. 2015, "An efficient approach to nondominated sorting"): points in
 * lexicographic order are dominated only by points before them, and a point that some front dominates is
 * dominated by every better front as well, so its own is found by bisection. For two objectives a front
 * dominates a point exactly if its last member does: n log n.
 */

/** One rank for each point, from 1; equal points share theirs. Values are smaller-better and finite, of one length. */
export function paretoRanks(points: readonly (readonly number[])[]): number[] {
  const order = points.map((_, index) => index).sort((a, b) => lexicographic(points[a] ?? [], points[b] ?? []));
  const fronts: (readonly number[])[][] = [];
  const ranks = new Array<number>(points.length).fill(0);
  for (const index of order) {
    const point = points[index] ?? [];
    let [low, high] = [0, fronts.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isBeatenBy(fronts[middle] ?? [], point)) low = middle + 1;
      else high = middle;
    }
    (fronts[low] ??= []).push(point);
    ranks[index] = low + 1;
  }
  return ranks;
}

/** Below 0 where `a` goes first: by the first value in which they differ. */
export function lexicographic(a: readonly number[], b: readonly number[]): number {
  for (const [index, value] of a.entries()) {
    const other = b[index] ?? value;
    if (value !== other) return value - other;
  }
  return 0;
}

/** Whether a member of a front dominates the point, which is not before any of them in lexicographic order. */
function isBeatenBy(front: readonly (readonly number[])[], point: readonly number[]): boolean {
  if (point.length === 2) return dominates(front.at(-1), point);
  return front.some((member) => dominates(member, point));
}

function dominates(a: readonly number[] | undefined, b: readonly number[]): boolean {
  return a?.every((value, index) => value <= (b[index] ?? value)) === true && a.some((value, index) => value < (b[index] ?? value));
}
