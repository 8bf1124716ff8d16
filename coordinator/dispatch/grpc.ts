/** The session protocol on gRPC: one bidirectional stream per worker, frames as raw bytes. */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { logVerbosity, Metadata, Server, ServerCredentials, setLogVerbosity, status } from '@grpc/grpc-js';
import type { ServerDuplexStream } from '@grpc/grpc-js';
import type { ServerTls } from '../access/tls.js';
import type { Admission, Carrier, CarrierHandler, Doorkeeper } from './carrier.js';
import { ListenError } from './carrier.js';
import { HTTP_PORT_METADATA, MAX_FRAME_BYTES } from '../../proto/wire.js';
import { GrpcPeer } from './grpc-peer.js';

/** As much of a logger as a carrier needs; pino's fits. */
export interface CarrierLogger {
  info(detail: object, message: string): void;
  warn(detail: object, message: string): void;
}

export interface GrpcCarrierOptions {
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  readonly doorkeeper: Doorkeeper;
  /** Null for plain TCP: for loopback, or a network that is trusted. */
  readonly tls?: ServerTls | null;
  /** Told to workers: the port of this host where blobs are. */
  readonly httpPort?: number;
  readonly logger?: CarrierLogger;
  /** How long a port that is taken is waited for; 10 s by default. */
  readonly retryForMs?: number;
}

/** A connection whose other end is gone without a word is noticed within the sum of the two. */
const KEEPALIVE_TIME_MS = 10_000;
const KEEPALIVE_TIMEOUT_MS = 5_000;
/** How long sessions that were told to end may take, before the sockets are cut. */
const SHUTDOWN_MS = 500;
const TAKEN = 'the port is taken';
const TAKEN_MS = 10_000;
const LOOK_AGAIN_MS = 100;

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const asBytes = (bytes: Buffer): Uint8Array => bytes;

const sessionService = {
  session: {
    path: '/trawl.v1.Trawl/Session',
    requestStream: true,
    responseStream: true,
    requestSerialize: asBuffer,
    requestDeserialize: asBytes,
    responseSerialize: asBuffer,
    responseDeserialize: asBytes,
  },
} as const;

// The library writes to stderr what it also tells its caller.
setLogVerbosity(logVerbosity.NONE);

type SessionCall = ServerDuplexStream<Uint8Array, Uint8Array>;

export function grpcCarrier(options: GrpcCarrierOptions): Carrier {
  return new GrpcCarrier(options);
}

class GrpcCarrier implements Carrier {
  readonly #options: GrpcCarrierOptions;
  readonly #peers = new Set<GrpcPeer>();
  #server: Server | null = null;

  constructor(options: GrpcCarrierOptions) {
    this.#options = options;
  }

  async start(handler: CarrierHandler): Promise<{ address: string }> {
    const server = new Server({
      'grpc.keepalive_time_ms': KEEPALIVE_TIME_MS,
      'grpc.keepalive_timeout_ms': KEEPALIVE_TIMEOUT_MS,
      'grpc.max_receive_message_length': MAX_FRAME_BYTES,
      'grpc.max_send_message_length': MAX_FRAME_BYTES,
    });
    server.addService(sessionService, { session: (call: SessionCall) => void this.#accept(call, handler) });
    const { host, port } = this.#options;
    const urlHost = host.includes(':') ? `[${host}]` : host;
    const bound = await this.#bind(server, `${urlHost}:${port}`);
    this.#server = server;
    return { address: `${urlHost}:${bound}` };
  }

  /**
   * Waits a while for a port that is taken: by a former process that is still ending, or, where workers try
   * again and again to reach one that is gone, by such a try, which the system may have connected with itself.
   */
  async #bind(server: Server, address: string): Promise<number> {
    const giveUpAt = performance.now() + (this.#options.retryForMs ?? TAKEN_MS);
    for (;;) {
      const bound = await new Promise<number | Error>((resolve) => {
        server.bindAsync(address, credentialsOf(this.#options.tls ?? null), (error, port) => resolve(error ?? port));
      });
      if (typeof bound === 'number') return bound;
      const why = reasonOf(bound);
      if (why !== TAKEN || performance.now() > giveUpAt) throw new ListenError(address, why);
      await delay(LOOK_AGAIN_MS);
    }
  }

  async stop(): Promise<void> {
    const server = this.#server;
    if (server === null) return;
    this.#server = null;
    for (const peer of this.#peers) peer.close();
    const cutting = new AbortController();
    const ended = new Promise<void>((resolve) => {
      // An error says that it was shut down already.
      server.tryShutdown(() => resolve());
    });
    await Promise.race([ended, delay(SHUTDOWN_MS, undefined, { signal: cutting.signal }).catch(() => undefined)]);
    cutting.abort();
    server.forceShutdown();
    await ended;
  }

  async #accept(call: SessionCall, handler: CarrierHandler): Promise<void> {
    let admission: Admission;
    try {
      const sent = call.metadata.get('authorization')[0];
      admission = await this.#options.doorkeeper.admit(typeof sent === 'string' ? sent : undefined, addressOf(call.getPeer()));
    } catch (error) {
      const details = error instanceof Error ? error.message : String(error);
      this.#options.logger?.warn({ peer: call.getPeer() }, `a worker was not let in: ${details}`);
      if (!call.cancelled) call.emit('error', { code: statusOf(error), details });
      return;
    }
    // It may have ended while its token was looked at.
    if (!call.cancelled) this.#open(call, handler, admission);
  }

  #open(call: SessionCall, handler: CarrierHandler, admission: Admission): void {
    const { httpPort } = this.#options;
    if (httpPort !== undefined) call.sendMetadata(portMetadata(httpPort));
    const peer = new GrpcPeer(`session-${randomUUID()}`, admission.token, call, handler, (problem) => {
      if (problem !== null) this.#options.logger?.warn({ peer: call.getPeer() }, problem);
      unwatch();
      this.#peers.delete(peer);
    });
    const unwatch = admission.watch((why) => peer.dismiss(why.message));
    this.#peers.add(peer);
  }
}

/** Without the port, which is another for each try. */
function addressOf(peer: string): string {
  return peer.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
}

/** Of a token that is not good the worker need not try again; of one that could not be looked at it shall. */
function statusOf(error: unknown): status {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  if (code === 'Forbidden') return status.PERMISSION_DENIED;
  if (code === 'TooManyRequests') return status.RESOURCE_EXHAUSTED;
  return code === 'Unauthorized' || code === 'TokenExpired' || code === 'TokenRevoked' ? status.UNAUTHENTICATED : status.UNAVAILABLE;
}

function credentialsOf(tls: ServerTls | null): ServerCredentials {
  if (tls === null) return ServerCredentials.createInsecure();
  const pair = { cert_chain: Buffer.from(tls.cert), private_key: Buffer.from(tls.key) };
  return ServerCredentials.createSsl(tls.clientCa === null ? null : Buffer.from(tls.clientCa), [pair], tls.clientCa !== null);
}

function portMetadata(port: number): Metadata {
  const metadata = new Metadata();
  metadata.set(HTTP_PORT_METADATA, String(port));
  return metadata;
}

/** The library wraps what the system said in a count of addresses. */
function reasonOf(error: Error): string {
  if (error.message.includes('EADDRINUSE')) return TAKEN;
  return /errors: \[(.*)\]/.exec(error.message)?.[1] ?? error.message;
}
