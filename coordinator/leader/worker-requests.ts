/** What people ask of single workers, and boxes that are given no more work because what they are given fails. */
import { FEATURE_DRAIN, type CoordinatorMessage } from '../../proto/messages.js';
import type { OutcomeClass } from '../../proto/work.js';
import { afterCoolDown, afterStage, HEALTHY } from '../placement/quarantine.js';
import type { TurnWrites } from '../store/store.js';
import { isOpen } from './boxes.js';
import type { Attempt, WorkerRun } from './model.js';

export class WorkerNotFound extends Error {
  readonly code = 'WorkerNotFound';
  constructor(worker: string) {
    super(`no worker with the name or id ${worker} is connected; \`trawl workers\` lists them`);
    this.name = 'WorkerNotFound';
  }
}

export class WorkerAmbiguous extends Error {
  readonly code = 'WorkerAmbiguous';
  constructor(worker: string, ids: readonly string[]) {
    super(`${ids.length} workers have the name ${worker}: say which by its id, one of ${ids.join(', ')}`);
    this.name = 'WorkerAmbiguous';
  }
}

export interface WorkerRequestContext {
  readonly workers: ReadonlyMap<string, WorkerRun>;
  readonly writes: TurnWrites;
  /** On the leader's clock. */
  readonly now: number;
  send(worker: WorkerRun, message: CoordinatorMessage): void;
}

/** It gives everything back with its last checkpoints and leaves; nothing more is offered to it. Throws WorkerNotFound, WorkerAmbiguous. */
export function drainWorker(context: WorkerRequestContext, nameOrId: string, actor: string): void {
  const worker = findWorker(context, nameOrId);
  if (worker.draining) return;
  worker.draining = true;
  context.writes.events.push({ type: 'worker.draining', sweep: null, trial: null, detail: { worker: worker.id, name: worker.name, stages: worker.attempts.size }, actor });
  askToDrain(context, worker);
}

/** A worker that does not know the message only gives back what it has, and stays. */
export function askToDrain(context: Pick<WorkerRequestContext, 'send'>, worker: WorkerRun): void {
  if (worker.features.has(FEATURE_DRAIN)) {
    context.send(worker, { kind: 'drain' });
    return;
  }
  for (const attempt of worker.attempts.values()) {
    attempt.cancelled = true;
    context.send(worker, { kind: 'cancel', attempt: attempt.id, how: 'release' });
  }
}

/** Ends its quarantine, as if nothing had failed. Throws WorkerNotFound, WorkerAmbiguous. */
export function releaseWorker(context: WorkerRequestContext, nameOrId: string, actor: string): void {
  const worker = findWorker(context, nameOrId);
  if (worker.health.until === null) return;
  worker.health = HEALTHY;
  context.writes.events.push({ type: 'worker.released', sweep: null, trial: null, detail: { worker: worker.id, name: worker.name }, actor });
}

/** Takes note of how a stage ended at its box. */
export function noteStage(context: WorkerRequestContext, { worker, nodes, begunAt }: Attempt, outcome: OutcomeClass, message: string): void {
  const first = nodes[0];
  if (first === undefined || begunAt === null) return;
  const spare = [...context.workers.values()].some((other) => other !== worker && isOpen(other) && other.slots > 0 && [...worker.numerics].every((name) => other.numerics.has(name)));
  const before = worker.health;
  worker.health = afterStage(before, outcome, first.key, spare, context.now);
  const { until } = worker.health;
  if (until === null || before.until !== null) return;
  const detail = { worker: worker.id, name: worker.name, seconds: Math.round((until - context.now) / 1000), class: outcome, message };
  context.writes.events.push({ type: 'worker.quarantined', sweep: null, trial: null, detail });
}

/** Boxes whose quarantine is over are tried again. */
export function endQuarantines({ workers, writes, now }: WorkerRequestContext): void {
  for (const worker of workers.values()) {
    if (worker.health.until === null) continue;
    worker.health = afterCoolDown(worker.health, now);
    if (worker.health.until !== null) continue;
    writes.events.push({ type: 'worker.released', sweep: null, trial: null, detail: { worker: worker.id, name: worker.name, coolDown: true } });
  }
}

function findWorker({ workers }: WorkerRequestContext, nameOrId: string): WorkerRun {
  const connected = [...workers.values()].filter(({ peer }) => peer !== null);
  const found = connected.filter(({ id, name }) => id === nameOrId || name === nameOrId);
  const [first] = found;
  if (first === undefined) throw new WorkerNotFound(nameOrId);
  if (found.length > 1) throw new WorkerAmbiguous(nameOrId, found.map(({ id }) => id));
  return first;
}
