/** How fast sweeps record epochs while the page looks on: what a time estimate is made from. */

const WINDOW_MS = 60_000;

interface Point {
  readonly atMs: number;
  readonly recorded: number;
}

const points = new Map<string, readonly Point[]>();

/** Null until epochs were recorded under the page's eyes. */
export function remainingMs(sweep: string, { total, recorded }: { readonly total: number; readonly recorded: number }, nowMs = performance.now()): number | null {
  const kept = (points.get(sweep) ?? []).filter(({ atMs }) => nowMs - atMs <= WINDOW_MS);
  const last = kept.at(-1);
  const all = last?.recorded === recorded ? kept : [...kept, { atMs: nowMs, recorded }];
  points.set(sweep, all);
  const first = all[0];
  const newest = all.at(-1);
  if (first === undefined || newest === undefined || newest.recorded <= first.recorded) return null;
  // Until now, so that a sweep that stands still is seen to.
  return ((total - recorded) * (nowMs - first.atMs)) / (newest.recorded - first.recorded);
}
