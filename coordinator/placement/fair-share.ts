/**
 * Which running sweep is handed its next stage. Pure. Highest priority first; within a priority the one
 * with the fewest slots, and among those the one that has used the least slot time, as in stride scheduling
 * with equal tickets (Waldspurger and Weihl 1995), with the time that was used as the pass. A sweep that is
 * served moves behind its equals, so none of a priority waits for ever.
 */

export interface Contender {
  readonly id: string;
  /** Any whole number; the larger goes first. */
  readonly priority: number;
  /** The most stages it may have leased at once; null for no limit. */
  readonly concurrency: number | null;
  /** Stages that are leased for it, begun or not. */
  readonly leased: number;
  /** Slot time that it has used, in ms. */
  readonly usedMs: number;
}

/** How many more stages may be leased for it; infinite without a limit. */
export function leasesLeft({ concurrency, leased }: Pick<Contender, 'concurrency' | 'leased'>): number {
  return concurrency === null ? Number.POSITIVE_INFINITY : Math.max(0, concurrency - leased);
}

/** Null where there is none, or each is at its `concurrency`. Linear in their number. */
export function nextInLine<Sweep extends Contender>(contenders: Iterable<Sweep>): Sweep | null {
  let first: Sweep | null = null;
  for (const contender of contenders) if (leasesLeft(contender) > 0 && (first === null || before(contender, first))) first = contender;
  return first;
}

/**
 * Slot time in ms that a sweep begins at which joins others of its priority: no less than the least of
 * theirs, so that it does not catch up for the time when it was not there.
 */
export function joinsAt(usedMs: number, others: readonly number[]): number {
  return others.length === 0 ? usedMs : Math.max(usedMs, Math.min(...others));
}

function before(a: Contender, b: Contender): boolean {
  if (a.priority !== b.priority) return a.priority > b.priority;
  if (a.leased !== b.leased) return a.leased < b.leased;
  return a.usedMs === b.usedMs ? a.id < b.id : a.usedMs < b.usedMs;
}
