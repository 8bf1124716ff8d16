/**
 * The agent of one box: offers become attempts in slots, and what the coordinator says about an
 * attempt reaches it. All that trains runs in the slots' children; nothing here blocks.
 *
 * An attempt is named in every hello from its offer until the coordinator has answered its `finished`
 * (the session's outbox keeps it for as long), so a reconnect or a new leader loses none.
 */
import type { BlobStore } from '../../blob/store.js';
import type { Answer, BoxFacts, BoxUse, Cancel, FollowLog, Hello, Keep, LeaseRef, Offer, Refused, ReliableMessage, RestoreBlob, Welcome } from '../../proto/messages.js';
import { FEATURE_DRAIN, FEATURE_LOG, FEATURE_RESTORE } from '../../proto/messages.js';
import type { Work } from '../../proto/work.js';
import type { Release } from '../data/box-cache.js';
import type { LinkClock } from '../link/clock.js';
import type { Link } from '../link/link.js';
import { WorkerSession, type Report, type SessionHandler } from '../link/session.js';
import { oneLine, RELEASED } from '../train/failure.js';
import { AttemptRun, type AttemptServices } from './attempt-run.js';
import { PLAIN_CHILD } from './child-setup.js';
import type { Inputs } from './inputs.js';
import { Slot, type ChildSetup } from './slot.js';
import { chooseSlot } from './slot-choice.js';

/** As much of a logger as the agent needs. */
export interface AgentLog {
  info(facts: { readonly [fact: string]: unknown }, line: string): void;
  warn(facts: { readonly [fact: string]: unknown }, line: string): void;
}

export interface AgentOptions {
  /** Stable over restarts. */
  readonly id: string;
  readonly name: string;
  readonly slots: number;
  readonly memoryBytes: number;
  readonly slotMemoryBytes: number;
  readonly numerics: readonly string[];
  /** What is told of the box; absent for nothing. */
  readonly box?: BoxFacts;
  readonly use?: () => BoxUse;
  /** Told of everything that is reported, once. */
  readonly onReport?: (report: Report) => void;
  /** Told in one line when the worker is connected, and connected again. */
  readonly tell?: (line: string) => void;
  readonly link: Link;
  readonly blobs: BlobStore;
  readonly inputs: Inputs;
  /** For files between agent and children; theirs alone. */
  readonly folder: string;
  /** The training child's JavaScript file. */
  readonly childModule: string;
  /** How a slot's child is started for a trajectory's numerics; where it is missing, every child is for wasm. */
  readonly childSetup?: (numerics: string, slot: number) => ChildSetup;
  readonly log: AgentLog;
  readonly clock?: LinkClock;
}

interface Waiting {
  readonly lease: LeaseRef;
  readonly work: Work;
  /** Gives back what it keeps on this box. */
  readonly release: Release;
}

/** How long transfers may take to notice that their attempt has ended. */
const STOP_MS = 500;

/** How long a draining agent with nothing left to do waits for the coordinator to take note; and one that has no more time. */
const LAST_WORDS_MS = 15_000;
const HURRIED_WORDS_MS = 3_000;

/** Settles with the promise, or after so much time. */
async function within(ms: number, promise: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([promise, over]);
  clearTimeout(timer);
}

export class Agent implements SessionHandler {
  /** Settles when the coordinator refused this worker for good. */
  readonly refusedForGood: Promise<Refused>;
  /** Settles when a person wants this worker to leave. */
  readonly drainAsked: Promise<void>;
  readonly #options: AgentOptions;
  readonly #slots: readonly Slot[];
  readonly #session: WorkerSession;
  readonly #services: AttemptServices;
  readonly #runs = new Map<string, AttemptRun>();
  /** Offers beyond the free slots, first come first served. */
  #waiting: Waiting[] = [];
  #draining = false;
  #connected = false;
  #wasConnected = false;
  #serial = 0;
  #tellRefused: (refused: Refused) => void = () => undefined;
  #tellDrain: () => void = () => undefined;

  constructor(options: AgentOptions) {
    this.#options = options;
    const { childModule: module, folder, blobs, inputs, log } = options;
    this.#slots = Array.from({ length: options.slots }, (_, index) => new Slot(index, { module, folder }));
    this.#session = new WorkerSession({
      link: options.link,
      hello: () => this.#hello(),
      handler: this,
      ...(options.use === undefined ? {} : { use: options.use }),
      ...(options.clock === undefined ? {} : { clock: options.clock }),
    });
    this.#services = {
      ...{ blobs, inputs, folder, boxMemoryBytes: options.memoryBytes },
      childSetup: options.childSetup ?? (() => PLAIN_CHILD),
      report: (report) => {
        this.#session.report(report);
        options.onReport?.(report);
      },
      mention: (fact) => this.#session.mention(fact),
      note: (line, facts) => log.info(facts, line),
    };
    inputs.whenEvicted((path) => this.#closePixels(path));
    this.refusedForGood = new Promise((resolve) => {
      this.#tellRefused = resolve;
    });
    this.drainAsked = new Promise((resolve) => {
      this.#tellDrain = resolve;
    });
  }

  start(): void {
    this.#session.start();
  }

  /** Whether the coordinator has welcomed it and the session stands. */
  get connected(): boolean {
    return this.#connected;
  }

  /** How many slots are at work. */
  get busySlots(): number {
    return this.#slots.filter(({ busy }) => busy).length;
  }

  /**
   * Gives everything back: what runs ends at its next epoch end with a checkpoint, and is reported.
   * Whatever is not through after `graceMs`, or when `hurry` settles, loses the epoch in progress; that
   * counts as no failure of it.
   */
  async drain(graceMs: number, hurry = new Promise<unknown>(() => undefined)): Promise<void> {
    this.#draining = true;
    for (const run of this.#runs.values()) run.release();
    for (const { lease } of this.#dropWaiting(() => true)) this.#session.report({ kind: 'finished', ...lease, outcome: RELEASED, log: '' });
    const back = this.#giveBack();
    await within(graceMs, Promise.race([back, hurry]));
    const left = [...this.#runs.values()];
    for (const run of left) run.preempt();
    if (left.length > 0) await within(HURRIED_WORDS_MS, back);
    await this.stop();
  }

  /** Ends the session and every child at once. */
  async stop(): Promise<void> {
    this.#draining = true;
    this.#dropWaiting(() => true);
    await this.#session.stop();
    for (const run of this.#runs.values()) run.abandon();
    await Promise.all(this.#slots.map((slot) => slot.endChild()));
    // A transfer that waits for a coordinator that is gone is not waited for: what it left in the home is cleaned up at the next start.
    await within(STOP_MS, Promise.all([...this.#runs.values()].map((run) => run.ended)));
  }

  welcome({ lost }: Welcome): void {
    for (const { attempt } of lost) this.#forget(attempt, 'the coordinator has given its lease to others');
  }

  offer({ attempt, token, work }: Offer): void {
    const known = this.#runs.has(attempt) || this.#waiting.some(({ lease }) => lease.attempt === attempt);
    if (known) return;
    this.#waiting.push({ lease: { attempt, token }, work, release: this.#options.inputs.hold(work) });
    this.#fillSlots();
  }

  answer(answer: Answer, message: ReliableMessage): void {
    const run = this.#runs.get(message.attempt);
    if (run?.lease.token !== message.token) return;
    if (message.kind === 'finished') this.#runs.delete(message.attempt);
    else if (answer.verdict === 'stale') this.#forget(message.attempt, 'its lease is gone');
    else run.answered(answer, message);
  }

  keep({ attempt, epoch }: Keep): void {
    this.#runs.get(attempt)?.keep(epoch);
  }

  cancel({ attempt, how }: Cancel): void {
    if (how === 'abandon') {
      this.#forget(attempt, 'the coordinator ended it');
      return;
    }
    this.#runs.get(attempt)?.release();
    for (const { lease } of this.#dropWaiting((waiting) => waiting.lease.attempt === attempt)) this.#session.report({ kind: 'finished', ...lease, outcome: RELEASED, log: '' });
  }

  refused(refused: Refused): void {
    if (refused.retry) this.#options.log.warn({ code: refused.code }, refused.message);
    else this.#tellRefused(refused);
  }

  /** Of the session: a person asks. What follows is for whoever runs this agent. */
  askedToDrain(): void {
    this.#tellDrain();
  }

  /** Of the session: the store has lost what this box may still have. */
  restore({ blob }: RestoreBlob): void {
    const { inputs, log } = this.#options;
    void inputs.restore(blob).then(
      (had) => (had ? log.info({ blob }, 'put back into the store, which had lost it') : undefined),
      (error: unknown) => log.warn({ blob }, `could not be put back into the store: ${oneLine(error)}`),
    );
  }

  /** Of the session: somebody reads what an attempt of this box prints. */
  follow(follow: FollowLog): void {
    const run = this.#runs.get(follow.attempt);
    if (run?.lease.token === follow.token) run.follow(follow);
  }

  connection(state: 'up' | 'down', why: string): void {
    this.#connected = state === 'up';
    // Whoever still wants to read asks in the new session, and says what has arrived.
    for (const run of this.#runs.values()) run.follow(null);
    if (state === 'up') {
      this.#options.log.info({}, `connected: ${why}`);
      // One that leaves says a last hello, without slots.
      if (!this.#draining) this.#options.tell?.(this.#wasConnected ? 'connected again' : `connected: ${why}`);
      this.#wasConnected = true;
    } else this.#options.log.warn({}, `${this.#wasConnected ? 'connection lost, training goes on' : 'not connected yet, trying again until it is'}: ${why}`);
  }

  /**
   * A session that begins anew with no slots gets no offers, and loses no lease. Then everything that
   * runs is waited for, and everything that was said is answered.
   */
  async #giveBack(): Promise<void> {
    await this.#session.stop();
    this.#session.start();
    await Promise.all([...this.#runs.values()].map((run) => run.ended));
    await within(LAST_WORDS_MS, this.#session.whenAnswered());
  }

  #hello(): Omit<Hello, 'kind' | 'protocol'> {
    const { id, name, memoryBytes, slotMemoryBytes, numerics, box } = this.#options;
    const leases = [...[...this.#runs.values()].map((run) => run.lease), ...this.#waiting.map(({ lease }) => lease)];
    const slots = this.#draining ? 0 : this.#slots.length;
    const waiting = this.#waiting.map(({ lease }) => lease.attempt);
    return { features: [FEATURE_DRAIN, FEATURE_RESTORE, FEATURE_LOG], ...(box === undefined ? {} : { box }), worker: id, name, slots, memoryBytes, slotMemoryBytes, numerics, node: process.version, leases, waiting };
  }

  /** Ends an attempt whose lease is gone; nothing is said of it any more. */
  #forget(attempt: string, why: string): void {
    this.#dropWaiting(({ lease }) => lease.attempt === attempt);
    const run = this.#runs.get(attempt);
    if (run === undefined) return;
    this.#options.log.info({ attempt }, `attempt abandoned: ${why}`);
    this.#runs.delete(attempt);
    run.abandon();
  }

  /** Takes those out that have not begun. */
  #dropWaiting(which: (waiting: Waiting) => boolean): readonly Waiting[] {
    const dropped = this.#waiting.filter(which);
    this.#waiting = this.#waiting.filter((waiting) => !dropped.includes(waiting));
    for (const { release } of dropped) release();
    return dropped;
  }

  /** A child that has nothing to do would keep its open images' bytes on the disk. */
  #closePixels(path: string): void {
    for (const slot of this.#slots) if (!slot.busy && slot.pixels === path) void slot.endChild();
  }

  #fillSlots(): void {
    while (!this.#draining) {
      const next = this.#waiting[0];
      if (next === undefined) return;
      const slot = chooseSlot(
        this.#slots.filter(({ busy }) => !busy),
        next.work,
      );
      if (slot === undefined) return;
      this.#waiting.shift();
      this.#begin(next, slot);
    }
  }

  #begin({ lease, work, release }: Waiting, slot: Slot): void {
    // Alone on the box with all its memory: idle children hold some of it.
    if (work.memoryBytes === null) for (const other of this.#slots) if (!other.busy && other !== slot) void other.endChild();
    slot.busy = true;
    this.#serial += 1;
    const run = new AttemptRun(lease, work, slot, this.#serial, this.#services);
    this.#runs.set(lease.attempt, run);
    void run.start();
    void run.ended.then(() => {
      slot.busy = false;
      release();
      this.#fillSlots();
    });
  }
}
