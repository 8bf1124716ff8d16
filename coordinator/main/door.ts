/** One address at which a coordinator is reached: sessions of workers, and HTTP for commands and blobs. */
import { hostname } from 'node:os';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import type { ServerTls } from '../access/tls.js';
import { listen } from '../api/http.js';
import { ListenError, type Carrier, type CarrierHandler, type Doorkeeper } from '../dispatch/carrier.js';
import { grpcCarrier } from '../dispatch/grpc.js';

export interface Listener {
  /** Address to listen on. */
  readonly host: string;
  /** 0 for any that is free. */
  readonly grpcPort: number;
  readonly httpPort: number;
}

export interface Addresses {
  /** HOST:PORT for workers. */
  readonly grpc: string;
  /** URL for people, and for workers' blobs. */
  readonly http: string;
}

export class Door {
  readonly #listener: Listener;
  readonly #tls: ServerTls | null;
  readonly #make: (tls: ServerTls | null) => Promise<FastifyInstance>;
  #app: FastifyInstance | null = null;
  #carrier: Carrier | null = null;

  /** `make`: the HTTP server, which is not listening yet. */
  constructor(listener: Listener, tls: ServerTls | null, make: (tls: ServerTls | null) => Promise<FastifyInstance>) {
    this.#listener = listener;
    this.#tls = tls;
    this.#make = make;
  }

  /** Throws ListenError. */
  async open(handler: CarrierHandler, doorkeeper: Doorkeeper, logger: Logger): Promise<Addresses> {
    const { host, grpcPort, httpPort } = this.#listener;
    const tls = this.#tls;
    this.#app = await this.#make(tls);
    // First, since workers are told of it.
    const port = await listen(this.#app, host, httpPort).catch((error: unknown) => {
      throw new ListenError(`${host}:${httpPort}`, error instanceof Error ? error.message : String(error));
    });
    this.#carrier = grpcCarrier({ host, port: grpcPort, doorkeeper, tls, httpPort: port, logger });
    const { address } = await this.#carrier.start(handler);
    const named = nameOf(host);
    return { grpc: `${named}:${address.split(':').at(-1) ?? ''}`, http: `${tls === null ? 'http' : 'https'}://${named}:${port}` };
  }

  async closeHttp(): Promise<void> {
    await this.#app?.close();
  }

  async closeSessions(): Promise<void> {
    await this.#carrier?.stop();
  }
}

/** As others write it: nobody reaches a machine at the address that stands for all of its own. */
function nameOf(host: string): string {
  if (host === '0.0.0.0' || host === '::') return hostname();
  return host.includes(':') ? `[${host}]` : host;
}
