/** Which worker speaks in which session, what is agreed when one opens or ends, and which workers are known. */
import { PROTOCOL_VERSION, type Hello } from '../../proto/messages.js';
import type { Peer } from '../dispatch/carrier.js';
import { AbsentBoxes, noteReturn } from './box-health.js';
import { heldUnder, newWorker } from './boxes.js';
import type { AttemptLedger } from './attempt-ledger.js';
import type { Attempt, WorkerRun } from './model.js';
import { askToDrain, type WorkerRequestContext } from './worker-requests.js';

/** As far as the leader's decisions go. */
export type SessionFacts = Pick<Peer, 'carrier' | 'openedBy'>;

export interface WorkerSessionsContext extends WorkerRequestContext {
  readonly ledger: AttemptLedger;
  readonly options: { readonly leaseTermMs: number; readonly heartbeatMs: number };
  /** Ends attempts that were lost with a session. */
  lose(attempts: readonly Attempt[], message: string): void;
  /** Tells a session why it is over, and ends it. */
  refuse(peer: string, code: string, message: string): void;
  /** For the log. */
  warn(message: string): void;
}

export class WorkerSessions {
  readonly workers = new Map<string, WorkerRun>();
  readonly #context: WorkerSessionsContext;
  readonly #peers = new Map<string, WorkerRun>();
  readonly #absent = new AbsentBoxes();

  constructor(context: WorkerSessionsContext) {
    this.#context = context;
  }

  /** Undefined before its hello, and after its session gave way to another. */
  workerOf(peer: string): WorkerRun | undefined {
    return this.#peers.get(peer);
  }

  /** The worker with this id, known from now on; it is waited for one more term. */
  worker(id: string, now: number): WorkerRun {
    const deadline = now + this.#context.options.leaseTermMs;
    const worker = this.workers.get(id) ?? newWorker(id, now, deadline, this.#absent.comeBack(id, now));
    worker.deadline = deadline;
    this.workers.set(id, worker);
    return worker;
  }

  forget(worker: WorkerRun): void {
    this.workers.delete(worker.id);
    this.#absent.leave(worker, this.#context.now);
  }

  /** Call in every tick. */
  forgetOld(now: number): void {
    this.#absent.forgetOld(now);
  }

  hello(peer: string, hello: Hello, now: number, session: SessionFacts | null): void {
    const context = this.#context;
    const { rows } = context;
    if (hello.protocol !== PROTOCOL_VERSION) {
      const message = `the worker speaks protocol ${hello.protocol}, this coordinator ${PROTOCOL_VERSION}; install the same version of trawl on both`;
      context.refuse(peer, 'ProtocolVersion', message);
      return;
    }
    const isBack = !this.workers.has(hello.worker);
    const worker = this.worker(hello.worker, now);
    if (worker.peer !== null && worker.peer !== peer) this.#giveWay(worker.id, worker.peer);
    if (worker.name !== hello.name || worker.peer === null) this.#lookForName(worker.id, hello.name);
    Object.assign(worker, { carrier: session?.carrier ?? null, openedBy: session?.openedBy ?? null, features: new Set(hello.features), box: hello.box ?? worker.box, seenAt: now });
    Object.assign(worker, { name: hello.name, peer, slots: hello.slots, memoryBytes: hello.memoryBytes, slotMemoryBytes: hello.slotMemoryBytes, numerics: new Set(hello.numerics) });
    this.#peers.set(peer, worker);
    rows.lookWhetherItLeaves(worker);
    // One that has given up its slots leaves; one that has some again was started anew.
    if (worker.slots > 0) worker.draining = rows.isAskedToLeave(worker);
    const lost = this.#agreeOnLeases(worker, hello);
    this.#describe(worker, true);
    if (isBack) noteReturn(context, worker);
    const { leaseTermMs, heartbeatMs } = context.options;
    context.send(worker, { kind: 'welcome', leaseTermMs, heartbeatMs, lost });
    // The order may have been lost with the session before.
    if (worker.draining && worker.slots > 0) askToDrain(context, worker);
  }

  closed(peer: string): void {
    const worker = this.#peers.get(peer);
    this.#peers.delete(peer);
    if (worker?.peer !== peer) return;
    worker.peer = null;
    this.#context.rows.lookWhetherItLeaves(worker);
    this.#describe(worker, false);
    // It has left as it was asked to.
    if (worker.draining && worker.attempts.size === 0) this.forget(worker);
  }

  /** What the worker does not name any more it has lost; returns the leases that it names and does not hold. */
  #agreeOnLeases(worker: WorkerRun, hello: Hello): Hello['leases'] {
    const context = this.#context;
    const held = new Set(hello.leases.filter((lease) => heldUnder(worker, lease) !== undefined).map((lease) => lease.attempt));
    const waiting = new Set(hello.waiting);
    context.lose([...worker.attempts.values()].filter(({ id }) => !held.has(id)), `worker ${hello.name} came back without it`);
    for (const attempt of worker.attempts.values()) {
      if (waiting.has(attempt.id)) context.ledger.waits(attempt);
      else context.ledger.begun(attempt, context.now);
    }
    return hello.leases.filter((lease) => heldUnder(worker, lease) === undefined);
  }

  /**
   * Of two sessions of one id the newer holds. The older is mostly a connection that broke without a word;
   * where it is a worker on a copied home, the two would take each other's place for ever.
   */
  #giveWay(worker: string, peer: string): void {
    this.#peers.delete(peer);
    const message = `another worker with the id ${worker} has come and holds it now: the two have one home, or a copy of it; give each a home of its own with --home DIR`;
    this.#context.refuse(peer, 'WorkerReplaced', message);
  }

  /** Two of one name are two workers; people who look for one would find the other. */
  #lookForName(id: string, name: string): void {
    const others = [...this.workers.values()].filter((other) => other.peer !== null && other.name === name && other.id !== id);
    if (others.length > 0) this.#context.warn(`workers ${[...others.map((other) => other.id), id].join(' and ')} have one name, ${name}; tell them apart with --name`);
  }

  #describe(worker: WorkerRun, connected: boolean): void {
    const { id, name, slots } = worker;
    const { rows, writes } = this.#context;
    rows.write(worker, writes);
    writes.events.push({ type: connected ? 'worker.connected' : 'worker.disconnected', sweep: null, trial: null, detail: { worker: id, name, slots } });
  }
}
