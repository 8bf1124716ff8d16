/** How long what was read of a whole sweep counts. */
import type { SweepRecord } from '../store/records.js';

const LEAST_REST_MS = 1_000;
/** So many times what a reading took passes before the next: a tenth of the time goes into it. */
const REST = 9;

/** On the clock of its arguments, this process' monotonic one. */
export function goodUntil(startedMs: number, endedMs: number): number {
  return endedMs + Math.max(LEAST_REST_MS, REST * (endedMs - startedMs));
}

/** Whether nobody has changed or steered it in between. */
export function isSame(a: SweepRecord, b: SweepRecord): boolean {
  return a.revision === b.revision && a.changes === b.changes && a.state === b.state;
}

/** Nothing of it changes any more, unless a person changes the sweep. Of one that was stopped, the epochs in progress are still to come. */
export function isOver({ state }: SweepRecord): boolean {
  return state === 'completed' || state === 'failed';
}
