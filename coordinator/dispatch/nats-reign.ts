/**
 * One reign of one coordinator over a fleet's subjects: from the moment it begins to listen until it
 * leads no more, its connection breaks, or the stream is gone. All sessions are granted by a reign and
 * end with it; whatever goes wrong ends the reign, and the carrier begins another.
 *
 * - It lets itself be heard once a second. Workers ask it for a session, which is a name that nobody
 *   had before, and prove with it that they have a token (session-proof.ts); a hello counts only as
 *   the first piece of a session that was granted, was proven and has not begun. So no message of another reign, and none that comes twice or late, opens anything.
 * - A worker that hears a reign of a later epoch leaves its own for it, and one that hears nothing
 *   for some seconds looks for another. Nobody answers for a coordinator that leads no more.
 */
import type { ConsumerMessages, JetStreamClient, JsMsg } from '@nats-io/jetstream';
import { DeliverPolicy } from '@nats-io/jetstream';
import type { Msg, MsgHdrs, NatsConnection, Subscription } from '@nats-io/transport-node';
import { Empty, headers as natsHeaders } from '@nats-io/transport-node';
import { nanoid } from 'nanoid';
import { guarded } from '../../proto/nats/connecting.js';
import { pieceBytes, readPieceText } from '../../proto/nats/pieces.js';
import { readProofText } from '../../proto/nats/session-proof.js';
import { epochOf, HEADERS, isToken, reignName, reignOf, sessionName, Subjects } from '../../proto/nats/subjects.js';
import type { Admission, CarrierHandler, Doorkeeper } from './carrier.js';
import type { CarrierLogger } from './grpc.js';
import { NatsPeer, refusalCode } from './nats-peer.js';

export interface NatsReignOptions {
  readonly connection: NatsConnection;
  readonly jetstream: JetStreamClient;
  readonly subjects: Subjects;
  /** The leader's. */
  readonly epoch: number;
  readonly handler: CarrierHandler;
  readonly doorkeeper: Doorkeeper;
  readonly logger: CarrierLogger | undefined;
  /** The stream cannot be read any more; called once. */
  readonly onTrouble: (why: string) => void;
}

const BEAT_MS = 1_000;
/** Every so many beats each worker is told how much it should have received. */
const CHECK_EVERY = 3;
const MAX_MESSAGES = 1_000;
const HEARTBEAT_MS = 5_000;
const EXPIRES_MS = 30_000;
/** A consumer whose coordinator was killed goes by itself. */
const CONSUMER_IDLE_MS = 30_000;
/** So much may wait in the client before its server has taken it. */
const MAX_UNFLUSHED_BYTES = 8 * 2 ** 20;

const NO_PROOF = 'it wants to know that a worker on NATS has a token; install the same version of trawl on both';

/** A session that was granted and has not begun. */
interface Grant {
  readonly session: string;
  /** Null before the worker has shown its token. */
  admission: Admission | null;
}

export class NatsReign {
  readonly #options: NatsReignOptions;
  readonly #name: string;
  readonly #maxPieceBytes: number;
  readonly #sessions = new Map<string, NatsPeer>();
  /** A worker has one session at a time: with the next that it begins, the one before is over. */
  readonly #latest = new Map<string, NatsPeer>();
  /** By worker: a session that was granted and has not begun. */
  readonly #granted = new Map<string, Grant>();
  readonly #rivals = new Set<string>();
  #count = 0;
  #unflushedBytes = 0;
  #flushing = false;
  #messages: ConsumerMessages | null = null;
  #subscriptions: Subscription[] = [];
  #beat: NodeJS.Timeout | null = null;
  #beats = 0;
  #beatAt = performance.now();
  #hasEnded = false;

  constructor(options: NatsReignOptions) {
    this.#options = options;
    this.#name = reignName(options.epoch, nanoid(12).replaceAll('-', '_'));
    this.#maxPieceBytes = pieceBytes(options.connection.info?.max_payload ?? 0);
  }

  /** Begins to listen; then workers hear of it. The stream must be there. */
  async start(): Promise<void> {
    const { connection, jetstream, subjects } = this.#options;
    const consumer = await jetstream.consumers.get(subjects.stream, { deliver_policy: DeliverPolicy.New, inactive_threshold: CONSUMER_IDLE_MS });
    const messages = await consumer.consume({
      ...{ max_messages: MAX_MESSAGES, expires: EXPIRES_MS, idle_heartbeat: HEARTBEAT_MS, abort_on_missing_resource: true },
      callback: (message) => guarded(() => this.#received(message)),
    });
    if (this.#hasEnded) {
      await messages.close();
      return;
    }
    this.#messages = messages;
    void messages.closed().then((error) => this.#stopped(error));
    const ask = connection.subscribe(subjects.askedByAnyone, { callback: (error, message) => guarded(() => error === null && this.#asked(message)) });
    const lead = connection.subscribe(subjects.lead, { callback: (error, message) => guarded(() => error === null && this.#heard(message.string())) });
    this.#subscriptions = [ask, lead];
    this.#beat = setInterval(() => this.#letHear(), BEAT_MS);
    this.#letHear();
  }

  /** Ends every session; the workers are told where there is still a connection. Idempotent. */
  end(problem: string | null): void {
    if (this.#hasEnded) return;
    for (const peer of [...this.#sessions.values()]) {
      if (problem === null) peer.close();
      else peer.cut(null);
    }
    this.#hasEnded = true;
    if (this.#beat !== null) clearInterval(this.#beat);
    for (const subscription of this.#subscriptions) subscription.unsubscribe();
    void this.#messages?.close();
  }

  #stopped(error: unknown): void {
    if (this.#hasEnded) return;
    this.#options.onTrouble(error instanceof Error ? error.message : 'its consumer has ended');
  }

  #asked(message: Msg): void {
    const worker = Subjects.workerOf(message.subject);
    // An answer to another subject would speak there with the coordinator's rights.
    if (!isToken(worker) || message.reply?.startsWith(`${this.#options.subjects.inbox(worker)}.`) !== true) return;
    if (message.headers?.has(HEADERS.proof) === true) {
      void this.#admit(message, worker, message.headers);
      return;
    }
    this.#count += 1;
    const session = sessionName(this.#name, this.#count);
    this.#granted.set(worker, { session, admission: null });
    message.respond(Buffer.from(session));
  }

  /** Answers the session's name again, or why it is not to be. */
  async #admit(message: Msg, worker: string, headers: MsgHdrs): Promise<void> {
    const session = headers.get(HEADERS.session);
    const proof = readProofText(headers.get(HEADERS.proof), session, worker);
    const grant = this.#granted.get(worker);
    // Of another reign, or overtaken: the worker asks anew.
    if (proof === null || grant?.session !== session) return;
    let answer: Uint8Array = Buffer.from(session);
    const block = natsHeaders();
    try {
      grant.admission = await this.#options.doorkeeper.admitProof(proof, `worker ${worker}`);
    } catch (error) {
      const why = error instanceof Error ? error : new Error(String(error));
      this.#options.logger?.warn({ worker }, `a worker was not let in: ${why.message}`);
      block.set(HEADERS.end, refusalCode(why));
      answer = Buffer.from(why.message);
    }
    if (!this.#hasEnded && !this.#options.connection.isClosed()) message.respond(answer, { headers: block });
  }

  /** Somebody else who leads the same fleet has been deposed, or has a database of its own. */
  #heard(reign: string): void {
    if (reign === this.#name || this.#rivals.has(reign)) return;
    this.#rivals.add(reign);
    const { subjects, epoch, logger } = this.#options;
    const detail = { fleet: subjects.fleet, epoch, other: epochOf(reign) };
    logger?.warn(detail, `another coordinator is heard on the NATS subjects of fleet ${subjects.fleet}; if it has a database of its own, give one of the two another --fleet`);
  }

  #received(message: JsMsg): void {
    if (this.#hasEnded) return;
    const { headers } = message;
    const session = headers?.get(HEADERS.session) ?? '';
    const reign = reignOf(session);
    const worker = Subjects.workerOf(message.subject);
    if (reign === null || !isToken(worker)) return;
    const piece = readPieceText(headers?.get(HEADERS.piece) ?? '');
    if (piece?.number === 0) this.#open(session, worker);
    const peer = this.#sessions.get(session);
    if (peer !== undefined && peer.worker === worker) {
      if (piece === null) peer.cut(null);
      else peer.received({ ...piece, bytes: message.data });
    } else if (piece !== null && (epochOf(reign) ?? Infinity) <= this.#options.epoch) {
      // It goes on in a session that has ended, here or in another reign.
      this.#publish(worker, session, { [HEADERS.end]: 'Unknown' }, Empty);
    }
  }

  #open(session: string, worker: string): void {
    const grant = this.#granted.get(worker);
    if (grant?.session !== session) return;
    this.#granted.delete(worker);
    const { admission } = grant;
    if (admission === null) {
      this.#publish(worker, session, { [HEADERS.end]: 'NotAdmitted' }, Buffer.from(NO_PROOF));
      return;
    }
    this.#latest.get(worker)?.close();
    const peer = new NatsPeer({
      ...{ id: `nats-${session}`, openedBy: admission.token, worker, handler: this.#options.handler, maxPieceBytes: this.#maxPieceBytes },
      publish: (headers, bytes) => this.#publish(worker, session, headers, bytes),
      ended: (problem) => {
        unwatch();
        this.#sessions.delete(session);
        if (this.#latest.get(worker) === peer) this.#latest.delete(worker);
        if (problem !== null) this.#options.logger?.warn({ worker }, problem);
      },
    });
    const unwatch = admission.watch((why) => peer.dismiss(why));
    this.#sessions.set(session, peer);
    this.#latest.set(worker, peer);
  }

  #letHear(): void {
    const now = performance.now();
    const wasAsleep = now - this.#beatAt > 3 * BEAT_MS;
    this.#beatAt = now;
    const { connection, subjects } = this.#options;
    if (connection.isClosed()) return;
    connection.publish(subjects.lead, this.#name);
    this.#beats += 1;
    // After a sleep of this process everybody seems silent until what they said is read.
    if (this.#beats % CHECK_EVERY !== 0 || wasAsleep) return;
    for (const peer of [...this.#sessions.values()]) peer.check(now);
  }

  /** False once so much waits that the writers should. */
  #publish(worker: string, session: string, headers: { readonly [name: string]: string }, bytes: Uint8Array): boolean {
    const { connection, subjects } = this.#options;
    if (this.#hasEnded || connection.isClosed()) return true;
    const block = natsHeaders();
    for (const [name, value] of Object.entries(headers)) block.set(name, value);
    connection.publish(subjects.to(worker, session), bytes, { headers: block });
    this.#unflushedBytes += bytes.length;
    if (this.#unflushedBytes < MAX_UNFLUSHED_BYTES) return true;
    if (!this.#flushing) void this.#flush();
    return false;
  }

  async #flush(): Promise<void> {
    this.#flushing = true;
    // A connection that breaks meanwhile ends the reign.
    await this.#options.connection.flush().catch(() => undefined);
    this.#flushing = false;
    this.#unflushedBytes = 0;
    for (const peer of this.#sessions.values()) peer.drained();
  }
}
