/** What slots were at, when: attempts as lanes of workers. */
import type { LeaderSnapshot } from '../leader/snapshot.js';
import type { AttemptRecord, SweepRecord, TrialAttempt } from '../store/records.js';
import type { Store } from '../store/store.js';
import type { SlotSpan, SlotTimeline } from './fleet-views.js';
import type { Leading } from './leading.js';
import type { AttemptRow } from './trial-views.js';

export interface TimelinesOptions {
  readonly store: Store;
  readonly leader: Pick<Leading, 'snapshot'>;
  readonly project: string;
}

export class Timelines {
  readonly #options: TimelinesOptions;

  constructor(options: TimelinesOptions) {
    this.#options = options;
  }

  /** All slots, in the `minutes` until now. */
  async ofFleet({ minutes, limit }: { readonly minutes: number; readonly limit: number }): Promise<SlotTimeline> {
    const now = new Date();
    const from = new Date(now.getTime() - minutes * 60_000);
    const { attempts, more } = await this.#drawn(await this.#options.store.attemptsSince(from, limit + 1), limit, now);
    return { from: from.toISOString(), to: now.toISOString(), attempts, more };
  }

  /** On behalf of a sweep, from its first attempt of those that are answered to the end of its last. */
  async ofSweep(sweep: SweepRecord, limit: number): Promise<SlotTimeline> {
    const now = new Date();
    const { attempts, more } = await this.#drawn(await this.#options.store.attemptsOn(sweep.id, limit + 1), limit, now);
    const ends = attempts.map(({ endedAt }) => endedAt ?? now.toISOString()).sort();
    return { from: attempts[0]?.startedAt ?? now.toISOString(), to: ends.at(-1) ?? now.toISOString(), attempts, more };
  }

  async #drawn(latest: readonly AttemptRecord[], limit: number, now: Date): Promise<Pick<SlotTimeline, 'attempts' | 'more'>> {
    const { store, leader, project } = this.#options;
    const [workers, sweeps] = await Promise.all([store.workers(), store.listSweeps(project)]);
    const names = { workers: new Map(workers.map(({ id, name }) => [id, name])), sweeps: new Map(sweeps.map(({ id, name }) => [id, name])) };
    const beginning = beginnings(leader.snapshot(), now);
    const begun = latest.slice(0, limit).flatMap((attempt) => {
      const begunAt = beginning(attempt);
      return begunAt === null ? [] : [{ ...attempt, begunAt }];
    });
    return { attempts: slotSpans(begun, new Map(workers.map(({ id, slots }) => [id, slots])), names), more: latest.length > limit };
  }
}

/** When a slot began each: of those that have not ended the leader knows it. Null for those that wait for one. */
function beginnings(live: LeaderSnapshot | null, now: Date): (attempt: AttemptRecord) => Date | null {
  const runningMs = new Map(live?.workers.flatMap(({ running }) => running.map((slot) => [slot.attempt, slot.runningMs])));
  return ({ attempt, begunAt, endedAt }) => {
    const since = runningMs.get(attempt);
    return begunAt ?? (endedAt === null && since !== undefined ? new Date(now.getTime() - since) : null);
  };
}

/** A trial's attempts, as a person reads them; `names`: of workers, by their ids. */
export function attemptRows(attempts: readonly TrialAttempt[], names: ReadonlyMap<string, string>, live: LeaderSnapshot | null): AttemptRow[] {
  const begun = beginnings(live, new Date());
  return attempts.map((record) => {
    const { attempt, worker, kind, from, to, outcome, message, log, leasedAt, endedAt } = record;
    return { attempt, worker, name: names.get(worker) ?? worker, kind, from, to, outcome, message, log, leasedAt: leasedAt.toISOString(), startedAt: begun(record)?.toISOString() ?? null, endedAt: endedAt?.toISOString() ?? null };
  });
}

export interface BegunAttempt extends AttemptRecord {
  readonly begunAt: Date;
}

/** Begin and end of an attempt are told with the delay of two commits: so far one may seem to begin before the one before it in its slot has ended. */
const DELAY_MS = 1_000;

/**
 * In order of their beginning, each in the first lane of its worker that is free by then. Pure. A worker
 * has as many lanes as `slots` says; only what overlaps by more than such a delay, or ran when it had more
 * slots, gets another. `names`: of workers and of sweeps, by their ids.
 */
export function slotSpans(attempts: readonly BegunAttempt[], slots: ReadonlyMap<string, number>, names: { readonly workers: ReadonlyMap<string, string>; readonly sweeps: ReadonlyMap<string, string> }): SlotSpan[] {
  const freeAt = new Map<string, number[]>();
  return attempts
    .toSorted((a, b) => a.begunAt.getTime() - b.begunAt.getTime() || a.leasedAt.getTime() - b.leasedAt.getTime())
    .map(({ attempt, worker, kind, payers, from, to, outcome, begunAt, endedAt }) => {
      const lanes = freeAt.get(worker) ?? [];
      freeAt.set(worker, lanes);
      const lane = laneFor(begunAt.getTime(), lanes, slots.get(worker) ?? 0);
      const startedAt = Math.max(begunAt.getTime(), Math.min(lanes[lane] ?? 0, endedAt?.getTime() ?? Infinity));
      lanes[lane] = Math.max(lanes[lane] ?? 0, endedAt?.getTime() ?? Infinity);
      return {
        ...{ attempt, worker, name: names.workers.get(worker) ?? worker, lane, kind, sweeps: payers.map((sweep) => names.sweeps.get(sweep) ?? sweep), from, to, outcome },
        ...{ startedAt: new Date(startedAt).toISOString(), endedAt: endedAt?.toISOString() ?? null },
      };
    });
}

function laneFor(begunAt: number, lanes: readonly number[], slots: number): number {
  const free = lanes.findIndex((until) => until <= begunAt);
  if (free >= 0) return free;
  const soonest = Math.min(...lanes);
  return lanes.length >= slots && soonest <= begunAt + DELAY_MS ? lanes.indexOf(soonest) : lanes.length;
}
