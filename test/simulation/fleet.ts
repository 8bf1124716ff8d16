/**
 * A fleet in simulated time: the real dispatcher, a store that checks every guard, and workers that
 * train, fall silent, come back and repeat themselves as a seeded generator says.
 */
import assert from 'node:assert/strict';
import type { CoordinatorMessage, Offer, WorkerMessage } from '../../proto/messages.js';
import type { EpochResult, EvaluationResult, OutcomeClass, TrainWork } from '../../proto/work.js';
import { Dispatcher } from '../../coordinator/leader/dispatcher.js';
import type { RecordedEpoch, RecordedEvaluation } from '../../coordinator/store/records.js';
import type { GrantWrite, SpentWrite, TurnWrites } from '../../coordinator/store/turn-writes.js';
import { moveSweep, moveTrial, type SweepState, type TrialState } from '../../coordinator/trial/states.js';
import { factsOf, idOf, type SimSweep } from './sweeps.js';

export interface FleetOptions {
  readonly sweep: SimSweep;
  readonly workers: number;
  readonly slots: number;
  /** Uniform in [0, 1): decides orders and faults. */
  readonly random: () => number;
  /** Chance that a step of a worker is a crash, a silence, or a repeated message. */
  readonly faults: number;
  /** Epochs that are recorded before the sweep begins. */
  readonly history?: readonly RecordedEpoch[];
  /** The epoch that does not fit beside others; none where absent. */
  readonly outOfMemory?: string;
  /** Checkpoints of these epochs are gone when a stage is first to begin with them. */
  readonly lost?: readonly string[];
  /** Result of an epoch by key; the same on every box, as on the deterministic engine. */
  readonly resultOf: (key: string, epoch: number) => EpochResult;
}

const TERM = 1000;
const SPEED = 0.7;

function isAtRest(state: SweepState | undefined): boolean {
  return state === 'completed' || state === 'failed' || state === 'stopped';
}

interface Running {
  readonly offer: Offer;
  next: number;
  /** `waiting`: for a free slot of its worker. */
  state: 'waiting' | 'running' | 'stopping';
  readonly keep: Set<number>;
}

interface SimWorker {
  readonly id: string;
  peer: string | null;
  generation: number;
  silentUntil: number;
  readonly running: Map<string, Running>;
  seq: number;
  /** Chance that a stage comes to its next epoch within a step. */
  speed: number;
}

/** Runs sweeps to their end and holds what the store saw. */
export class SimFleet {
  readonly recorded = new Map<string, RecordedEpoch>();
  readonly retrained: string[] = [];
  readonly trialStates = new Map<string, { state: TrialState; epochs: number | null; bestEpoch: number | null; until?: number }>();
  readonly sweepStates = new Map<string, SweepState>();
  /** By sweep, as the store keeps it. */
  readonly spent = new Map<string, SpentWrite>();
  readonly grants: GrantWrite[] = [];
  readonly events: string[] = [];
  now = 0;
  dispatcher: Dispatcher;
  readonly #sweeps = new Map<string, SimSweep>();
  readonly #evaluations: RecordedEvaluation[] = [];
  readonly #leased = new Map<string, GrantWrite>();
  readonly #options: FleetOptions;
  readonly #workers: SimWorker[];
  readonly #lost: Set<string>;
  #ids = 0;

  constructor(options: FleetOptions) {
    this.#options = options;
    this.#lost = new Set((options.lost ?? []).map((key) => `blob-${key}`));
    this.dispatcher = this.#newDispatcher();
    for (const epoch of options.history ?? []) this.recorded.set(epoch.key, epoch);
    this.#workers = Array.from({ length: options.workers }, (_, index) => ({ id: `wrk_${index}`, peer: null, generation: 0, silentUntil: 0, running: new Map<string, Running>(), seq: 0, speed: SPEED }));
    this.submit(options.sweep);
  }

  submit(sweep: SimSweep): void {
    this.#sweeps.set(idOf(sweep), sweep);
    this.#load(sweep);
  }

  /** The leader is gone with all its memory; another one leads from what is committed. */
  failover(): void {
    this.dispatcher = this.#newDispatcher();
    for (const worker of this.#workers) worker.peer = null;
    for (const [id, sweep] of this.#sweeps) if (!isAtRest(this.sweepStates.get(id))) this.#load(sweep);
    for (const open of this.#leased.values()) this.dispatcher.adopt(open, this.now);
  }

  /** Leases that the store holds. */
  get open(): readonly GrantWrite[] {
    return [...this.#leased.values()];
  }

  hasCheckpoint(key: string): boolean {
    return (this.recorded.get(key)?.checkpoint ?? null) !== null;
  }

  #load(sweep: SimSweep): void {
    const facts = factsOf(sweep);
    const trials = facts.trials.map((trial) => ({ ...trial, ...this.trialStates.get(trial.id) }));
    const keys = new Set(sweep.paths.flat());
    const epochs = [...this.recorded.values()].filter(({ key }) => keys.has(key));
    const spent = this.spent.get(facts.record.id);
    const used = spent === undefined ? {} : { spent: { ranMs: spent.ranMs, slotMs: spent.slotMs, epochs: spent.epochs, sinceBest: spent.sinceBest }, endedBy: spent.endedBy };
    this.dispatcher.load({ record: { ...facts.record, ...used, state: this.sweepStates.get(facts.record.id) ?? 'running' }, trials, epochs, evaluations: this.#evaluations }, []);
  }

  #newDispatcher(): Dispatcher {
    return new Dispatcher({
      leaseTermMs: TERM,
      heartbeatMs: TERM / 5,
      checkpointEveryMs: 30_000,
      newId: (prefix) => `${prefix}_${(this.#ids += 1)}`,
      proposingOf: () => null,
      newToken: () => `t${(this.#ids += 1)}`,
    });
  }

  run(maxTurns = 200_000): void {
    for (let turn = 0; turn < maxTurns; turn += 1) {
      this.step();
      if (!this.isRunning()) return;
    }
    assert.fail(`the sweep did not end in ${maxTurns} turns: ${this.#workers.map((w) => w.running.size).join()} running, ${[...this.dispatcher.board.sweeps.values()].reduce((sum, { ready }) => sum + ready.length, 0)} ready`);
  }

  isRunning(): boolean {
    return [...this.#sweeps.keys()].some((id) => !isAtRest(this.sweepStates.get(id)));
  }

  /** Ten simulated milliseconds. */
  step(): void {
    this.now += 10;
    if (this.#options.random() < this.#options.faults / 4) this.failover();
    for (const worker of this.#workers) this.#act(worker);
    this.turn();
  }

  turn(): void {
    this.dispatcher.tick(this.now);
    this.dispatcher.settle(this.now);
    const output = this.dispatcher.take();
    this.#commit(output.writes);
    for (const peer of output.close) {
      for (const worker of this.#workers) if (worker.peer === peer) worker.peer = null;
    }
    for (const { peer, message } of output.sends) {
      const worker = this.#workerAt(peer);
      if (worker !== undefined) this.#deliver(worker, message);
    }
  }

  /** Peers are named WORKER#SESSION. */
  #workerAt(peer: string): SimWorker | undefined {
    const worker = this.#workers[Number(peer.slice('wrk_'.length, peer.indexOf('#')))];
    return worker?.peer === peer ? worker : undefined;
  }

  /** Now and then a session is cut with an offer on its way. */
  #deliver(worker: SimWorker, message: CoordinatorMessage): void {
    if (message.kind === 'offer' && this.#options.random() < this.#options.faults) {
      if (worker.peer !== null) this.dispatcher.closed(worker.peer);
      worker.peer = null;
    } else {
      this.#receive(worker, message);
    }
  }

  #commit(writes: TurnWrites): void {
    const guard = (write: { attempt: string; token: string }): void => {
      assert.equal(this.#leased.get(write.attempt)?.token, write.token, `a write of ${write.attempt} without its lease`);
    };
    for (const write of writes.epochs) {
      guard(write);
      assert.ok(!this.recorded.has(write.key), `epoch ${write.key} recorded twice`);
      assert.ok(write.parent === null || this.recorded.has(write.parent), `epoch ${write.key} before its parent`);
      this.recorded.set(write.key, { key: write.key, result: write.result, seconds: 0, params: 0, msPerImage: null, attempt: write.attempt, checkpoint: null, recordedAt: new Date(0), recordedSeq: this.recorded.size });
    }
    for (const write of writes.retrained) {
      guard(write);
      this.retrained.push(write.key);
    }
    for (const write of writes.checkpoints) {
      guard(write);
      this.#setCheckpoint(write.key, write.blob);
    }
    for (const key of writes.dropped) this.#setCheckpoint(key, null);
    for (const write of writes.evaluations) {
      guard(write);
      this.#evaluations.push({ key: write.key, part: write.part, result: write.result });
    }
    for (const write of writes.ended) {
      guard(write);
      this.#leased.delete(write.attempt);
    }
    for (const grant of writes.grants) {
      this.#leased.set(grant.attempt, grant);
      this.grants.push(grant);
    }
    for (const { id, state, epochs, bestEpoch, until } of writes.trials) {
      this.trialStates.set(id, { state: moveTrial(this.trialStates.get(id)?.state ?? 'queued', state), epochs, bestEpoch, ...(until === null ? {} : { until }) });
    }
    for (const sweep of writes.sweeps) this.sweepStates.set(sweep.id, moveSweep(this.sweepStates.get(sweep.id) ?? 'running', sweep.state));
    for (const spent of writes.spent) this.spent.set(spent.id, spent);
    for (const event of writes.events) this.events.push(event.type);
  }

  #setCheckpoint(key: string, checkpoint: string | null): void {
    const epoch = this.recorded.get(key);
    assert.ok(epoch, `a checkpoint of ${key}, which is not recorded`);
    this.recorded.set(key, { ...epoch, checkpoint });
  }

  #receive(worker: SimWorker, message: CoordinatorMessage): void {
    if (message.kind === 'offer') {
      const keep = new Set(message.work.kind === 'train' ? message.work.keep : []);
      worker.running.set(message.attempt, { offer: message, next: message.work.kind === 'train' ? message.work.from : 0, state: 'waiting', keep });
    } else if (message.kind === 'keep') {
      worker.running.get(message.attempt)?.keep.add(message.epoch);
    } else if (message.kind === 'cancel') {
      const running = worker.running.get(message.attempt);
      if (running?.state === 'waiting') this.#finish(worker, running, 'released');
      else if (running !== undefined) running.state = 'stopping';
    }
  }

  #act(worker: SimWorker): void {
    const { random, faults } = this.#options;
    if (this.now < worker.silentUntil) return;
    if (worker.peer === null) {
      this.#hello(worker);
      return;
    }
    if (random() < faults) {
      this.#break(worker);
      return;
    }
    this.#say(worker, { kind: 'heartbeat' });
    const inSlots = [...worker.running.values()].slice(0, this.#options.slots);
    for (const running of inSlots) {
      if (running.state === 'waiting') this.#begin(worker, running);
      if (random() < worker.speed) this.#step(worker, running);
    }
  }

  #hello(worker: SimWorker): void {
    worker.generation += 1;
    worker.peer = `${worker.id}#${worker.generation}`;
    const held = [...worker.running.values()];
    const leases = held.map(({ offer }) => ({ attempt: offer.attempt, token: offer.token }));
    const waiting = held.filter(({ state }) => state === 'waiting').map(({ offer }) => offer.attempt);
    this.#say(worker, {
      ...{ kind: 'hello', protocol: 1, features: [], worker: worker.id, name: worker.id, slots: this.#options.slots, memoryBytes: 1e9, slotMemoryBytes: 1e8 },
      ...{ numerics: ['sim'], node: 'sim', leases, waiting },
    });
  }

  /** Of a worker: 0 for one that hangs. */
  setSpeed(index: number, speed: number): void {
    const worker = this.#workers[index];
    if (worker !== undefined) worker.speed = speed;
  }

  /** The worker's agent is gone with all its work; it comes back with nothing. */
  crash(index: number): void {
    const worker = this.#workers[index];
    if (worker === undefined) return;
    worker.running.clear();
    if (worker.peer !== null) this.dispatcher.closed(worker.peer);
    worker.peer = null;
  }

  /** A crash of the agent (its work is gone), or silence past the lease (its work goes on and comes late). */
  #break(worker: SimWorker): void {
    if (this.#options.random() < 0.5) {
      this.crash(this.#workers.indexOf(worker));
    } else {
      worker.silentUntil = this.now + TERM * 2 * this.#options.random();
    }
  }

  #say(worker: SimWorker, message: WorkerMessage): void {
    if (worker.peer !== null) this.dispatcher.received(worker.peer, message, this.now);
  }

  /** As an agent does: from here on its loss is a worker's. */
  #begin(worker: SimWorker, running: Running): void {
    running.state = 'running';
    this.#say(worker, { kind: 'progress', attempt: running.offer.attempt, epoch: running.next, step: 0, steps: 0, loss: Number.NaN });
  }

  #step(worker: SimWorker, running: Running): void {
    const { offer } = running;
    const { work } = offer;
    if (work.checkpoint !== null && this.#lost.delete(work.checkpoint)) {
      this.#finish(worker, running, 'CheckpointLost');
      return;
    }
    if (work.kind === 'evaluate') {
      for (const part of work.parts) this.#evaluation(worker, running, work.key, part);
      this.#finish(worker, running, 'done');
      return;
    }
    const epoch = running.next;
    const key = work.keys[epoch - work.from] ?? '';
    if (key === this.#options.outOfMemory && work.memoryBytes !== null) {
      this.#finish(worker, running, 'OutOfMemory');
      return;
    }
    const result = this.#options.resultOf(key, epoch);
    const report: WorkerMessage = { kind: 'epoch', seq: (worker.seq += 1), attempt: offer.attempt, token: offer.token, epoch, key, result, cost: { seconds: 0.01, steps: 1, params: 10, msPerImage: null } };
    const before = this.#answer(worker, report);
    if (this.#options.random() < this.#options.faults) this.#answer(worker, report);
    if (before.verdict === 'stale') {
      worker.running.delete(offer.attempt);
      return;
    }
    running.next += 1;
    const last = running.next === work.to || before.next === 'stop' || running.state === 'stopping' || result.diverged;
    if (running.keep.has(epoch) || (epoch >= work.awaitFrom && before.keep) || running.state === 'stopping') this.#checkpoint(worker, running, work, epoch, key);
    if (work.evaluate.includes(epoch) || before.evaluate) for (const part of ['val', 'test'] as const) this.#evaluation(worker, running, key, part);
    if (last) this.#finish(worker, running, running.state === 'stopping' && running.next < work.to ? 'released' : 'done');
  }

  #checkpoint(worker: SimWorker, { offer }: Running, _work: TrainWork, epoch: number, key: string): void {
    this.#say(worker, { kind: 'checkpoint', seq: (worker.seq += 1), attempt: offer.attempt, token: offer.token, epoch, key, blob: `blob-${key}`, bytes: 1 });
  }

  #evaluation(worker: SimWorker, { offer }: Running, key: string, part: 'val' | 'test'): void {
    const result: EvaluationResult = { metrics: { loss: 1, accuracy: 0.5, auc: 0.5 }, confusion: [[1, 0], [0, 1]], probabilities: 'p' };
    this.#say(worker, { kind: 'evaluation', seq: (worker.seq += 1), attempt: offer.attempt, token: offer.token, key, part, result });
  }

  #finish(worker: SimWorker, { offer }: Running, outcome: OutcomeClass): void {
    worker.running.delete(offer.attempt);
    this.#say(worker, { kind: 'finished', seq: (worker.seq += 1), attempt: offer.attempt, token: offer.token, outcome: { class: outcome, message: '', neededBytes: null }, log: '' });
  }

  /** Says a report and reads its answer: the commit happens right away, as for a worker that waits. */
  #answer(worker: SimWorker, message: WorkerMessage & { readonly seq: number }): { verdict: string; next: string; keep: boolean; evaluate: boolean } {
    this.#say(worker, message);
    const output = this.dispatcher.take();
    this.#commit(output.writes);
    let mine = { verdict: 'stale', next: 'stop', keep: false, evaluate: false };
    for (const { peer, message: sent } of output.sends) {
      if (sent.kind === 'answer' && sent.seq === message.seq && peer === worker.peer) mine = sent;
      else {
        const other = this.#workerAt(peer);
        if (other !== undefined) this.#deliver(other, sent);
      }
    }
    return mine;
  }
}
