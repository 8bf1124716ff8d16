/** What a person who watches wants to see now; computed from the leader's memory, never stored. */
import type { BoxFacts, BoxUse } from '../../proto/messages.js';
import type { CarrierName } from '../dispatch/carrier.js';
import type { Dispatcher } from './dispatcher.js';
import { goalOf, type Attempt, type SweepRun, type WorkerRun } from './model.js';
import type { Waiting } from './notes.js';

export interface SlotSnapshot {
  readonly attempt: string;
  readonly kind: 'train' | 'evaluate';
  readonly sweep: string | null;
  /** Numbers of the trials that wait for it. */
  readonly trials: readonly number[];
  readonly from: number;
  readonly to: number;
  readonly epoch: number;
  readonly step: number;
  readonly steps: number;
  /** Null before the first step. */
  readonly loss: number | null;
  /** Since a slot began it, or its leader took over. */
  readonly runningMs: number;
}

/** Of a worker that the leader has in memory. */
export type LiveWorkerState = 'active' | 'draining' | 'quarantined' | 'silent';

export interface WorkerSnapshot {
  readonly id: string;
  readonly name: string;
  readonly connected: boolean;
  readonly state: LiveWorkerState;
  /** Null where it is not known. */
  readonly carrier: CarrierName | null;
  readonly box: BoxFacts;
  readonly use: BoxUse | null;
  readonly memoryBytes: number;
  /** Since it was last heard of. */
  readonly silentMs: number;
  /** Until it is tried again; null outside quarantine. */
  readonly quarantinedForMs: number | null;
  /** How the last of the failures that put it there ended; null outside quarantine. */
  readonly quarantinedWhy: string | null;
  /** What it can train with, the best first. */
  readonly numerics: readonly string[];
  readonly slots: number;
  /** What its slots are at: leases that wait there for a slot are not among them. */
  readonly running: readonly SlotSnapshot[];
}

export interface SweepSnapshot {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  /** Of all its trials, which were submitted with one. */
  readonly numerics: string;
  /** Why it was paused, when not by a person. */
  readonly problem: string | null;
  readonly trials: { readonly total: number; readonly done: number; readonly failed: number; readonly infeasible: number; readonly cancelled: number; readonly running: number; readonly waiting: number };
  /** Distinct epochs on the trials' paths as they now stand, and how many are recorded. */
  readonly epochs: { readonly total: number; readonly recorded: number };
  /** `value` and `shortfall` as scores have them. */
  readonly best: { readonly trial: string; readonly number: number; readonly value: number; readonly shortfall: number } | null;
}

export interface LeaderSnapshot {
  readonly sweeps: readonly SweepSnapshot[];
  readonly workers: readonly WorkerSnapshot[];
  /** Ready work by what it waits for. */
  readonly waiting: Waiting;
}

/** `now`: on the leader's clock. */
export function snapshotOf(dispatcher: Dispatcher, now: number): LeaderSnapshot {
  const sweeps = [...dispatcher.board.sweeps.values()].map(sweepSnapshot);
  const workers = [...dispatcher.workers.values()].map((worker) => ({
    ...{ id: worker.id, name: worker.name, connected: worker.peer !== null, state: stateOf(worker), numerics: [...worker.numerics], slots: worker.slots },
    ...{ carrier: worker.carrier, box: worker.box, use: worker.use, memoryBytes: worker.memoryBytes, silentMs: now - worker.seenAt },
    quarantinedForMs: worker.health.until === null ? null : Math.max(0, worker.health.until - now),
    quarantinedWhy: worker.health.until === null ? null : (worker.health.why ?? null),
    running: [...worker.attempts.values()].flatMap((attempt) => (attempt.begunAt === null ? [] : [slotSnapshot(dispatcher, attempt, now - attempt.begunAt)])),
  }));
  return { sweeps, workers, waiting: { ...dispatcher.waiting } };
}

export function stateOf({ peer, draining, health }: WorkerRun): LiveWorkerState {
  if (peer === null) return 'silent';
  if (draining) return 'draining';
  return health.until === null ? 'active' : 'quarantined';
}

function sweepSnapshot(sweep: SweepRun): SweepSnapshot {
  const best = sweep.best === null ? null : { trial: sweep.best.trial.id, number: sweep.best.trial.number, value: sweep.best.score.value, shortfall: sweep.best.score.shortfall };
  const numerics = sweep.trials[0]?.nodes[0]?.trajectory.numerics ?? 'none';
  return { id: sweep.record.id, name: sweep.record.name, state: sweep.state, numerics, problem: sweep.problem, ...countsOf(sweep), best };
}

type Counts = Pick<SweepSnapshot, 'trials' | 'epochs'>;

/** Counting walks all trials and their epochs: at most a tenth of the time goes into it, however many ask how often. */
const REST = 9;
const counted = new WeakMap<SweepRun, { readonly counts: Counts; readonly untilMs: number }>();

function countsOf(sweep: SweepRun): Counts {
  const known = counted.get(sweep);
  const startedMs = performance.now();
  if (known !== undefined && startedMs < known.untilMs) return known.counts;
  const counts = count(sweep);
  const endedMs = performance.now();
  counted.set(sweep, { counts, untilMs: endedMs + REST * (endedMs - startedMs) });
  return counts;
}

function count(sweep: SweepRun): Counts {
  const trials = { total: sweep.trials.length, done: 0, failed: 0, infeasible: 0, cancelled: 0, running: 0, waiting: 0 };
  const keys = new Set<string>();
  let recorded = 0;
  for (const trial of sweep.trials) {
    if (trial.state === 'completed' || trial.state === 'pruned') trials.done += 1;
    else if (trial.state === 'cancelled') trials.cancelled += 1;
    else if (trial.state === 'infeasible') trials.infeasible += 1;
    else if (trial.phase === 'ended') trials.failed += 1;
    else if (trial.state === 'running') trials.running += 1;
    else trials.waiting += 1;
    for (let epoch = 0; epoch < trial.length; epoch += 1) {
      const node = trial.nodes[epoch];
      if (node === undefined || keys.has(node.key)) continue;
      keys.add(node.key);
      if (node.result !== null) recorded += 1;
    }
  }
  return { trials, epochs: { total: keys.size, recorded } };
}

function slotSnapshot(dispatcher: Dispatcher, attempt: Attempt, runningMs: number): SlotSnapshot {
  const goal = goalOf(attempt);
  const waiting = [...dispatcher.board.standingAt(goal), ...dispatcher.board.waitingForEvaluation(goal)];
  const from = attempt.nodes[0]?.epoch ?? 0;
  const next = from + attempt.next;
  // Told when it began, and not since the epochs that were reported after it.
  const progress = attempt.progress !== null && attempt.progress.epoch >= next ? attempt.progress : { epoch: next, step: 0, steps: 0, loss: Number.NaN };
  return {
    ...{ attempt: attempt.id, kind: attempt.kind, sweep: waiting[0]?.sweep.record.id ?? null, trials: waiting.map((trial) => trial.number) },
    ...{ from, to: from + attempt.nodes.length, epoch: progress.epoch, step: progress.step, steps: progress.steps },
    loss: Number.isFinite(progress.loss) ? progress.loss : null,
    runningMs,
  };
}
