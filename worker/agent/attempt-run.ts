/**
 * One attempt in one slot: fetch what it begins with, give the order to the slot's child, carry its
 * news to the session and its files to the blob store, and end with exactly one `finished`, or, when
 * the lease is gone, with none.
 *
 * Order that holds whatever happens: an epoch's report leaves before its checkpoint's, and `finished`
 * leaves after everything that was handed over is in the blob store.
 */
import { randomBytes } from 'node:crypto';
import type { BlobStore, StoredBlob } from '../../blob/store.js';
import type { Answer, FollowLog, LeaseRef, LogText, MissingBlob, Progress, ReliableMessage } from '../../proto/messages.js';
import { isClassifier, isProgram, type EpochKey, type Outcome, type Work } from '../../proto/work.js';
import type { Report } from '../link/session.js';
import { oneLine, outcomeOf, RELEASED } from '../train/failure.js';
import type { FromChild, Order, OrderFinished, PartEvaluated } from '../train/protocol.js';
import { stateSignature } from '../train/signature.js';
import type { ChildExit, SupervisedChild } from './child-process.js';
import { PLAIN_CHILD, programSetup } from './child-setup.js';
import { outcomeOfExit } from './exit-outcome.js';
import { removeFiles } from './files.js';
import { outcomeOfInputs, type Inputs, type Prepared } from './inputs.js';
import { endMarked } from './left-behind.js';
import { MemoryWatch } from './memory-watch.js';
import { LogFollower } from './log-follower.js';
import type { OomKills } from './oom-kills.js';
import { groupBytes, peakResidentBytes, residentBytes } from './process-facts.js';
import { continues } from './slot-choice.js';
import type { ChildListener, ChildSetup, Slot } from './slot.js';
import { Uploads } from './uploads.js';

export interface AttemptServices {
  readonly blobs: BlobStore;
  readonly inputs: Inputs;
  /** Where the child hands files over. */
  readonly folder: string;
  readonly boxMemoryBytes: number;
  /** How a slot's child is started for a trajectory's numerics. */
  readonly childSetup: (numerics: string, slot: number) => ChildSetup;
  readonly report: (report: Report) => void;
  /** Said now or never. */
  readonly mention: (fact: Progress | MissingBlob | LogText) => void;
  /** A line for the log of this box. */
  readonly note: (line: string, facts: { readonly [fact: string]: unknown }) => void;
}

/** A warm child above this share of the limit before it has begun is replaced: what it holds is somebody else's. */
const CROWDED_SHARE = 0.5;

/** A program may be many processes, which takes some time to look at. */
const LOOK_AT_GROUP_MS = 1_000;

/** Of what was printed, so much is told at the end: it stands in a row of the store. */
const TOLD_LOG = 8_000;

export class AttemptRun implements ChildListener {
  readonly lease: LeaseRef;
  readonly work: Work;
  /** Settles when the slot is free for another attempt. */
  readonly ended: Promise<void>;
  readonly #services: AttemptServices;
  readonly #slot: Slot;
  readonly #prefix: string;
  readonly #setup: ChildSetup;
  readonly #gone = new AbortController();
  readonly #uploads: Uploads;
  readonly #follower: LogFollower;
  readonly #limitBytes: number;
  #end: () => void = () => undefined;
  #child: SupervisedChild | null = null;
  /** Bytes that the child had printed when it got its order: they speak of earlier ones. */
  #printedBefore = 0;
  /** Settles when the child that the agent itself ended is gone. */
  #killed: Promise<void> | null = null;
  #watch: MemoryWatch | null = null;
  /** Whether the child's peak of memory is this attempt's alone: a warm child's may be that of an earlier one. */
  #measures = false;
  /** Of the kernel, since the child has its order. */
  #oomKills: Promise<OomKills | null> = Promise.resolve(null);
  #timer: NodeJS.Timeout | undefined;
  #released = false;
  /** Epochs to keep that were named after the offer; the child may not have begun yet. */
  readonly #keptLater: number[] = [];
  /** Why the agent itself ended the child. */
  #verdict: Outcome | null = null;
  #closing = false;
  #saved: { readonly epoch: number; readonly blob: string } | null = null;

  constructor(lease: LeaseRef, work: Work, slot: Slot, serial: number, services: AttemptServices) {
    this.lease = { attempt: lease.attempt, token: lease.token };
    this.work = work;
    this.#slot = slot;
    this.#services = services;
    // Not the attempt's id: that is somebody else's text, and this becomes a file's name.
    this.#prefix = `attempt${serial}-`;
    const setup = setupFor(work, slot, services);
    if ('refusal' in setup) this.#verdict = setup.refusal;
    this.#setup = 'refusal' in setup ? PLAIN_CHILD : setup;
    this.#limitBytes = work.memoryBytes ?? services.boxMemoryBytes;
    this.#uploads = new Uploads(services.blobs, this.#gone.signal, (error) => this.#fail(uploadOutcome(error)));
    this.#follower = new LogFollower({
      printed: (from, most) => this.#printed(from, most),
      tell: (from, text) => services.mention({ kind: 'log', ...this.lease, from, text }),
    });
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  /** Never rejects: every failure is an outcome. */
  async start(): Promise<void> {
    // Says that the offer has arrived: from here on its end is an outcome, and not a lost message.
    const epoch = this.work.kind === 'train' ? this.work.from : this.work.epoch;
    this.#services.mention({ kind: 'progress', attempt: this.lease.attempt, epoch, step: 0, steps: 0, loss: Number.NaN });
    const warm = this.#isWarm();
    let prepared: Prepared;
    try {
      prepared = await this.#services.inputs.prepare(this.work, {
        warm,
        name: `${this.#prefix}start`,
        missing: (blob) => this.#services.mention({ kind: 'missing', blob }),
        wanted: () => !this.#gone.signal.aborted && !this.#released,
      });
      if (!warm) await this.#makeRoom();
    } catch (error) {
      await this.#close(this.#released ? RELEASED : outcomeOfInputs(error));
      return;
    }
    if (this.#gone.signal.aborted) await this.#close(null);
    else if (this.#verdict !== null || this.#released) await this.#close(this.#verdict ?? RELEASED);
    // The warm child died meanwhile, and the state with it.
    else if (warm && !this.#isWarm()) await this.start();
    else this.#order(prepared);
  }

  /** The coordinator's word on an epoch. The child needs to hear only what changes its course. */
  answered(answer: Answer, message: ReliableMessage): void {
    if (message.kind !== 'epoch' || this.work.kind !== 'train' || this.#closing) return;
    const { next, keep, evaluate } = answer;
    if (message.epoch < this.work.awaitFrom && next === 'continue') return;
    this.#child?.send({ kind: 'answer', attempt: this.lease.attempt, epoch: message.epoch, next, keep, evaluate });
  }

  keep(epoch: number): void {
    this.#keptLater.push(epoch);
    this.#child?.send({ kind: 'keep', attempt: this.lease.attempt, epoch });
  }

  /** Somebody wants to read what its child prints, as it prints it; null: nobody any more. */
  follow(asked: FollowLog | null): void {
    if (asked === null || this.#gone.signal.aborted) this.#follower.stop();
    // While it closes too: checkpoints may be on their way for long, and its last words are told after them.
    else this.#follower.follow(asked);
  }

  /** Give the lease back at the next epoch end, with a checkpoint. */
  release(): void {
    this.#released = true;
    this.#child?.send({ kind: 'release', attempt: this.lease.attempt });
  }

  /** The box has no more time: the epoch in progress is lost, which is no failure of the attempt. */
  preempt(): void {
    this.#released = true;
    this.#fail({ class: 'Preempted', message: 'the worker had to leave before the end of the epoch', neededBytes: null });
  }

  /** The lease is gone: end at once and say nothing more about it. */
  abandon(): void {
    if (this.#gone.signal.aborted) return;
    this.#gone.abort();
    this.#follower.stop();
    this.#endChild();
  }

  messages(messages: readonly unknown[]): void {
    for (const message of messages as readonly FromChild[]) {
      if (message.attempt !== this.lease.attempt || this.#gone.signal.aborted) continue;
      try {
        this.#hear(message);
      } catch (error) {
        this.#fail({ class: 'TrainableError', message: `the training process said something unexpected: ${oneLine(error)}`, neededBytes: null });
      }
    }
  }

  exited(exit: ChildExit): void {
    void this.#concludeExit(exit);
  }

  async #concludeExit(exit: ChildExit): Promise<void> {
    const oomKill = exit.signal === 'SIGKILL' && ((await (await this.#oomKills)?.happened()) ?? false);
    const log = this.#child?.log.text(this.#printedBefore) ?? exit.log;
    const outcome = this.#verdict ?? outcomeOfExit({ ...exit, log }, oomKill);
    this.#services.note('a training process ended', { attempt: this.lease.attempt, code: exit.code, signal: exit.signal, class: outcome.class, log: exit.log.slice(-2_000) });
    await this.#close(outcome);
  }

  /** Whether the slot's child holds the state to begin with. */
  #isWarm(): boolean {
    return this.#slot.hasChild && continues(this.#slot.held, this.work);
  }

  #order(prepared: Prepared): void {
    const before = this.#slot.pid;
    const child = this.#slot.listen(this, this.#setup);
    this.#child = child;
    this.#printedBefore = child.log.totalBytes;
    this.#slot.held = null;
    if (prepared.pixels !== null) this.#slot.pixels = prepared.pixels.path;
    const { attempt } = this.lease;
    const base = { attempt, ...prepared, folder: this.#services.folder, prefix: this.#prefix, memoryBytes: this.#limitBytes };
    const order: Order = this.work.kind === 'train' ? { kind: 'train', work: this.work, ...base } : { kind: 'evaluate', work: this.work, ...base };
    child.send(order);
    for (const epoch of this.#keptLater) child.send({ kind: 'keep', attempt, epoch });
    const { timeoutMs } = this.work;
    if (timeoutMs !== null) {
      const message = `the stage took longer than its limit of ${timeoutMs / 1000} s`;
      this.#timer = setTimeout(() => this.#fail({ class: 'Timeout', message, neededBytes: null }), timeoutMs);
    }
    if (child.pid !== undefined) {
      this.#oomKills = this.#slot.oomKills(child.pid);
      this.#measures = child.pid !== before;
    }
    const isGroup = this.#setup.mark !== undefined;
    this.#watch = new MemoryWatch({
      limitBytes: this.#limitBytes,
      measure: async () => (child.pid === undefined ? null : isGroup ? groupBytes(child.pid) : residentBytes(child.pid)),
      ...(isGroup ? { everyMs: LOOK_AT_GROUP_MS } : {}),
      exceeded: (bytes) => this.#fail(overLimit(bytes, this.#limitBytes)),
    });
  }

  #hear(message: FromChild): void {
    switch (message.kind) {
      case 'progress':
        this.#services.mention({ ...message, loss: message.loss ?? Number.NaN });
        return;
      case 'epoch': {
        const { epoch, result, cost } = message;
        this.#report({ kind: 'epoch', ...this.lease, epoch, key: this.#keyOf(epoch), result, cost });
        return;
      }
      case 'state':
        this.#uploads.add(message.path, (blob) => this.#checkpointStored(message.epoch, blob));
        return;
      case 'evaluated':
        this.#uploads.add(message.path, (blob) => this.#evaluationStored(message, blob));
        return;
      case 'finished':
        void this.#finished(message);
    }
  }

  #checkpointStored(epoch: number, blob: StoredBlob): void {
    this.#saved = { epoch, blob: blob.id };
    this.#report({ kind: 'checkpoint', ...this.lease, epoch, key: this.#keyOf(epoch), blob: blob.id, bytes: blob.bytes });
  }

  #evaluationStored({ epoch, part, metrics, confusion }: PartEvaluated, blob: StoredBlob): void {
    const result = { metrics, confusion, probabilities: blob.id };
    this.#report({ kind: 'evaluation', ...this.lease, key: this.#keyOf(epoch), part, result });
  }

  async #finished({ outcome, holds }: OrderFinished): Promise<void> {
    await this.#uploads.settled();
    const { trajectory } = this.work;
    const saved = this.#saved !== null && this.#saved.epoch === holds ? this.#saved.blob : null;
    const blob = this.work.kind === 'evaluate' ? this.work.checkpoint : saved;
    if (holds !== null && blob !== null && trajectory.trainable === 'image-classifier' && this.#slot.hasChild) {
      this.#slot.held = { blob, signature: stateSignature(trajectory) };
    }
    const { pid } = this.#slot;
    const peak = pid !== undefined && isClassifier(trajectory) && this.#measures ? await peakResidentBytes(pid) : null;
    const inPeace = outcome.class === 'done' || outcome.class === 'released';
    // After a CUDA error, say, nothing works any more in its process.
    if (!inPeace) this.#fail(outcome);
    else if (this.#setup.mark !== undefined) this.#endChild();
    await this.#close(this.#verdict ?? (inPeace ? { ...outcome, neededBytes: peak } : outcome));
  }

  /** Ends the attempt from our side; the child's exit closes it. */
  #fail(outcome: Outcome): void {
    if (this.#verdict !== null || this.#gone.signal.aborted) return;
    this.#verdict = outcome;
    this.#endChild();
  }

  #endChild(): void {
    if (this.#child?.alive === true) this.#killed ??= this.#slot.endChild();
  }

  /** Once, whatever comes first: reports `finished` unless the lease is gone, and frees the slot. */
  async #close(outcome: Outcome | null): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    clearTimeout(this.#timer);
    this.#watch?.stop();
    await this.#uploads.settled();
    await this.#killed;
    if (this.#setup.mark !== undefined) await endMarked(this.#setup.mark);
    // Whole files only: what a dying child had half written is not taken up.
    if (outcome?.class !== 'done' || this.work.checkpoint !== null || isProgram(this.work.trajectory)) await removeFiles(this.#services.folder, this.#prefix);
    const final = this.#verdict ?? outcome;
    this.#follower.end();
    if (final !== null) this.#report({ kind: 'finished', ...this.lease, outcome: final, log: this.#endOfLog() });
    // The child is the next attempt's now.
    this.#child = null;
    this.#slot.unlisten();
    this.#end();
  }

  /** Of what the child printed for this attempt. */
  #printed(from: number, most: number): { readonly from: number; readonly bytes: Uint8Array } {
    if (this.#child === null) return { from, bytes: new Uint8Array() };
    const printed = this.#child.log.since(this.#printedBefore + from, most);
    return { from: printed.from - this.#printedBefore, bytes: printed.bytes };
  }

  #endOfLog(): string {
    return this.#child?.log.text(this.#printedBefore).slice(-TOLD_LOG) ?? '';
  }

  /** Nothing is said of an attempt whose lease is gone; what cannot be said at all ends it. */
  #report(report: Report): void {
    if (this.#gone.signal.aborted) return;
    try {
      this.#services.report(report);
    } catch (error) {
      const message = `what the trainable reported cannot be sent: ${oneLine(error)}`;
      this.#fail({ class: 'TrainableError', message, neededBytes: null });
    }
  }

  /** Throws RangeError for an epoch that the work does not name. */
  #keyOf(epoch: number): EpochKey {
    if (this.work.kind === 'evaluate') return this.work.key;
    const key = this.work.keys[epoch - this.work.from];
    if (key === undefined) throw new RangeError(`epoch ${epoch} is not in [${this.work.from}, ${this.work.to})`);
    return key;
  }

  async #makeRoom(): Promise<void> {
    if (!this.#slot.serves(this.#setup)) await this.#slot.endChild();
    const { pid } = this.#slot;
    if (pid === undefined || this.work.trajectory.trainable === 'synthetic') return;
    const bytes = await residentBytes(pid);
    if (bytes !== null && bytes > CROWDED_SHARE * this.#limitBytes) await this.#slot.endChild();
  }
}

/** Work of numerics that this worker has not is an outcome of the attempt, whoever sent it here. */
function setupFor(work: Work, slot: Slot, { childSetup }: AttemptServices): ChildSetup | { readonly refusal: Outcome } {
  if (isProgram(work.trajectory)) return programSetup(randomBytes(12).toString('hex'), slot.index, process.env);
  try {
    return childSetup(work.trajectory.numerics, slot.index);
  } catch (error) {
    return { refusal: outcomeOf(error) };
  }
}

function overLimit(bytes: number, limitBytes: number): Outcome {
  const message = `the training process grew to ${megabytes(bytes)}, over its limit of ${megabytes(limitBytes)}`;
  return { class: 'OutOfMemory', message, neededBytes: bytes };
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 2 ** 20)} MiB`;
}

/** A full disk pauses the sweep; any other failure to store is this box's, and another may do better. */
function uploadOutcome(error: unknown): Outcome {
  const outcome = outcomeOf(error);
  if (outcome.class === 'DiskFull') return outcome;
  return { class: 'WorkerLost', message: `a checkpoint could not be stored: ${outcome.message}`, neededBytes: null };
}
