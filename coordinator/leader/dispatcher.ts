/**
 * The leader's reducer: messages, sessions and time in; database writes and messages out. It touches no
 * clock, network or database, so whole sweeps run through it in simulated time (test/simulation).
 *
 * One turn: any number of inputs (`received`, `opened`, `closed`, `tick`, …), then `settle`, then
 * `take`. The caller commits the writes and only then sends the messages; if the commit fails it
 * throws the dispatcher away and loads a new one from the store.
 */
import type { CoordinatorMessage, Hello, LeaseRef, Progress, ReliableMessage, WorkerMessage } from '../../proto/messages.js';
import { PROTOCOL_VERSION } from '../../proto/messages.js';
import type { EpochKey, OutcomeClass } from '../../proto/work.js';
import { hasRoom, place, type Box } from '../placement/place.js';
import { cutSpan, isStateless, keepOf, startFor, type EpochNode } from '../stage/forest.js';
import type { FailureCount, OpenAttempt, TurnWrites } from '../store/store.js';
import { Board, type SweepFacts } from './board.js';
import { AttemptLedger } from './attempt-ledger.js';
import { BudgetClock } from './budget-clock.js';
import { emptyWrites, goalOf, type Attempt, type SweepRun, type WorkerRun } from './model.js';
import type { ReadyItem } from './ready-queue.js';
import { answerReport } from './reports.js';
import { evaluateWork, trainWork } from './work.js';

export interface DispatcherOptions {
  readonly leaseTermMs: number;
  readonly heartbeatMs: number;
  readonly checkpointEveryMs: number;
  /** Fresh public ids and lease tokens; injected so that simulations repeat. */
  readonly newId: (prefix: 'att' | 'stg') => string;
  readonly newToken: () => string;
}

export interface Send {
  readonly peer: string;
  readonly message: CoordinatorMessage;
}

export interface TurnOutput {
  readonly writes: TurnWrites;
  readonly sends: readonly Send[];
  /** Peers whose session is over. */
  readonly close: readonly string[];
}

export class Dispatcher {
  readonly board = new Board();
  readonly workers = new Map<string, WorkerRun>();
  readonly ledger: AttemptLedger;
  readonly options: DispatcherOptions;
  writes: TurnWrites = emptyWrites();
  #sends: Send[] = [];
  #close: string[] = [];
  readonly #peers = new Map<string, WorkerRun>();
  readonly #clock = new BudgetClock();

  constructor(options: DispatcherOptions) {
    this.options = options;
    this.ledger = new AttemptLedger();
  }

  /** Takes a sweep in, or its new revision or state, from what the store says. */
  load(facts: SweepFacts, failures: readonly FailureCount[]): void {
    this.board.removeSweep(facts.record.id);
    this.ledger.remember(failures);
    this.board.addSweep(facts, this.writes);
    for (const attempt of this.ledger.live()) this.#extendKeep(attempt);
  }

  unload(sweep: string): void {
    this.board.removeSweep(sweep);
    this.#cancelUnwanted();
  }

  pause(sweep: SweepRun, problem: string | null): void {
    if (sweep.state !== 'running') return;
    this.board.pause(sweep, problem, this.writes);
    this.#cancelUnwanted();
  }

  resume(sweep: SweepRun): void {
    if (sweep.state === 'paused') this.board.resume(sweep, this.writes);
  }

  /** An attempt leased by a former leader: it gets one full term, whether its worker is heard of or not. */
  adopt(open: OpenAttempt, now: number): void {
    const nodes = open.keys.map((key) => this.board.forest.get(key)).filter((node) => node !== undefined);
    const worker = this.#worker(open.worker, now);
    const base = { id: open.attempt, token: open.token, kind: open.kind, worker, alone: open.alone, grantedAt: now, adopted: true };
    const next = open.kind === 'train' ? nodes.filter((node) => node.result !== null).length : 0;
    const attempt: Attempt = { ...base, nodes, next, keep: keepOf(nodes), evaluate: new Set(), cancelled: false, progress: null };
    if (nodes.length < open.keys.length) {
      this.writes.ended.push({ attempt: open.attempt, token: open.token, outcome: 'released', message: 'no open sweep wants it any more' });
      return;
    }
    this.ledger.begin(attempt);
  }

  closed(peer: string): void {
    const worker = this.#peers.get(peer);
    this.#peers.delete(peer);
    if (worker?.peer !== peer) return;
    worker.peer = null;
    this.#describe(worker, false);
  }

  received(peer: string, message: WorkerMessage, now: number): void {
    if (message.kind === 'hello') {
      this.#hello(peer, message, now);
      return;
    }
    const worker = this.#peers.get(peer);
    if (worker === undefined) {
      this.#close.push(peer);
      return;
    }
    worker.deadline = now + this.options.leaseTermMs;
    if (message.kind === 'heartbeat') return;
    if (message.kind === 'progress') this.#progress(worker, message);
    else this.#report(worker, peer, message);
  }

  /** Ends the leases of workers that were silent for a whole term, and sweeps whose time is over. */
  tick(now: number): void {
    const working = [...this.workers.values()].some((worker) => worker.peer !== null);
    for (const sweep of this.#clock.tick(this.board.sweeps.values(), working, now, this.writes)) {
      this.board.cutShort(sweep, this.writes);
      this.#cancelUnwanted();
    }
    for (const worker of this.workers.values()) {
      if (now < worker.deadline) continue;
      for (const attempt of [...worker.attempts.values()]) {
        this.endAttempt(attempt, 'WorkerLost', `worker ${worker.name} was silent for ${this.options.leaseTermMs / 1000} s`);
      }
      if (worker.peer === null) this.workers.delete(worker.id);
    }
  }

  /** Hands out what is ready, as far as there is room. */
  settle(now: number): void {
    const listens = (worker: WorkerRun): boolean => worker.peer !== null && now < worker.deadline;
    const boxes = new Map([...this.workers.values()].filter(listens).map((worker) => [worker.id, boxOf(worker)]));
    const aside: ReadyItem[] = [];
    let open = [...boxes.values()].filter(hasRoom);
    while (open.length > 0) {
      const item = this.board.ready.take();
      if (item === undefined) break;
      if (!this.board.isReady(item)) continue;
      const start = startNode(item);
      const alone = this.ledger.needsAlone(start.key);
      const near = start.parent?.lastWorker ?? null;
      const placement = place({ key: start.key, numerics: start.trajectory.numerics, alone, near }, alone ? [...boxes.values()] : open);
      const worker = placement.kind === 'wait' ? undefined : this.workers.get(placement.box);
      if (placement.kind === 'place' && worker !== undefined) {
        worker.reservedFor = null;
        this.#grant(item, start, worker, alone, now);
      } else {
        if (placement.kind === 'reserve' && worker !== undefined) worker.reservedFor = start.key;
        aside.push(item);
      }
      if (worker === undefined) continue;
      boxes.set(worker.id, boxOf(worker));
      open = [...boxes.values()].filter(hasRoom);
    }
    for (const item of aside) this.board.ready.push(item);
  }

  take(): TurnOutput {
    const output = { writes: this.writes, sends: this.#sends, close: this.#close };
    this.writes = emptyWrites();
    this.#sends = [];
    this.#close = [];
    return output;
  }

  send(worker: WorkerRun, message: CoordinatorMessage): void {
    if (worker.peer !== null) this.#sends.push({ peer: worker.peer, message });
  }

  /** Ends a live attempt: its nodes are free, its failure is counted, and what follows is decided. */
  endAttempt(attempt: Attempt, outcome: OutcomeClass, message: string): void {
    const verdict = this.ledger.end(attempt, outcome);
    this.writes.ended.push({ attempt: attempt.id, token: attempt.token, outcome, message });
    const goal = goalOf(attempt);
    if (verdict !== null) {
      const sweep = this.board.standingAt(goal)[0]?.sweep ?? this.board.waitingForEvaluation(goal)[0]?.sweep ?? null;
      const detail = { attempt: attempt.id, worker: attempt.worker.id, class: outcome, message, epoch: goal.epoch, verdict };
      this.writes.events.push({ type: 'attempt.failed', sweep: sweep?.record.id ?? null, trial: null, detail });
      if (verdict === 'fail' || verdict === 'infeasible') {
        this.board.fail(goal, verdict === 'fail' ? 'failed' : 'infeasible', { class: outcome, message }, this.writes);
      } else if (verdict === 'pause') {
        this.#pauseAll(goal, message);
      }
    }
    for (const node of attempt.nodes) this.board.reconsider(node);
  }

  #pauseAll(goal: EpochNode, problem: string): void {
    const trials = [...this.board.standingAt(goal), ...this.board.waitingForEvaluation(goal)];
    for (const sweep of new Set(trials.map((trial) => trial.sweep))) {
      if (sweep.state !== 'running') continue;
      this.pause(sweep, problem);
      this.writes.sweeps.push({ id: sweep.record.id, state: 'paused' });
      this.writes.events.push({ type: 'sweep.paused', sweep: sweep.record.id, trial: null, detail: { problem } });
    }
  }

  #hello(peer: string, hello: Hello, now: number): void {
    if (hello.protocol !== PROTOCOL_VERSION) {
      const message = `the worker speaks protocol ${hello.protocol}, this coordinator ${PROTOCOL_VERSION}; install the same version of trawl on both`;
      this.#sends.push({ peer, message: { kind: 'refused', code: 'ProtocolVersion', message, retry: false } });
      this.#close.push(peer);
      return;
    }
    const worker = this.#worker(hello.worker, now);
    if (worker.peer !== null && worker.peer !== peer) this.#close.push(worker.peer);
    if (worker.peer !== null) this.#peers.delete(worker.peer);
    Object.assign(worker, { name: hello.name, peer, slots: hello.slots, memoryBytes: hello.memoryBytes, slotMemoryBytes: hello.slotMemoryBytes, numerics: new Set(hello.numerics) });
    this.#peers.set(peer, worker);
    const held = new Set(hello.leases.map((lease) => lease.attempt));
    for (const attempt of [...worker.attempts.values()]) {
      if (!held.has(attempt.id)) this.endAttempt(attempt, 'WorkerLost', `worker ${hello.name} came back without it`);
    }
    const lost = hello.leases.filter((lease) => this.#held(worker, lease) === undefined);
    this.#describe(worker, true);
    this.send(worker, { kind: 'welcome', leaseTermMs: this.options.leaseTermMs, heartbeatMs: this.options.heartbeatMs, lost });
  }

  #worker(id: string, now: number): WorkerRun {
    const known = this.workers.get(id);
    const deadline = now + this.options.leaseTermMs;
    if (known !== undefined) {
      known.deadline = deadline;
      return known;
    }
    const worker: WorkerRun = {
      ...{ id, name: id, peer: null, slots: 0, memoryBytes: 0, slotMemoryBytes: 0, numerics: new Set<string>() },
      ...{ attempts: new Map<string, Attempt>(), deadline, reservedFor: null },
    };
    this.workers.set(id, worker);
    return worker;
  }

  #describe(worker: WorkerRun, connected: boolean): void {
    const { id, name, slots, memoryBytes } = worker;
    this.writes.workers.push({ id, name, slots, memoryBytes, numerics: [...worker.numerics], connected });
    this.writes.events.push({ type: connected ? 'worker.connected' : 'worker.disconnected', sweep: null, trial: null, detail: { worker: id, name, slots } });
  }

  #held(worker: WorkerRun, lease: LeaseRef): Attempt | undefined {
    const attempt = worker.attempts.get(lease.attempt);
    return attempt?.token === lease.token ? attempt : undefined;
  }

  #progress(worker: WorkerRun, message: Progress): void {
    const attempt = worker.attempts.get(message.attempt);
    if (attempt === undefined) return;
    const { epoch, step, steps, loss } = message;
    attempt.progress = { epoch, step, steps, loss };
  }

  #report(worker: WorkerRun, peer: string, message: ReliableMessage): void {
    const attempt = this.#held(worker, message);
    const answer = attempt === undefined ? null : answerReport(this, attempt, message);
    const stale = { kind: 'answer', seq: message.seq, verdict: 'stale', next: 'stop', keep: false, evaluate: false } as const;
    this.#sends.push({ peer, message: answer ?? stale });
  }

  #grant(item: ReadyItem, start: EpochNode, worker: WorkerRun, alone: boolean, now: number): void {
    const { board, options } = this;
    const nodes = item.kind === 'train' ? cutSpan(start, item.node) : [item.node];
    const trials = [...board.standingAt(item.node), ...board.waitingForEvaluation(item.node)].filter((trial) => trial.sweep.state === 'running');
    const ids = { id: options.newId('att'), token: options.newToken() };
    const keep = item.kind === 'train' ? keepOf(nodes) : new Set<number>();
    const evaluate = new Set<number>();
    const last = nodes.at(-1);
    if (board.waitingForEvaluation(item.node).length > 0) evaluate.add(item.node.epoch);
    else if (last !== undefined && trials.some((trial) => endsAt(trial, last))) evaluate.add(last.epoch);
    const attempt: Attempt = { ...ids, kind: item.kind, worker, alone, nodes, next: 0, keep, evaluate, grantedAt: now, adopted: false, cancelled: false, progress: null };
    this.ledger.begin(attempt);
    if (item.kind === 'train') board.markRunning(item.node, this.writes);
    const keys: readonly EpochKey[] = nodes.map((node) => node.key);
    this.writes.grants.push({ attempt: ids.id, token: ids.token, stage: options.newId('stg'), worker: worker.id, kind: item.kind, keys, from: start.epoch, alone });
    const limits = { memoryBytes: alone ? null : worker.slotMemoryBytes, checkpointEveryMs: options.checkpointEveryMs };
    const work = item.kind === 'train' ? trainWork(attempt, trials, limits) : evaluateWork(item.node, trials, limits);
    this.send(worker, { kind: 'offer', attempt: ids.id, token: ids.token, work });
  }

  /** A new sweep may branch off within a leased span: its attempt is asked to keep those epochs too. */
  #extendKeep(attempt: Attempt): void {
    if (attempt.kind !== 'train') return;
    for (const epoch of keepOf(attempt.nodes)) {
      const node = attempt.nodes.find((candidate) => candidate.epoch === epoch);
      if (attempt.keep.has(epoch) || node === undefined || attempt.nodes.indexOf(node) < attempt.next) continue;
      attempt.keep.add(epoch);
      this.send(attempt.worker, { kind: 'keep', attempt: attempt.id, epoch });
    }
  }

  #cancelUnwanted(): void {
    for (const attempt of this.ledger.live()) {
      if (attempt.cancelled || this.board.isWanted(goalOf(attempt))) continue;
      attempt.cancelled = true;
      this.send(attempt.worker, { kind: 'cancel', attempt: attempt.id, how: 'release' });
    }
  }
}

function startNode(item: ReadyItem): EpochNode {
  if (item.kind === 'evaluate') return item.node;
  const start = startFor(item.node);
  return start.kind === 'from' ? start.node : item.node;
}

function boxOf(worker: WorkerRun): Box {
  const attempts = [...worker.attempts.values()];
  return {
    ...{ id: worker.id, slots: worker.slots, busy: attempts.length, numerics: worker.numerics, reservedFor: worker.reservedFor },
    exclusive: attempts.some((attempt) => attempt.alone),
  };
}

/** Whether this epoch will surely be the trial's chosen one: it is the last, and no better one is kept instead. */
function endsAt(trial: { readonly sweep: SweepRun; readonly nodes: readonly EpochNode[]; readonly length: number }, node: EpochNode): boolean {
  if (trial.sweep.rule.stop?.restoreBest === true || isStateless(node.trajectory)) return false;
  return trial.nodes[trial.length - 1] === node && trial.sweep.parts.some((part) => !node.evaluations.has(part));
}
