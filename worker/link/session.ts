/**
 * A worker's lasting session with the coordinator, over connections that come and go.
 *
 * - One live connection at a time. After its end the next attempt follows by itself, with jittered
 *   exponential backoff, until `stop`, or a refusal for good.
 * - Each connection opens with a hello that names every lease held here: those of running attempts
 *   and those of messages still in the outbox, so that what finished while the line was down counts.
 * - Nothing reliable is sent before the welcome; after it the whole outbox is sent again, in order,
 *   and a message leaves the outbox only with its answer. The coordinator may see a message twice
 *   and a message may be answered twice; the handler gets the first answer only.
 */
import { encodeFromWorker } from '../../proto/codec.js';
import type {
  Answer,
  BoxUse,
  Cancel,
  CheckpointSaved,
  CoordinatorMessage,
  EpochReport,
  EvaluationReport,
  Finished,
  FollowLog,
  Hello,
  Keep,
  LeaseRef,
  LogText,
  MissingBlob,
  Offer,
  Progress,
  Refused,
  ReliableMessage,
  RestoreBlob,
  Welcome,
} from '../../proto/messages.js';
import { PROTOCOL_VERSION } from '../../proto/messages.js';
import type { LinkClock } from './clock.js';
import { systemClock } from './clock.js';
import type { Connection, Link, LinkClosed } from './link.js';
import { Outbox } from './outbox.js';

export interface SessionHandler {
  /** Attempts of `lost` must be ended at once; everything else goes on. */
  welcome(welcome: Welcome): void;
  offer(offer: Offer): void;
  /** The coordinator's word on one reported message, after its commit. */
  answer(answer: Answer, message: ReliableMessage): void;
  keep(keep: Keep): void;
  cancel(cancel: Cancel): void;
  /** Unless `retry`, the session has ended for good. */
  refused(refused: Refused): void;
  /** A person wants this worker to give everything back and leave. */
  askedToDrain(): void;
  restore(restore: RestoreBlob): void;
  /** Somebody wants to read what an attempt prints. */
  follow(follow: FollowLog): void;
  /** `down` comes once per outage, with a line for a person. */
  connection(state: 'up' | 'down', why: string): void;
}

/** A reliable message before the outbox has numbered it. */
export type Report = Omit<EpochReport, 'seq'> | Omit<CheckpointSaved, 'seq'> | Omit<EvaluationReport, 'seq'> | Omit<Finished, 'seq'>;

export interface SessionOptions {
  readonly link: Link;
  /** Read at each connection: `leases` are those of the attempts running then. */
  readonly hello: () => Omit<Hello, 'kind' | 'protocol'>;
  readonly handler: SessionHandler;
  /** Told with each heartbeat; absent for nothing. */
  readonly use?: () => BoxUse;
  readonly clock?: LinkClock;
  /** Numbers in [0, 1) that spread reconnecting workers over time. */
  readonly random?: () => number;
  /** Unanswered messages from which on `congested` asks the reporters to wait. */
  readonly outboxHighMark?: number;
}

const FIRST_BACKOFF_MS = 100;
const LONGEST_BACKOFF_MS = 5_000;
/** A coordinator that answers no hello is as good as none. */
const WELCOME_MS = 10_000;
const OUTBOX_HIGH_MARK = 10_000;

/** Before the `attempt`-th retry in a row, from 0: doubled each time, and half of it left to chance. */
export function backoffMs(attempt: number, random: () => number): number {
  const full = Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.min(attempt, 16));
  return full * (0.5 + 0.5 * random());
}

export class WorkerSession {
  readonly #link: Link;
  readonly #hello: SessionOptions['hello'];
  readonly #handler: SessionHandler;
  readonly #use: SessionOptions['use'];
  readonly #clock: LinkClock;
  readonly #random: () => number;
  readonly #outbox: Outbox;
  #running = false;
  #connection: Connection | null = null;
  #welcomed = false;
  /** Why we ended the connection ourselves, to say so when its end is told. */
  #unwelcome: string | null = null;
  #saidDown = false;
  #failures = 0;
  /** Of the one timer that is due: backoff, welcome or heartbeat. */
  #cancelTimer: () => void = () => undefined;
  #whenClosed: (() => void)[] = [];

  constructor(options: SessionOptions) {
    this.#link = options.link;
    this.#hello = options.hello;
    this.#handler = options.handler;
    this.#use = options.use;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
    this.#outbox = new Outbox(options.outboxHighMark ?? OUTBOX_HIGH_MARK);
  }

  /** Idempotent. */
  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#connect();
  }

  /** Ends the connection after what was sent; what was not answered stays unanswered. Idempotent. */
  async stop(): Promise<void> {
    this.#running = false;
    this.#cancelTimer();
    const connection = this.#connection;
    if (connection === null) return;
    const closed = new Promise<void>((resolve) => this.#whenClosed.push(resolve));
    connection.close();
    await closed;
  }

  /**
   * Says it until it is answered, over as many connections as that takes. Throws ProtocolError for a
   * message that no frame can hold; it is then as if it had not been said.
   */
  report(report: Report): void {
    const message: ReliableMessage = { ...report, seq: this.#outbox.nextSeq };
    if (this.#connection !== null && this.#welcomed) this.#connection.send(message);
    else encodeFromWorker([message]);
    this.#outbox.add(message);
  }

  /** Said now or never. Throws ProtocolError as `report` does. */
  mention(fact: Progress | MissingBlob | LogText): void {
    if (this.#welcomed) this.#connection?.send(fact);
  }

  /** Whether those who report should wait for `whenRoomy` first. Nothing is dropped if they do not. */
  get congested(): boolean {
    return this.#outbox.congested;
  }

  whenRoomy(): Promise<void> {
    return this.#outbox.whenRoomy();
  }

  /** Reported messages without an answer. */
  get unanswered(): number {
    return this.#outbox.size;
  }

  /** Settles when everything reported was answered. */
  whenAnswered(): Promise<void> {
    return this.#outbox.whenEmpty();
  }

  #connect(): void {
    this.#connection = this.#link.connect({ received: (message) => this.#received(message), closed: (why) => this.#closed(why) });
    const hello = this.#hello();
    this.#connection.send({ kind: 'hello', protocol: PROTOCOL_VERSION, ...hello, leases: this.#heldLeases(hello.leases) });
    this.#setTimer(WELCOME_MS, () => {
      this.#unwelcome = `the coordinator did not answer the hello within ${WELCOME_MS / 1_000} s`;
      this.#connection?.close();
    });
  }

  #heldLeases(running: readonly LeaseRef[]): LeaseRef[] {
    const held = new Map(running.map(({ attempt, token }) => [attempt, { attempt, token }]));
    for (const { attempt, token } of this.#outbox.unacknowledged()) {
      if (!held.has(attempt)) held.set(attempt, { attempt, token });
    }
    return [...held.values()];
  }

  #received(message: CoordinatorMessage): void {
    switch (message.kind) {
      case 'welcome':
        this.#onWelcome(message);
        break;
      case 'refused':
        this.#onRefused(message);
        break;
      case 'offer':
        this.#handler.offer(message);
        break;
      case 'answer': {
        const answered = this.#outbox.acknowledge(message.seq);
        if (answered !== undefined) this.#handler.answer(message, answered);
        break;
      }
      case 'keep':
        this.#handler.keep(message);
        break;
      case 'cancel':
        this.#handler.cancel(message);
        break;
      case 'drain':
        this.#handler.askedToDrain();
        break;
      case 'restore':
        this.#handler.restore(message);
        break;
      case 'follow':
        this.#handler.follow(message);
        break;
    }
  }

  #onWelcome(welcome: Welcome): void {
    this.#welcomed = true;
    this.#failures = 0;
    this.#saidDown = false;
    this.#beat(welcome.heartbeatMs);
    // Before the handler, who may report at once: order is the outbox's.
    for (const message of this.#outbox.unacknowledged()) this.#connection?.send(message);
    this.#handler.connection('up', 'the coordinator welcomed this worker');
    this.#handler.welcome(welcome);
  }

  #onRefused(refused: Refused): void {
    if (!refused.retry) this.#running = false;
    this.#connection?.close();
    this.#handler.refused(refused);
  }

  #beat(heartbeatMs: number): void {
    this.#setTimer(heartbeatMs, () => {
      this.#connection?.send({ kind: 'heartbeat', ...(this.#use === undefined ? {} : { use: this.#use() }) });
      this.#beat(heartbeatMs);
    });
  }

  #closed(why: LinkClosed): void {
    this.#cancelTimer();
    this.#connection = null;
    this.#welcomed = false;
    for (const resolve of this.#whenClosed.splice(0)) resolve();
    if (!this.#running) return;
    if (!why.retry) {
      this.#running = false;
      this.#handler.refused({ kind: 'refused', code: why.code, message: why.message, retry: false });
      return;
    }
    if (!this.#saidDown) this.#handler.connection('down', this.#unwelcome ?? why.message);
    this.#unwelcome = null;
    this.#saidDown = true;
    if (why.another === true) {
      this.#setTimer(0, () => this.#connect());
      return;
    }
    this.#setTimer(backoffMs(this.#failures, this.#random), () => this.#connect());
    this.#failures += 1;
  }

  #setTimer(ms: number, act: () => void): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#clock.after(ms, act);
  }
}
