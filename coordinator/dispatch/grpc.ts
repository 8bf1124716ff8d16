/** The session protocol on gRPC: one bidirectional stream per worker, frames as raw bytes. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { logVerbosity, Server, ServerCredentials, setLogVerbosity, status } from '@grpc/grpc-js';
import type { ServerDuplexStream } from '@grpc/grpc-js';
import type { Carrier, CarrierHandler } from './carrier.js';
import { ListenError } from './carrier.js';
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
  readonly token: string;
  readonly logger?: CarrierLogger;
}

/** A connection whose other end is gone without a word is noticed within the sum of the two. */
const KEEPALIVE_TIME_MS = 10_000;
const KEEPALIVE_TIMEOUT_MS = 5_000;
/** Offers name every key of their span; nothing sane comes near this. */
const MAX_MESSAGE_BYTES = 256 * 2 ** 20;
/** How long sessions that were told to end may take, before the sockets are cut. */
const SHUTDOWN_MS = 500;

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

/** Over an insecure channel: bind it to loopback, or to a network that is trusted. */
export function grpcCarrier(options: GrpcCarrierOptions): Carrier {
  return new GrpcCarrier(options);
}

class GrpcCarrier implements Carrier {
  readonly #options: GrpcCarrierOptions;
  readonly #peers = new Set<GrpcPeer>();
  #server: Server | null = null;
  #sessions = 0;

  constructor(options: GrpcCarrierOptions) {
    this.#options = options;
  }

  async start(handler: CarrierHandler): Promise<{ address: string }> {
    const server = new Server({
      'grpc.keepalive_time_ms': KEEPALIVE_TIME_MS,
      'grpc.keepalive_timeout_ms': KEEPALIVE_TIMEOUT_MS,
      'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
      'grpc.max_send_message_length': MAX_MESSAGE_BYTES,
    });
    server.addService(sessionService, { session: (call: SessionCall) => this.#accept(call, handler) });
    const { host, port } = this.#options;
    const urlHost = host.includes(':') ? `[${host}]` : host;
    const bound = await new Promise<number>((resolve, reject) => {
      server.bindAsync(`${urlHost}:${port}`, ServerCredentials.createInsecure(), (error, boundPort) => {
        if (error) reject(new ListenError(`${urlHost}:${port}`, reasonOf(error)));
        else resolve(boundPort);
      });
    });
    this.#server = server;
    return { address: `${urlHost}:${bound}` };
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

  #accept(call: SessionCall, handler: CarrierHandler): void {
    if (!isBearer(call.metadata.get('authorization')[0], this.#options.token)) {
      this.#options.logger?.warn({ peer: call.getPeer() }, 'a worker came with a wrong token or none');
      call.emit('error', { code: status.UNAUTHENTICATED, details: "the token is not this coordinator's; give the worker the coordinator's token in TRAWL_TOKEN" });
      return;
    }
    this.#sessions += 1;
    const peer = new GrpcPeer(`session-${this.#sessions}`, call, handler, (problem) => {
      if (problem !== null) this.#options.logger?.warn({ peer: call.getPeer() }, problem);
      this.#peers.delete(peer);
    });
    this.#peers.add(peer);
  }
}

/** The library wraps what the system said in a count of addresses. */
function reasonOf(error: Error): string {
  if (error.message.includes('EADDRINUSE')) return 'the port is taken';
  return /errors: \[(.*)\]/.exec(error.message)?.[1] ?? error.message;
}

/** In constant time, whatever the lengths. */
function isBearer(header: string | Buffer | undefined, token: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(typeof header === 'string' ? header : ''), digest(`Bearer ${token}`));
}
