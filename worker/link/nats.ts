/**
 * A link on NATS: a connection of its own for each attempt, without the client's reconnecting, so that
 * an outage ends the session here as it does on gRPC. The steps of a session:
 *
 * 1. connect, listen to who leads, ask the leader for a session, and prove for it to have a token;
 * 2. say what the session says, as numbered pieces through the stream; each is acknowledged by the
 *    server, and one that is not ends the session;
 * 3. leave for another when a later reign is heard, when the own one is not heard any more, when a
 *    piece is missing, or when the coordinator ends it.
 */
import { randomUUID } from 'node:crypto';
import type { JetStreamClient } from '@nats-io/jetstream';
import { jetstream } from '@nats-io/jetstream';
import { connect, credsAuthenticator, Empty, headers as natsHeaders } from '@nats-io/transport-node';
import type { Msg, MsgHdrs, NatsConnection } from '@nats-io/transport-node';
import { encodeFromWorker, ProtocolError } from '../../proto/codec.js';
import { FrameWriter } from '../../proto/frame-writer.js';
import type { WorkerMessage } from '../../proto/messages.js';
import type { NatsAccess } from '../../proto/nats/connecting.js';
import { connectionOptions, guarded, natsTrouble, payloadProblem, readCredentials } from '../../proto/nats/connecting.js';
import { pieceBytes, PieceCutter, PieceJoiner, pieceText, readPieceText } from '../../proto/nats/pieces.js';
import { MAX_FRAME_BYTES } from '../../proto/wire.js';
import { proofText, proveSession } from '../../proto/nats/session-proof.js';
import { epochOf, HEADERS, reignOf, Subjects } from '../../proto/nats/subjects.js';
import { receiveFrame } from './frames.js';
import type { Connection, Link, LinkClosed, LinkHandler } from './link.js';

export interface NatsLinkOptions extends NatsAccess {
  /** The same as the coordinator's. */
  readonly fleet: string;
  /** The worker's id: its subjects are named for it. */
  readonly worker: string;
  readonly token: string;
}

/** The leader lets itself be heard every second. */
const SILENCE_MS = 6_000;
const ASK_MS = 2_000;
/** Of so many tries of so long each, the server keeps one message. */
const PUBLISH_TRIES = 2;
const PUBLISH_MS = 2_500;
/** Pieces that the server has not acknowledged. */
const MAX_IN_FLIGHT = 64;
/** How long the last words may take. */
const CLOSE_MS = 1_000;

/** Of what a coordinator says of a token, what trying again would not change. */
const REFUSED: ReadonlyMap<string, 'Unauthenticated' | 'Forbidden'> = new Map([
  ['Unauthorized', 'Unauthenticated'],
  ['TokenExpired', 'Unauthenticated'],
  ['TokenRevoked', 'Unauthenticated'],
  ['Forbidden', 'Forbidden'],
]);

/** Throws RangeError for a fleet that is no token. */
export function natsLink(options: NatsLinkOptions): Link {
  const subjects = new Subjects(options.fleet);
  return { connect: (handler) => new NatsLinkConnection(options, subjects, handler) };
}

/** What is there once a session was granted. */
interface Session {
  readonly name: string;
  readonly reign: string;
  readonly jetstream: JetStreamClient;
  readonly cutter: PieceCutter;
  readonly joiner: PieceJoiner;
}

class NatsLinkConnection implements Connection {
  readonly #options: NatsLinkOptions;
  readonly #subjects: Subjects;
  readonly #handler: LinkHandler;
  readonly #writer: FrameWriter<WorkerMessage>;
  /** Acknowledgements that are still to come. */
  readonly #inFlight = new Set<Promise<void>>();
  #connection: NatsConnection | null = null;
  #session: Session | null = null;
  #asking = false;
  #heardMeanwhile = false;
  #silence: NodeJS.Timeout | null = null;
  #state: 'open' | 'closing' | 'closed' = 'open';

  constructor(options: NatsLinkOptions, subjects: Subjects, handler: LinkHandler) {
    this.#options = options;
    this.#subjects = subjects;
    this.#handler = handler;
    this.#writer = new FrameWriter<WorkerMessage>({
      encode: (message) => encodeFromWorker([message]),
      write: (frame) => this.#write(frame),
      overflow: () => this.#end({ code: 'Disconnected', message: `the NATS server at ${this.#shown} does not take what it is sent`, retry: true }),
      startsBlocked: true,
    });
    void this.#connect();
  }

  send(message: WorkerMessage): void {
    if (this.#state === 'open') this.#writer.push(message);
  }

  close(): void {
    if (this.#state !== 'open') return;
    this.#state = 'closing';
    void this.#leave();
  }

  get #shown(): string {
    return this.#options.address.shown;
  }

  async #connect(): Promise<void> {
    const { credentialsFile, worker } = this.#options;
    try {
      const connection = await connect({
        ...connectionOptions(this.#options, `trawl worker ${worker}`),
        ...(credentialsFile === null ? {} : { authenticator: credsAuthenticator(readCredentials(credentialsFile)) }),
        ...{ reconnect: false, inboxPrefix: this.#subjects.inbox(worker) },
      });
      this.#connection = connection;
      void connection.closed().then((error) => this.#end(this.#lost(error)));
      if (this.#state !== 'open') {
        await connection.close();
        return;
      }
      const problem = payloadProblem(connection.info?.max_payload ?? 0, this.#shown);
      if (problem !== null) throw new Error(problem);
      void this.#watch(connection);
      connection.subscribe(this.#subjects.lead, { callback: (error, message) => guarded(() => error === null && this.#heard(message.string())) });
      this.#awaitLeader();
      await this.#ask(connection);
    } catch (error) {
      this.#end(this.#why(error));
    }
  }

  /** A right that is missing is told by the server aside from what was asked of it. */
  async #watch(connection: NatsConnection): Promise<void> {
    for await (const status of connection.status()) {
      if (status.type === 'error') this.#end(this.#why(status.error));
    }
  }

  #heard(reign: string): void {
    if (this.#state !== 'open' || this.#connection === null) return;
    if (this.#session === null) {
      this.#awaitLeader();
      void this.#ask(this.#connection).catch((error: unknown) => this.#end(this.#why(error)));
    } else if (reign === this.#session.reign) {
      this.#awaitLeader();
    } else if ((epochOf(reign) ?? -1) >= (epochOf(this.#session.reign) ?? 0)) {
      this.#end({ code: 'Disconnected', message: `the coordinator of fleet ${this.#subjects.fleet} has begun anew, or another leads now`, retry: true });
    }
  }

  #awaitLeader(): void {
    if (this.#silence !== null) clearTimeout(this.#silence);
    this.#silence = setTimeout(() => {
      const { fleet } = this.#subjects;
      const message = `no coordinator of fleet ${fleet} is heard at ${this.#shown}; it must run with --nats, the same --fleet and an account that shares its subjects`;
      this.#end({ code: 'Unavailable', message, retry: true });
    }, SILENCE_MS);
  }

  /** Where nobody answers, whoever is heard meanwhile or later is asked again. */
  async #ask(connection: NatsConnection): Promise<void> {
    this.#heardMeanwhile = true;
    if (this.#asking) return;
    this.#asking = true;
    while (this.#heardMeanwhile && this.#state === 'open' && this.#session === null) {
      this.#heardMeanwhile = false;
      await this.#askOnce(connection);
    }
    this.#asking = false;
  }

  async #askOnce(connection: NatsConnection): Promise<void> {
    try {
      const subject = this.#subjects.ask(this.#options.worker);
      const granted = await connection.request(subject, Empty, { timeout: ASK_MS });
      const reply = await connection.request(subject, Empty, { timeout: ASK_MS, headers: this.#proof(granted.string()) });
      const refusal = reply.headers?.get(HEADERS.end) ?? '';
      if (refusal === '') this.#begin(connection, reply.string());
      else this.#end(this.#told(refusal, reply.string()));
    } catch (error) {
      if (!isNoAnswer(error)) throw error;
    }
  }

  #proof(session: string): MsgHdrs {
    const { token, worker } = this.#options;
    const headers = natsHeaders();
    headers.set(HEADERS.session, session);
    headers.set(HEADERS.proof, proofText(proveSession(token, session, worker)));
    return headers;
  }

  #begin(connection: NatsConnection, name: string): void {
    const reign = reignOf(name);
    if (this.#state !== 'open') return;
    if (reign === null) throw new ProtocolError('the coordinator granted what is no session');
    const maxPieceBytes = pieceBytes(connection.info?.max_payload ?? 0);
    this.#session = { name, reign, jetstream: jetstream(connection), cutter: new PieceCutter(maxPieceBytes), joiner: new PieceJoiner(MAX_FRAME_BYTES) };
    const subject = this.#subjects.to(this.#options.worker, name);
    connection.subscribe(subject, { callback: (error, message) => guarded(() => error === null && this.#received(message)) });
    this.#writer.drained();
  }

  #received({ headers, data }: Msg): void {
    const session = this.#session;
    if (session === null || this.#state === 'closed') return;
    const end = headers?.get(HEADERS.end) ?? '';
    if (end !== '') {
      this.#end(this.#told(end, Buffer.from(data).toString()));
      return;
    }
    const sent = headers?.get(HEADERS.sent) ?? '';
    const piece = readPieceText(headers?.get(HEADERS.piece) ?? '');
    if (sent !== '' && Number(sent) !== session.joiner.count) this.#missing(`${sent} pieces were sent and ${session.joiner.count} have come`);
    if (piece === null) return;
    const joined = session.joiner.join({ ...piece, bytes: data });
    if (joined.kind === 'frame') this.#frame(joined.frame);
    else if (joined.kind !== 'nothing') this.#missing(joined.problem);
  }

  #missing(problem: string): void {
    this.#end({ code: 'Disconnected', message: `of what the coordinator sent over ${this.#shown}, something is missing: ${problem}`, retry: true });
  }

  #frame(frame: Uint8Array): void {
    const problem = receiveFrame(frame, this.#shown, () => this.#state === 'open', (message) => this.#handler.received(message));
    if (problem !== null) this.#end(problem);
  }

  #write(frame: Uint8Array): boolean {
    const session = this.#session;
    if (session === null) return false;
    for (const piece of session.cutter.cut(frame)) this.#publish(session, `${session.name}.${piece.number}`, { [HEADERS.piece]: pieceText(piece) }, piece.bytes);
    return this.#inFlight.size < MAX_IN_FLIGHT;
  }

  #publish(session: Session, msgID: string, named: { readonly [name: string]: string }, bytes: Uint8Array): void {
    const headers = natsHeaders();
    headers.set(HEADERS.session, session.name);
    for (const [name, value] of Object.entries(named)) headers.set(name, value);
    const published = session.jetstream.publish(this.#subjects.from(this.#options.worker), bytes, { msgID, headers, timeout: PUBLISH_MS, retries: PUBLISH_TRIES }).then(
      () => {
        this.#inFlight.delete(published);
        if (this.#inFlight.size === MAX_IN_FLIGHT / 2) this.#writer.drained();
      },
      (error: unknown) => {
        this.#inFlight.delete(published);
        this.#end(this.#why(error));
      },
    );
    this.#inFlight.add(published);
  }

  /** The end follows what was said before, and the connection ends after both. */
  async #leave(): Promise<void> {
    const session = this.#session;
    if (session !== null) {
      this.#writer.flush();
      this.#publish(session, `${session.name}.end.${randomUUID()}`, { [HEADERS.end]: 'Closed' }, Empty);
      let timer: NodeJS.Timeout | undefined;
      const cut = new Promise<void>((resolve) => (timer = setTimeout(resolve, CLOSE_MS)));
      await Promise.race([Promise.all(this.#inFlight), cut]);
      clearTimeout(timer);
    }
    this.#end(this.#lost());
  }

  #lost(error?: unknown): LinkClosed {
    if (this.#state !== 'open' || !(error instanceof Error)) return { code: 'Disconnected', message: `the session over ${this.#shown} has ended`, retry: true };
    return this.#why(error);
  }

  #told(end: string, details: string): LinkClosed {
    const refused = REFUSED.get(end);
    if (refused !== undefined) return { code: refused, message: `the coordinator of fleet ${this.#subjects.fleet} at ${this.#shown} refused the token: ${details}`, retry: false };
    if (end === 'BadMessage') return { code: 'BadMessage', message: `the coordinator at ${this.#shown} could not read a message: ${details}`, retry: true };
    return { code: 'Disconnected', message: `the coordinator ended the session over ${this.#shown}${details === '' ? '' : `: ${details}`}`, retry: true };
  }

  #why(error: unknown): LinkClosed {
    const { kind, message } = natsTrouble(error, this.#shown, this.#options.worker);
    return kind === 'denied' ? { code: 'Unauthenticated', message, retry: false } : { code: 'Unavailable', message, retry: true };
  }

  #end(why: LinkClosed): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    if (this.#silence !== null) clearTimeout(this.#silence);
    this.#writer.close();
    // Never within what made it end: a handler may be in the middle of something.
    void (this.#connection?.close() ?? Promise.resolve()).then(() => this.#handler.closed(why));
  }
}

function isNoAnswer(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return error.name === 'TimeoutError' || error.name === 'RequestError' || error.name === 'ClosedConnectionError';
}
