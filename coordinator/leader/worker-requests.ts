/** What people ask of single workers. */
import { CodedError } from '../../proto/coded-error.js';
import { FEATURE_DRAIN, type CoordinatorMessage } from '../../proto/messages.js';
import { HEALTHY } from '../placement/quarantine.js';
import type { TurnWrites } from '../store/turn-writes.js';
import type { WorkerRun } from './model.js';
import type { WorkerRows } from './worker-rows.js';

export class WorkerNotFound extends CodedError {
  readonly code = 'WorkerNotFound';
  constructor(worker: string) {
    super(`no worker with the name or id ${worker} is connected; \`trawl workers\` lists them`);
  }
}

export class WorkerAmbiguous extends CodedError {
  readonly code = 'WorkerAmbiguous';
  constructor(worker: string, ids: readonly string[]) {
    super(`${ids.length} workers have the name ${worker}: say which by its id, one of ${ids.join(', ')}`);
  }
}

export interface WorkerRequestContext {
  readonly workers: ReadonlyMap<string, WorkerRun>;
  readonly writes: TurnWrites;
  /** On the leader's clock. */
  readonly now: number;
  readonly rows: WorkerRows;
  send(worker: WorkerRun, message: CoordinatorMessage): void;
}

/** It gives everything back with its last checkpoints; nothing more is offered to it. Returns whether it leaves then, too. Throws WorkerNotFound, WorkerAmbiguous. */
export function drainWorker(context: WorkerRequestContext, nameOrId: string, actor: string): boolean {
  const worker = findWorker(context, nameOrId);
  const leaves = worker.features.has(FEATURE_DRAIN);
  if (worker.draining) return leaves;
  worker.draining = true;
  context.rows.askToLeave(worker, actor, context.writes);
  context.writes.events.push({ type: 'worker.draining', sweep: null, trial: null, detail: { worker: worker.id, name: worker.name, stages: worker.attempts.size }, actor });
  askToDrain(context, worker);
  return leaves;
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

/** Ends its quarantine, as if nothing had failed. Returns whether there was one. Throws WorkerNotFound, WorkerAmbiguous. */
export function releaseWorker(context: WorkerRequestContext, nameOrId: string, actor: string): boolean {
  const worker = findWorker(context, nameOrId);
  if (worker.health.until === null) return false;
  worker.health = HEALTHY;
  context.writes.events.push({ type: 'worker.released', sweep: null, trial: null, detail: { worker: worker.id, name: worker.name }, actor });
  return true;
}

function findWorker({ workers }: WorkerRequestContext, nameOrId: string): WorkerRun {
  const connected = [...workers.values()].filter(({ peer }) => peer !== null);
  const found = connected.filter(({ id, name }) => id === nameOrId || name === nameOrId);
  const [first] = found;
  if (first === undefined) throw new WorkerNotFound(nameOrId);
  if (found.length > 1) throw new WorkerAmbiguous(nameOrId, found.map(({ id }) => id));
  return first;
}
