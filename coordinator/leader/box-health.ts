/** What the leader knows against the boxes of its workers, those that are away among them. */
import type { OutcomeClass } from '../../proto/work.js';
import { afterCoolDown, afterStage, HEALTHY, type BoxHealth } from '../placement/quarantine.js';
import { couldStandIn } from './boxes.js';
import type { Attempt, WorkerRun } from './model.js';
import type { WorkerRequestContext } from './worker-requests.js';

/** So long is remembered what is known against a box that is away: as long as the longest quarantine. */
const REMEMBERED_MS = 4 * 3_600_000;

/** The health of boxes that are away. Of healthy ones nothing is kept. */
export class AbsentBoxes {
  readonly #health = new Map<string, { readonly health: BoxHealth; readonly leftAt: number }>();

  leave({ id, health }: WorkerRun, now: number): void {
    if (health.failed.length > 0 || health.times > 0) this.#health.set(id, { health, leftAt: now });
  }

  comeBack(id: string, now: number): BoxHealth {
    const health = this.#health.get(id)?.health ?? HEALTHY;
    this.#health.delete(id);
    return afterCoolDown(health, now);
  }

  forgetOld(now: number): void {
    for (const [id, { leftAt }] of this.#health) if (now - leftAt >= REMEMBERED_MS) this.#health.delete(id);
  }
}

/** Takes note of how a stage ended at its box. Of one that is away nothing is said before it is back (`noteReturn`). */
export function noteStage(context: WorkerRequestContext, { worker, nodes, sweep, begunAt }: Attempt, outcome: OutcomeClass, message: string): void {
  const first = nodes[0];
  if (first === undefined || begunAt === null) return;
  const spare = [...context.workers.values()].some((other) => couldStandIn(other, worker, sweep));
  const before = worker.health;
  const after = afterStage(before, outcome, first.key, spare, context.now);
  worker.health = before.until === null && after.until !== null ? { ...after, why: `${outcome}: ${message}` } : after;
  if (before.until === null && worker.peer !== null) tellQuarantine(context, worker, { class: outcome, message });
}

/** What was lost with a worker's session or its life was lost at once, and speaks of its box once, however many stages it was at. */
export function noteLoss(context: WorkerRequestContext, attempts: readonly Attempt[], message: string): void {
  const begun = attempts.find(({ begunAt }) => begunAt !== null);
  if (begun !== undefined) noteStage(context, begun, 'WorkerLost', message);
}

/** Tells of a box that is back before its quarantine is over. */
export function noteReturn(context: WorkerRequestContext, worker: WorkerRun): void {
  tellQuarantine(context, worker, { back: true });
}

function tellQuarantine({ writes, now }: WorkerRequestContext, { id, name, health }: WorkerRun, why: Readonly<Record<string, unknown>>): void {
  if (health.until === null) return;
  const detail = { worker: id, name, seconds: Math.round((health.until - now) / 1000), ...why };
  writes.events.push({ type: 'worker.quarantined', sweep: null, trial: null, detail });
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
