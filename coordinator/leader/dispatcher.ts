/**
 * The leader's reducer: messages, sessions and time in; database writes and messages out. It touches no
 * clock, network or database, so whole sweeps run through it in simulated time (test/simulation).
 *
 * One turn: any number of inputs (`received`, `closed`, `tick`, …), then `settle`, then
 * `take`. The caller commits the writes and only then sends the messages; if the commit fails it
 * throws the dispatcher away and loads a new one from the store.
 *
 * Long because all that comes in passes here once, to whoever decides it; what is decided stands in files of its own.
 */
import type { CoordinatorMessage, Progress, ReliableMessage, WorkerMessage } from '../../proto/messages.js';
import type { Leased } from '../access/blob-rights.js';
import type { EpochKey, OutcomeClass } from '../../proto/work.js';
import { joinsAt } from '../placement/fair-share.js';
import { MemoryPeaks } from '../placement/memory.js';
import { keepOf, type EpochNode } from '../stage/forest.js';
import type { FailureCount, OpenAttempt } from '../store/records.js';
import type { TurnWrites } from '../store/turn-writes.js';
import { adoptAttempt } from './adopt.js';
import { Board } from './board.js';
import { AttemptLedger } from './attempt-ledger.js';
import { endQuarantines, noteLoss, noteStage } from './box-health.js';
import { contenderOf, couldStandIn, heldUnder } from './boxes.js';
import { spentWrite } from './budget.js';
import { BudgetClock } from './budget-clock.js';
import { HandOut } from './hand-out.js';
import { FollowedLogs, type LiveLog } from './followed-logs.js';
import { emptyNotes, type TurnNotes, type Waiting } from './notes.js';
import { emptyWrites, goalOf, type Attempt, type Proposed, type SweepFacts, type SweepRun, type WorkerRun } from './model.js';
import type { ProposingOf } from './proposing.js';
import { leasedBy } from './leased-blobs.js';
import { LostBlobs } from './lost-blobs.js';
import { proposalsWanted } from './proposals-wanted.js';
import { answerReport } from './reports.js';
import { Share } from './share.js';
import { drainWorker, releaseWorker } from './worker-requests.js';
import { WorkerRows } from './worker-rows.js';
import { WorkerSessions, type SessionFacts } from './worker-sessions.js';

/** What runs out does so that much later at most. */
export const TICK_MS = 50;

export interface DispatcherOptions {
  readonly leaseTermMs: number;
  readonly heartbeatMs: number;
  readonly checkpointEveryMs: number;
  /** Fresh public ids and lease tokens; injected so that simulations repeat. */
  readonly newId: (prefix: 'att' | 'stg') => string;
  readonly newToken: () => string;
  readonly proposingOf: ProposingOf;
}

export interface Send {
  readonly peer: string;
  readonly message: CoordinatorMessage;
}

export interface TurnOutput {
  readonly writes: TurnWrites;
  readonly notes: TurnNotes;
  readonly sends: readonly Send[];
  /** Peers whose session is over. */
  readonly close: readonly string[];
  /** For the log. */
  readonly warnings: readonly string[];
}

export class Dispatcher {
  readonly board: Board;
  readonly ledger: AttemptLedger;
  readonly peaks = new MemoryPeaks();
  readonly options: DispatcherOptions;
  readonly rows = new WorkerRows();
  readonly sessions = new WorkerSessions(this);
  writes: TurnWrites = emptyWrites();
  notes: TurnNotes = emptyNotes();
  #sends: Send[] = [];
  #close: string[] = [];
  #warnings: string[] = [];
  readonly #lostBlobs = new LostBlobs();
  readonly #logs = new FollowedLogs();
  #tickedAt: number | null = null;
  /** On the leader's clock, of the message or tick at hand. */
  now = 0;
  readonly #clock = new BudgetClock();
  readonly #handOut = new HandOut(this);

  constructor(options: DispatcherOptions) {
    this.options = options;
    this.board = new Board(options.proposingOf, () => this.notes);
    this.ledger = new AttemptLedger();
  }

  /** Takes a sweep in, or its new revision or state, from what the store says. */
  load(facts: SweepFacts, failures: readonly FailureCount[]): void {
    const { id } = facts.record;
    const before = this.board.sweeps.get(id);
    // What runs for it since before it was forgotten, as one that ended and goes on, counts for it still.
    const share = before?.share ?? this.ledger.live().find((attempt) => attempt.sweep?.record.id === id)?.share ?? new Share();
    this.board.removeSweep(id);
    this.ledger.forget(new Set(facts.trials.flatMap((trial) => trial.plan.path)));
    this.ledger.remember(failures);
    const sweep = this.board.addSweep(facts, share, this.writes);
    const stays = before?.state === 'running' && contenderOf(before, this.now).priority === contenderOf(sweep, this.now).priority;
    if (!stays) this.#join(sweep);
    if (before?.record.revision === facts.record.revision) this.#countOn(before, sweep);
    for (const attempt of this.ledger.live()) {
      if (before !== undefined && attempt.payers.has(before)) attempt.payers = new Set([...attempt.payers].map((payer) => (payer === before ? sweep : payer)));
      this.#extendKeep(attempt);
    }
    this.#cancelUnwanted();
  }

  /** The store knows the time up to the last few seconds, which would be lost as often as the sweep is read anew. */
  #countOn({ spent: { ranMs, slotMs } }: SweepRun, sweep: SweepRun): void {
    const { spent } = sweep;
    if (ranMs <= spent.ranMs && slotMs <= spent.slotMs) return;
    spent.ranMs = Math.max(spent.ranMs, ranMs);
    spent.slotMs = Math.max(spent.slotMs, slotMs);
    this.writes.spent.push(spentWrite(sweep));
  }

  /** Forgets a sweep that is not open any more; what still runs for it alone is given back. */
  unload(sweep: string): void {
    const known = this.board.sweeps.get(sweep);
    if (known?.state === 'running' || known?.state === 'paused') {
      this.notes.sweepsStopped += 1;
      this.notes.trialsCancelled += known.open;
    }
    this.board.removeSweep(sweep);
    // What the forest has still is shared with another open sweep, or runs.
    const keys = (known?.trials ?? []).flatMap((trial) => trial.plan.path);
    this.ledger.forget(new Set(keys.filter((key) => this.board.forest.get(key) === undefined)));
    this.#cancelUnwanted();
  }

  /** Ends the leases of a sweep that nobody wants any more, with the epochs in progress; its workers are told. */
  giveBack(sweep: string): void {
    for (const attempt of this.ledger.live()) {
      const isIts = attempt.sweep === null || attempt.sweep.record.id === sweep;
      if (!isIts || this.board.isWanted(goalOf(attempt))) continue;
      this.endAttempt(attempt, 'released', 'its sweep was stopped at once');
      this.send(attempt.worker, { kind: 'cancel', attempt: attempt.id, how: 'abandon' });
    }
  }

  pause(sweep: SweepRun, problem: string | null): void {
    if (sweep.state !== 'running') return;
    this.board.pause(sweep, problem, this.writes);
    this.#cancelUnwanted();
  }

  /** As `proposalsWanted` has it. */
  proposalsWanted(): { readonly sweep: SweepRun; readonly count: number }[] {
    return proposalsWanted(this.board.sweeps.values(), this.workers.values(), this.now);
  }

  /** New trials for a sweep. They count for nothing where it was replaced meanwhile. */
  admit(sweep: SweepRun, proposed: Proposed): void {
    if (sweep.proposing !== null) sweep.proposing.busy = false;
    if (this.board.sweeps.get(sweep.record.id) === sweep) this.board.admit(sweep, proposed, this.writes);
  }

  /** Its sampler cannot go on: the sweep waits for a person. */
  trouble(sweep: SweepRun, problem: string): void {
    if (this.board.sweeps.get(sweep.record.id) === sweep) this.#pauseFor(sweep, problem);
  }

  resume(sweep: SweepRun): void {
    if (sweep.state !== 'paused') return;
    this.board.resume(sweep, this.writes);
    this.#join(sweep);
  }

  /** From now on it takes part among the running sweeps of its priority. */
  #join(sweep: SweepRun): void {
    const running = [...this.board.sweeps.values()].filter(({ state }) => state === 'running').map((other) => contenderOf(other, this.now));
    const own = contenderOf(sweep, this.now);
    const others = running.filter(({ id, priority }) => id !== own.id && priority === own.priority);
    sweep.share.raiseTo(joinsAt(own.usedMs, others.map(({ usedMs }) => usedMs)), this.now);
  }

  /** As `adoptAttempt` has it. */
  adopt(open: OpenAttempt, now: number): void {
    adoptAttempt(this, open, now);
  }

  closed(peer: string): void {
    this.sessions.closed(peer);
  }

  /** As `drainWorker` has it. */
  drain(nameOrId: string, actor: string): boolean {
    return drainWorker(this, nameOrId, actor);
  }

  /** As `releaseWorker` has it. */
  release(nameOrId: string, actor: string): boolean {
    return releaseWorker(this, nameOrId, actor);
  }

  received(peer: string, message: WorkerMessage, now: number, session: SessionFacts | null = null): void {
    this.now = now;
    if (message.kind === 'hello') {
      this.sessions.hello(peer, message, now, session);
      this.#logs.workerCame(message.worker);
      return;
    }
    const worker = this.sessions.workerOf(peer);
    if (worker === undefined) {
      this.#close.push(peer);
      return;
    }
    worker.deadline = now + this.options.leaseTermMs;
    worker.seenAt = now;
    if (message.kind === 'heartbeat') {
      worker.use = message.use ?? null;
      return;
    }
    if (message.kind === 'progress') this.#progress(worker, message);
    else if (message.kind === 'missing') this.#lostBlobs.missing(this, message, worker);
    else if (message.kind === 'log') this.#logs.heard(this, message, worker);
    else this.#report(worker, peer, message);
  }

  get workers(): ReadonlyMap<string, WorkerRun> {
    return this.sessions.workers;
  }

  get checkpointDue(): number {
    return this.now + this.options.leaseTermMs;
  }

  /** Ends what has run out: leases of silent workers, the wait for checkpoints that do not come, sweeps' time. */
  tick(now: number): void {
    this.now = now;
    // All workers and attempts are looked at: not in each of a hundred turns a second.
    if (this.#tickedAt !== null && now - this.#tickedAt < TICK_MS) return;
    this.#tickedAt = now;
    endQuarantines(this);
    this.#logs.tick(this);
    this.rows.tick(this.workers.values(), now, this.writes);
    for (const attempt of this.ledger.live()) this.#forgetOverdue(attempt, now);
    const working = [...this.workers.values()].some((worker) => worker.peer !== null);
    for (const { sweep, end } of this.#clock.tick(this.board.sweeps.values(), this.ledger.live(), working, now, this.writes)) {
      this.board.cutShort(sweep, end, this.writes);
      this.#cancelUnwanted();
    }
    for (const worker of this.workers.values()) {
      if (now < worker.deadline) continue;
      const attempts = [...worker.attempts.values()];
      this.notes.expired += attempts.length;
      this.lose(attempts, `worker ${worker.name} was silent for ${this.options.leaseTermMs / 1000} s`);
      if (worker.peer === null) this.sessions.forget(worker);
    }
    this.sessions.forgetOld(now);
  }

  /** What the leases reach of the workers whose sessions a token opened; null where it opened none. */
  leased(token: string): Leased | null {
    return leasedBy(token, this.workers.values(), (blob) => this.#lostBlobs.isAsked(blob));
  }

  /** As `FollowedLogs` has it. What is to be said to workers goes with the next turn. */
  followLogs(path: ReadonlySet<EpochKey>, now: number): LiveLog[] {
    return this.#logs.follow(this, this.ledger.live(), path, now);
  }

  /** Whether something is to be said to workers. */
  get speaks(): boolean {
    return this.#sends.length > 0;
  }

  /** Ready work by what it waits for, as the last turn left it. */
  get waiting(): Waiting {
    return this.#handOut.waiting;
  }

  /** Hands out what is ready, as far as there is room. */
  settle(now: number): void {
    this.#handOut.settle(now);
    for (const sweep of this.board.sweeps.values()) {
      if (sweep.moved || sweep.state !== 'running') sweep.movedAt = now;
      sweep.movedAt ??= now;
      sweep.moved = false;
    }
  }

  take(): TurnOutput {
    const output = { writes: this.writes, notes: this.notes, sends: this.#sends, close: this.#close, warnings: this.#warnings };
    this.writes = emptyWrites();
    this.notes = emptyNotes();
    this.#sends = [];
    this.#close = [];
    this.#warnings = [];
    return output;
  }

  send(worker: WorkerRun, message: CoordinatorMessage): void {
    if (worker.peer !== null) this.#sends.push({ peer: worker.peer, message });
  }

  /** Tells a session why it is over, and ends it. */
  refuse(peer: string, code: string, message: string): void {
    this.#sends.push({ peer, message: { kind: 'refused', code, message, retry: false } });
    this.#close.push(peer);
  }

  warn(message: string): void {
    this.#warnings.push(message);
  }

  /** A slot of its worker is at it: so is whoever waits for what it trains, who may have come since. */
  begun(attempt: Attempt): void {
    this.ledger.begun(attempt, this.now);
    if (attempt.kind === 'train') this.board.markRunning(goalOf(attempt), this.writes);
  }

  /** Ends a live attempt: its nodes are free, its failure is counted, and what follows is decided. */
  endAttempt(attempt: Attempt, outcome: OutcomeClass, message: string, log = ''): void {
    noteStage(this, attempt, outcome, message);
    this.#end(attempt, outcome, message, log);
  }

  /** Ends what a worker has lost at once. */
  lose(attempts: readonly Attempt[], message: string): void {
    noteLoss(this, attempts, message);
    for (const attempt of attempts) this.#end(attempt, lossOf(attempt), message, '');
  }

  #end(attempt: Attempt, outcome: OutcomeClass, message: string, log: string): void {
    this.notes.ended.push({ kind: attempt.kind, outcome });
    if (outcome === 'CheckpointLost') this.#forgetCheckpoint(attempt);
    const verdict = this.ledger.end(attempt, outcome, () => this.#isLargest(attempt), this.now);
    this.writes.ended.push({ attempt: attempt.id, token: attempt.token, outcome, message, log, beganAfterMs: attempt.begunAt === null ? null : attempt.begunAt - attempt.leasedAt });
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

  /** What the attempt was to begin with is not there any more: it is trained again, from the nearest one before it. */
  #forgetCheckpoint({ kind, nodes }: Attempt): void {
    const node = kind === 'train' ? nodes[0]?.parent : nodes[0];
    if (node === null || node === undefined || node.checkpoint === null) return;
    node.checkpoint = null;
    this.writes.dropped.push(node.key);
  }

  #pauseAll(goal: EpochNode, problem: string): void {
    const trials = [...this.board.standingAt(goal), ...this.board.waitingForEvaluation(goal)];
    for (const sweep of new Set(trials.map((trial) => trial.sweep))) this.#pauseFor(sweep, problem);
  }

  #pauseFor(sweep: SweepRun, problem: string): void {
    if (sweep.state !== 'running') return;
    this.pause(sweep, problem);
    this.writes.sweeps.push({ id: sweep.record.id, state: 'paused', changes: sweep.record.changes });
    this.writes.events.push({ type: 'sweep.paused', sweep: sweep.record.id, trial: null, detail: { problem } });
  }

  #progress(worker: WorkerRun, message: Progress): void {
    const attempt = worker.attempts.get(message.attempt);
    if (attempt === undefined) return;
    const { epoch, step, steps, loss } = message;
    this.begun(attempt);
    attempt.progress = { epoch, step, steps, loss };
    for (const { sweep } of this.board.standingAt(goalOf(attempt))) sweep.moved = true;
  }

  #report(worker: WorkerRun, peer: string, message: ReliableMessage): void {
    const attempt = heldUnder(worker, message);
    const answer = attempt === undefined ? null : answerReport(this, attempt, message);
    // What does not fit its lease cannot be mended by saying it again: the work is given to another attempt.
    if (attempt !== undefined && answer === null) this.endAttempt(attempt, 'WorkerLost', `worker ${worker.name} reported what is not its work`);
    if (answer === null) this.notes.stale += 1;
    const stale = { kind: 'answer', seq: message.seq, verdict: 'stale', next: 'stop', keep: false, evaluate: false } as const;
    this.#sends.push({ peer, message: answer ?? stale });
  }

  /** A checkpoint that has not come one term after its epoch's report was asked for too late. */
  #forgetOverdue(attempt: Attempt, now: number): void {
    for (const [epoch, due] of attempt.due) {
      if (now < due) continue;
      attempt.due.delete(epoch);
      attempt.keep.delete(epoch);
      const node = attempt.nodes.find((candidate) => candidate.epoch === epoch);
      if (node !== undefined) this.board.reconsider(node);
    }
  }

  /** Whether no connected box of the same numerics, that its sweep may use, has more memory: what does not fit there fits nowhere. */
  #isLargest({ worker, sweep }: Attempt): boolean {
    return [...this.workers.values()].every((other) => !couldStandIn(other, worker, sweep) || other.memoryBytes <= worker.memoryBytes);
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

/** An offer that was never taken up is no worker's death. */
function lossOf(attempt: Attempt): 'released' | 'WorkerLost' {
  return attempt.begunAt === null ? 'released' : 'WorkerLost';
}
