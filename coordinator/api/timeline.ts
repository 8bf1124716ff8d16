/** Attempts as lanes of workers: who was at what, when. Pure. */
import type { AttemptSpan } from '../store/records.js';
import type { TimelineView } from './page-views.js';

/** `attempts`: in order of their beginning; `of`: how many there are in all. Each goes to the first lane of its worker that is free by then. */
export function lanesOf(attempts: readonly AttemptSpan[], of: number, names: ReadonlyMap<string, string>): TimelineView {
  const free = new Map<string, number[]>();
  const placed = attempts.map(({ begin, end, worker, sweeps, ...attempt }) => {
    const lanes = free.get(worker) ?? [];
    free.set(worker, lanes);
    const known = lanes.findIndex((until) => until <= begin.getTime());
    const lane = known < 0 ? lanes.length : known;
    lanes[lane] = end?.getTime() ?? Number.POSITIVE_INFINITY;
    return { ...attempt, worker, workerName: names.get(worker) ?? null, lane, begin: begin.toISOString(), end: end?.toISOString() ?? null, sweeps };
  });
  const ends = attempts.map(({ begin, end }) => (end ?? begin).getTime());
  const last = ends.reduce((latest, time) => Math.max(latest, time), Number.NEGATIVE_INFINITY);
  return { from: attempts[0]?.begin.toISOString() ?? null, to: attempts.length === 0 ? null : new Date(last).toISOString(), attempts: placed, of };
}
