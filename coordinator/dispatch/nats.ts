/**
 * The session protocol on NATS. What workers say comes through a JetStream stream, what they are told
 * goes on core NATS to subjects of their own; NATS's own accounts and permissions say who may speak
 * there, and a worker's token whether it may open a session. One connection to the server, kept over
 * outages; one reign (nats-reign.ts) at a time while this coordinator leads, and none while it does
 * not: a standby neither listens nor is heard.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, credsAuthenticator } from '@nats-io/transport-node';
import type { NatsConnection } from '@nats-io/transport-node';
import type { NatsAccess } from '../../proto/nats/connecting.js';
import { connectionOptions, natsTrouble, payloadProblem, readCredentials } from '../../proto/nats/connecting.js';
import { Subjects } from '../../proto/nats/subjects.js';
import type { Carrier, CarrierHandler, Doorkeeper } from './carrier.js';
import type { CarrierLogger } from './grpc.js';
import { JetStreamMissing, NatsDenied, NatsUnavailable, StreamUnfit } from './nats-errors.js';
import { NatsReign } from './nats-reign.js';
import type { StreamLimits } from './nats-stream.js';
import { ensureStream, STREAM_LIMITS } from './nats-stream.js';

export interface NatsCarrierOptions extends NatsAccess {
  /** A token of letters, digits, _ and -: workers and coordinators of one fleet name the same one. */
  readonly fleet: string;
  readonly doorkeeper: Doorkeeper;
  readonly limits?: StreamLimits;
  readonly logger?: CarrierLogger;
}

export interface NatsCarrier extends Carrier {
  /** Throws NatsUnavailable, NatsDenied, JetStreamMissing and StreamUnfit. The address is without secrets. */
  start(handler: CarrierHandler): Promise<{ address: string }>;
  /** The same in the background, over and over until it has come about: gRPC is not to wait for a NATS server. */
  startPatiently(handler: CarrierHandler): void;
  /** From now on workers are served under this leader's epoch; null: no more. Each epoch is given to one coordinator once. */
  lead(epoch: number | null): void;
}

const RECONNECT_MS = 500;
const RECONNECT_JITTER_MS = 500;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5_000;
const LAST_WORDS_MS = 500;

export function natsCarrier(options: NatsCarrierOptions): NatsCarrier {
  return new Nats(options);
}

class Nats implements NatsCarrier {
  readonly #options: NatsCarrierOptions;
  readonly #subjects: Subjects;
  readonly #stopping = new AbortController();
  #connection: NatsConnection | null = null;
  #handler: CarrierHandler | null = null;
  #epoch: number | null = null;
  #reign: NatsReign | null = null;
  /** Raised by whatever ends the reign there is, so that a beginning that it overtakes comes to nothing. */
  #turn = 0;
  #isConnected = false;

  constructor(options: NatsCarrierOptions) {
    this.#options = options;
    this.#subjects = new Subjects(options.fleet);
  }

  async start(handler: CarrierHandler): Promise<{ address: string }> {
    const { address, limits = STREAM_LIMITS } = this.#options;
    this.#handler = handler;
    const connection = await this.#connect();
    try {
      const problem = payloadProblem(connection.info?.max_payload ?? 0, address.shown);
      if (problem !== null) throw new NatsUnavailable(problem);
      await ensureStream(await jetstreamManager(connection, { checkAPI: false }), this.#subjects, limits, address.shown);
    } catch (error) {
      await connection.close();
      throw this.#told(error);
    }
    if (this.#stopping.signal.aborted) {
      await connection.close();
      return { address: address.shown };
    }
    this.#connection = connection;
    this.#isConnected = true;
    void this.#watch(connection);
    this.#renew(null);
    return { address: address.shown };
  }

  startPatiently(handler: CarrierHandler): void {
    void this.#keepStarting(handler);
  }

  async #keepStarting(handler: CarrierHandler): Promise<void> {
    let said = '';
    for (let pauseMs = FIRST_PAUSE_MS; !this.#stopping.signal.aborted; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      try {
        const { address } = await this.start(handler);
        this.#options.logger?.info({ address, fleet: this.#subjects.fleet }, 'workers are taken over NATS');
        return;
      } catch (error) {
        const { message } = this.#told(error);
        if (message !== said) this.#options.logger?.warn({}, `no workers over NATS yet: ${message}`);
        said = message;
        await delay(pauseMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
      }
    }
  }

  lead(epoch: number | null): void {
    if (epoch === this.#epoch) return;
    this.#epoch = epoch;
    this.#renew(null);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    const connection = this.#connection;
    if (connection === null) return;
    this.#connection = null;
    this.#epoch = null;
    this.#renew(null);
    // What was said last is still to leave; a server that is gone is not waited for.
    if (this.#isConnected) {
      const cutting = new AbortController();
      await Promise.race([connection.flush().catch(() => undefined), delay(LAST_WORDS_MS, undefined, { signal: cutting.signal }).catch(() => undefined)]);
      cutting.abort();
    }
    await connection.close();
  }

  async #connect(): Promise<NatsConnection> {
    const { credentialsFile } = this.#options;
    try {
      return await connect({
        ...connectionOptions(this.#options, `trawl coordinator of ${this.#subjects.fleet}`),
        ...(credentialsFile === null ? {} : { authenticator: credsAuthenticator(this.#credentialsIn(credentialsFile)) }),
        ...{ maxReconnectAttempts: -1, reconnectTimeWait: RECONNECT_MS, reconnectJitter: RECONNECT_JITTER_MS },
        // Credentials that are being renewed are not given up.
        ignoreAuthErrorAbort: true,
      });
    } catch (error) {
      throw this.#told(error);
    }
  }

  /** Read anew at each connection, since they expire; while they cannot be read, the last ones go on, for an authenticator that throws ends the client. */
  #credentialsIn(file: string): () => Uint8Array {
    let latest = readCredentials(file);
    return () => {
      try {
        latest = readCredentials(file);
      } catch (error) {
        this.#options.logger?.warn({}, this.#told(error).message);
      }
      return latest;
    };
  }

  async #watch(connection: NatsConnection): Promise<void> {
    const { logger, address } = this.#options;
    // A right that is missing is told each time it would have been used.
    const said = new Set<string>();
    for await (const status of connection.status()) {
      if (status.type === 'disconnect' && this.#isConnected) {
        this.#isConnected = false;
        if (this.#connection !== null) logger?.warn({}, `the connection to ${address.shown} broke; workers on NATS train on, and say hello again`);
        this.#renew('the connection broke');
      } else if (status.type === 'reconnect') {
        this.#isConnected = true;
        this.#renew(null);
      } else if (status.type === 'error') {
        const { message } = natsTrouble(status.error, address.shown);
        if (!said.has(message)) logger?.warn({}, message);
        said.add(message);
      }
    }
  }

  /** Ends the reign there is, and begins another where this coordinator leads and has a server. */
  #renew(problem: string | null): void {
    this.#turn += 1;
    this.#reign?.end(problem);
    this.#reign = null;
    if (this.#epoch !== null && this.#isConnected && this.#connection !== null) void this.#begin(this.#turn, this.#connection, this.#epoch);
  }

  async #begin(turn: number, connection: NatsConnection, epoch: number): Promise<void> {
    const { logger, limits = STREAM_LIMITS, address, doorkeeper } = this.#options;
    const handler = this.#handler;
    if (handler === null) return;
    for (let pauseMs = FIRST_PAUSE_MS; turn === this.#turn; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      const onTrouble = (why: string): void => {
        logger?.warn({}, `the stream ${this.#subjects.stream} at ${address.shown} cannot be read: ${why}; it is looked after, and workers say hello again`);
        this.#renew(why);
      };
      const reign = new NatsReign({ connection, jetstream: jetstream(connection), subjects: this.#subjects, epoch, handler, doorkeeper, logger, onTrouble });
      this.#reign = reign;
      try {
        await ensureStream(await jetstreamManager(connection, { checkAPI: false }), this.#subjects, limits, address.shown);
        await reign.start();
        return;
      } catch (error) {
        reign.end('it did not begin');
        if (turn !== this.#turn) return;
        if (pauseMs === FIRST_PAUSE_MS) logger?.warn({}, `workers on NATS cannot be served yet: ${this.#told(error).message}`);
        await delay(pauseMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
      }
    }
  }

  #told(error: unknown): Error {
    if (error instanceof NatsUnavailable || error instanceof NatsDenied || error instanceof JetStreamMissing || error instanceof StreamUnfit) return error;
    const { kind, message } = natsTrouble(error, this.#options.address.shown);
    return kind === 'denied' ? new NatsDenied(message, { cause: error }) : new NatsUnavailable(message, { cause: error });
  }
}
