/** The live attempts, and the failures that count against the spans they began. */
import type { EpochKey, OutcomeClass } from '../../proto/work.js';
import { isStateless } from '../stage/forest.js';
import type { FailureCount } from '../store/records.js';
import { afterFailure, type Verdict } from '../trial/retry.js';
import type { Attempt } from './model.js';

const NOWHERE: ReadonlySet<string> = new Set();

export class AttemptLedger {
  readonly #live = new Map<string, Attempt>();
  /** By kind, first key and class. */
  readonly #failures = new Map<string, { readonly key: EpochKey; readonly count: number }>();
  readonly #alone = new Set<EpochKey>();
  /** Workers at which stages that begin with a key have failed under this leader. */
  readonly #failedAt = new Map<EpochKey, Set<string>>();

  live(): Attempt[] {
    return [...this.#live.values()];
  }

  /**
   * What the store counted before this leader. Lost workers do not carry over: what ended a leader (a
   * restart of the box, say) ended its workers too, and speaks of none of their stages.
   */
  remember(counts: readonly FailureCount[]): void {
    for (const { kind, key, class: failure, count } of counts) {
      if (failure === 'WorkerLost') continue;
      this.#failures.set(`${kind} ${key} ${failure}`, { key, count });
      if (failure === 'OutOfMemory') this.#alone.add(key);
    }
  }

  /** Failures at these keys count no more: who submits or retries tries anew. */
  forget(keys: ReadonlySet<EpochKey>): void {
    for (const [name, { key }] of this.#failures) if (keys.has(key)) this.#failures.delete(name);
    for (const key of this.#alone) if (keys.has(key)) this.#alone.delete(key);
    for (const key of this.#failedAt.keys()) if (keys.has(key)) this.#failedAt.delete(key);
  }

  failedAt(start: EpochKey): ReadonlySet<string> {
    return this.#failedAt.get(start) ?? NOWHERE;
  }

  needsAlone(start: EpochKey): boolean {
    return this.#alone.has(start);
  }

  begin(attempt: Attempt): void {
    this.#live.set(attempt.id, attempt);
    const { worker, share } = attempt;
    share.lease();
    worker.attempts.set(attempt.id, attempt);
    if (attempt.begunAt === null) countWaiting(attempt, 1);
    else share.begin(attempt.begunAt);
    if (attempt.alone) worker.alone += 1;
    for (const node of attempt.nodes) {
      if (attempt.kind === 'train') node.spans.push(attempt);
      if (attempt.evaluate.has(node.epoch)) node.evaluating += 1;
    }
  }

  /** A slot of its worker is at it. */
  begun(attempt: Attempt, now: number): void {
    if (attempt.begunAt !== null) return;
    countWaiting(attempt, -1);
    attempt.begunAt = now;
    attempt.share.begin(now);
  }

  /** It waits for a slot of its worker. */
  waits(attempt: Attempt): void {
    if (attempt.begunAt === null) return;
    attempt.share.unbegin(attempt.begunAt);
    attempt.begunAt = null;
    countWaiting(attempt, 1);
  }

  /** Asks a live attempt to evaluate one of its epochs as well. */
  evaluateToo(attempt: Attempt, epoch: number): void {
    const node = attempt.nodes.find((candidate) => candidate.epoch === epoch);
    if (node === undefined || attempt.evaluate.has(epoch)) return;
    attempt.evaluate.add(epoch);
    node.evaluating += 1;
  }

  /** Frees the nodes; for a failure, counts it and says what follows, else null. `onLargest`: no box has more memory. */
  end(attempt: Attempt, outcome: OutcomeClass, onLargest: () => boolean, now: number): Verdict | null {
    this.#live.delete(attempt.id);
    attempt.share.end(attempt.begunAt, now);
    attempt.worker.attempts.delete(attempt.id);
    if (attempt.begunAt === null) countWaiting(attempt, -1);
    if (attempt.alone) attempt.worker.alone -= 1;
    for (const node of attempt.nodes) {
      node.spans = node.spans.filter((span) => span !== attempt);
      if (attempt.evaluate.has(node.epoch)) node.evaluating -= 1;
      if (!isStateless(node.trajectory)) node.lastWorker = attempt.worker.id;
    }
    const first = attempt.nodes[0];
    if (outcome === 'done' || outcome === 'released' || outcome === 'Preempted' || first === undefined) return null;
    this.#failedAt.set(first.key, new Set(this.#failedAt.get(first.key)).add(attempt.worker.id));
    const name = `${attempt.kind} ${first.key} ${outcome}`;
    const count = (this.#failures.get(name)?.count ?? 0) + 1;
    this.#failures.set(name, { key: first.key, count });
    const verdict = afterFailure(outcome, count, attempt.alone && onLargest());
    if (verdict === 'retryAlone') this.#alone.add(first.key);
    return verdict;
  }
}

function countWaiting({ worker, expectedMs }: Attempt, change: 1 | -1): void {
  worker.waiting += change;
  // Sums of fractions drift: with nothing there, it is nothing.
  worker.waitingMs = worker.waiting === 0 ? 0 : worker.waitingMs + change * expectedMs;
}
