/**
 * The host of a home: keeps its Postgres, its coordinator and, when there is something to train, a
 * worker alive as children. Everything ends when this process does.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Addresses } from '../../coordinator/main/door.js';
import { natsEnvironment, type NatsSettings } from '../../proto/nats/settings.js';
import { packageRoot } from '../../proto/package-root.js';
import type { EngineName } from '../../worker/engine/names.js';
import { HttpSweepService } from '../client.js';
import { createHome, type Home } from '../home.js';
import { announce, withdraw } from './announcement.js';
import { blobCredentials, childEnvironment } from './environment.js';
import type { Listening } from './listening.js';
import type { HomeLock } from './lock.js';
import { KeptPostgres } from './kept-postgres.js';
import { SupervisedChild } from './supervised.js';

export interface HostOptions {
  readonly home: Home;
  /** Held from here on; released by stop(). */
  readonly lock: HomeLock;
  /** A database server's address; null for the embedded one. */
  readonly databaseUrl: string | null;
  /** Where the blobs are: a folder, or s3://… */
  readonly blobs: string;
  /** How long a silent worker keeps its work; null for the coordinator's default. */
  readonly leaseMs: number | null;
  /** A NATS server over which workers are taken too. */
  readonly nats?: NatsSettings;
  readonly listening: Listening;
  /** Told in one line when a child ended and is started again. */
  readonly onNotice: (line: string) => void;
}

export interface WorkerOptions {
  readonly slots: number;
  /** Limit on each training child's memory; null for the worker's own choice. */
  readonly slotMemoryBytes: number | null;
  /** Of what it keeps to use again; null for the worker's own choice. */
  readonly cacheBytes: number | null;
  /** Offer this engine alone; all that can be used where it is left out. */
  readonly engine?: EngineName;
}

interface CoordinatorAddress extends Addresses {
  /** Where others reach it; null where they do not. */
  readonly outer: Addresses | null;
  /** Null where it led when it was ready; else the address of the one that led, '' where that is not known. */
  readonly standby: string | null;
}

export class Host {
  readonly #options: HostOptions;
  readonly #token = randomBytes(32).toString('base64url');
  readonly #postgres: KeptPostgres | null;
  readonly #coordinator: SupervisedChild;
  #worker: SupervisedChild | null = null;
  #databaseUrl: string | null;
  #address: CoordinatorAddress | null = null;
  #ready: () => void = () => undefined;
  readonly #isReady = new Promise<void>((resolve) => (this.#ready = resolve));
  #stopping: Promise<void> | null = null;

  /** Ctrl-C twice: no time for an orderly end, but what is left behind must not mislead the next command. */
  readonly #onExit = (): void => {
    withdraw(this.#options.home);
    this.#options.lock.release();
  };

  private constructor(options: HostOptions) {
    this.#options = options;
    process.once('exit', this.#onExit);
    this.#databaseUrl = options.databaseUrl;
    this.#postgres = options.databaseUrl === null ? this.#keptPostgres() : null;
    this.#coordinator = this.#coordinatorChild();
  }

  /** Throws ChildFailed when Postgres or the coordinator cannot be started. */
  static async start(options: HostOptions): Promise<Host> {
    createHome(options.home);
    const host = new Host(options);
    try {
      if (host.#postgres === null) host.#coordinator.start();
      else host.#postgres.start();
      await Promise.race([host.#isReady, host.failed]);
      return host;
    } catch (error) {
      await host.stop();
      throw error;
    }
  }

  /** Rejects when a child is given up. */
  get failed(): Promise<never> {
    return Promise.race([this.#postgres, this.#coordinator, this.#worker].flatMap((child) => (child === null ? [] : [child.failed])));
  }

  get url(): string {
    return this.#known().http;
  }

  /** HOST:PORT for workers. */
  get workerAddress(): string {
    return this.#known().grpc;
  }

  /** Where others reach it; null where they do not. */
  get outer(): Addresses | null {
    return this.#known().outer;
  }

  /** See CoordinatorAddress. */
  get standby(): string | null {
    return this.#known().standby;
  }

  get token(): string {
    return this.#token;
  }

  service(): HttpSweepService {
    return new HttpSweepService({ url: this.url, token: this.#token });
  }

  /** Idempotent. */
  startWorker(options: WorkerOptions): void {
    if (this.#worker !== null) return;
    const { home } = this.#options;
    const limit = options.slotMemoryBytes === null ? [] : ['--slot-memory', String(options.slotMemoryBytes)];
    const cache = options.cacheBytes === null ? [] : ['--cache', String(options.cacheBytes)];
    const engine = options.engine === undefined ? [] : ['--engine', options.engine];
    this.#worker = new SupervisedChild({
      name: 'worker',
      module: join(packageRoot(), 'dist', 'worker', 'main', 'main.js'),
      logFile: join(home.logs, 'worker.log'),
      args: () => ['--coordinator', this.#known().grpc, '--home', home.worker, '--slots', String(options.slots), '--engines', home.engines, ...limit, ...cache, ...engine],
      env: () => childEnvironment({ TRAWL_TOKEN: this.#token }),
      onReady: null,
      onEnd: (how) => this.#options.onNotice(`the worker ended (${how}); it is started again`),
      onLeft: () => this.#options.onNotice('the worker of this machine was drained and has left; it comes back when this command is started again'),
    });
    this.#worker.start();
  }

  /** Idempotent: ends the worker first, so that it can say goodbye, and Postgres last. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stopAll();
    return this.#stopping;
  }

  async #stopAll(): Promise<void> {
    const { home, lock } = this.#options;
    withdraw(home);
    await this.#worker?.stop();
    await this.#coordinator.stop();
    await this.#postgres?.stop();
    lock.release();
    process.off('exit', this.#onExit);
  }

  #known(): CoordinatorAddress {
    if (this.#address === null) throw new Error('the coordinator is not ready yet');
    return this.#address;
  }

  #keptPostgres(): KeptPostgres {
    const { home, onNotice } = this.#options;
    return new KeptPostgres({
      home,
      onNotice,
      onReady: (url) => {
        const moved = this.#databaseUrl !== null && this.#databaseUrl !== url;
        this.#databaseUrl = url;
        if (moved) this.#coordinator.restart();
        else this.#coordinator.start();
      },
    });
  }

  #coordinatorChild(): SupervisedChild {
    const { home, blobs, leaseMs, listening, nats, onNotice } = this.#options;
    const lease = leaseMs === null ? [] : ['--lease-ms', String(leaseMs)];
    // Once known, the same ports again: workers and attached commands go on with the address they have.
    const port = (address: string | undefined, first: number): string => (address === undefined ? String(first) : (address.split(':').at(-1) ?? '0'));
    const outer = (): string[] => {
      if (listening.outer === null) return [];
      const { host, grpcPort, httpPort, tls, advertise, proxies } = listening.outer;
      const known = this.#address?.outer ?? undefined;
      const files = tls === null ? [] : ['--tls-cert', tls.cert, '--tls-key', tls.key, ...(tls.clientCa === null ? [] : ['--tls-ca', tls.clientCa])];
      return ['--listen', host, '--listen-grpc-port', port(known?.grpc, grpcPort), '--listen-http-port', port(known?.http, httpPort), ...(advertise === null ? [] : ['--advertise', advertise]), ...(proxies.length === 0 ? [] : ['--proxy', proxies.join(',')]), ...files];
    };
    return new SupervisedChild({
      name: 'coordinator',
      module: join(packageRoot(), 'dist', 'coordinator', 'main', 'main.js'),
      logFile: join(home.logs, 'coordinator.log'),
      args: () => ['--blobs', blobs, '--home', home.folder, '--grpc-port', port(this.#address?.grpc, listening.loopback.grpcPort), '--http-port', port(this.#address?.http, listening.loopback.httpPort), ...lease, ...outer()],
      env: () => ({ ...blobCredentials(blobs), ...childEnvironment({ TRAWL_TOKEN: this.#token, TRAWL_DATABASE_URL: this.#databaseUrl ?? '', ...(nats === undefined ? {} : natsEnvironment(nats)) }) }),
      onReady: (message) => {
        const { grpc, http, outer: reached, standby } = message as CoordinatorAddress;
        this.#address = { grpc, http, outer: reached, standby };
        announce(home, { url: http, token: this.#token, pid: process.pid });
        this.#ready();
      },
      onEnd: (how) => onNotice(`the coordinator ended (${how}); it is started again`),
    });
  }
}
