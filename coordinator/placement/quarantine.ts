/**
 * Which boxes are given no more work because what they are given fails. Pure. Three stages in a row that
 * are none of one another's kin, with no success between, speak of the box; after a cool-down that doubles
 * it is tried again, and then a single failure is enough. What speaks of a stage alone does not count: that
 * it needs more memory, or that its loss diverged.
 */
import type { OutcomeClass } from '../../proto/work.js';

export interface BoxHealth {
  /** The stages that failed since the last success, by the key each began with; no more than `FAILURES`. */
  readonly failed: readonly string[];
  /** Quarantines since the last success. */
  readonly times: number;
  /** When it is tried again, on the leader's clock in ms; null outside quarantine. */
  readonly until: number | null;
  /** How the last stage failed that brought it into quarantine; absent before any. */
  readonly why?: string;
}

export const HEALTHY: BoxHealth = { failed: [], times: 0, until: null };

const FAILURES = 3;
const FIRST_COOL_DOWN_MS = 5 * 60_000;
const LONGEST_COOL_DOWN_MS = 4 * 3_600_000;

const SPEAKS_OF_BOX: ReadonlySet<OutcomeClass> = new Set(['WorkerLost', 'TrainableError', 'DataError', 'Timeout']);

/** `key`: of the first epoch of the stage that ended. `spare`: whether another box could do its work; the last one is kept, since failing is better than waiting for ever. */
export function afterStage(health: BoxHealth, outcome: OutcomeClass, key: string, spare: boolean, now: number): BoxHealth {
  if (outcome === 'done') return health.until === null ? HEALTHY : health;
  if (!SPEAKS_OF_BOX.has(outcome) || health.until !== null || health.failed.includes(key)) return health;
  const failed = [...health.failed, key].slice(-FAILURES);
  if (failed.length < FAILURES || !spare) return { ...health, failed };
  return { failed, times: health.times + 1, until: now + coolDownMs(health.times) };
}

/** Out of quarantine, on probation: the next stage that fails brings it back. */
export function afterCoolDown(health: BoxHealth, now: number): BoxHealth {
  return health.until === null || now < health.until ? health : { ...health, failed: health.failed.slice(1), until: null };
}

function coolDownMs(times: number): number {
  return Math.min(LONGEST_COOL_DOWN_MS, FIRST_COOL_DOWN_MS * 2 ** times);
}
