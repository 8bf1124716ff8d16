/**
 * What a chaos run hits: Postgres, two coordinators over one store, workers of two slots each behind
 * proxies of their own, and on NATS a server. All of it real processes that are started again when they
 * end.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { HttpSweepService } from '../../cli/client.js';
import { startEmbedded, type EmbeddedPostgres } from '../../coordinator/store/embedded.js';
import { natsEnvironment } from '../../proto/nats/settings.js';
import { packageRoot } from '../../proto/package-root.js';
import { startTcpProxy, type TcpProxy } from '../contract/tcp-proxy.js';
import { processes } from '../fault/run.js';
import { NatsServer } from '../support/nats.js';
import { LastingProcess } from './lasting-process.js';

export const WORKERS = 8;
const SLOTS = 2;
/** Short, so that what is lost is found within the run. */
const LEASE_MS = 3_000;

const COORDINATORS = 2;
/** What was killed is started again after so long. */
const PAUSE_MS = 500;

interface Ports {
  readonly grpc: number;
  readonly http: number;
}

/** One worker's ways to every coordinator. */
export interface Ways {
  readonly grpc: readonly TcpProxy[];
  readonly http: readonly TcpProxy[];
  readonly nats: readonly TcpProxy[];
}

export interface WorldOptions {
  readonly folder: string;
  readonly carrier: 'grpc' | 'nats';
  readonly random: () => number;
}

export class World {
  readonly #options: WorldOptions;
  readonly token = randomBytes(24).toString('base64url');
  readonly #ports: Ports[] = [];
  #postgres: EmbeddedPostgres | null = null;
  #databaseUrl = '';
  coordinators: LastingProcess[] = [];
  workers: LastingProcess[] = [];
  ways: Ways[] = [];
  readonly #nats: NatsServer | null;
  #natsIsDown = false;
  #ending = false;

  private constructor(options: WorldOptions) {
    this.#options = options;
    this.#nats = options.carrier === 'nats' ? new NatsServer() : null;
  }

  static async start(options: WorldOptions): Promise<World> {
    const world = new World(options);
    mkdirSync(options.folder, { recursive: true });
    await world.#startPostgres();
    await world.#nats?.start();
    for (let index = 0; index < COORDINATORS; index += 1) world.#ports.push({ grpc: await freePort(), http: await freePort() });
    world.coordinators = world.#ports.map((ports, index) => world.#coordinator(index, ports));
    for (let index = 0; index < WORKERS; index += 1) {
      world.ways.push(await world.#waysOf());
      world.workers.push(world.#worker(index));
    }
    return world;
  }

  get databaseUrl(): string {
    return this.#databaseUrl;
  }

  get blobFolder(): string {
    return join(this.#options.folder, 'blobs');
  }

  /** Of all coordinators, with commas between. */
  get urls(): string {
    return this.#ports.map(({ http }) => `http://127.0.0.1:${http}`).join(',');
  }

  service(): HttpSweepService {
    return new HttpSweepService({ url: this.urls, token: this.token });
  }

  /** The coordinator that leads, or does not, by what it answers; null where none does. */
  async coordinatorThat(leads: boolean): Promise<LastingProcess | null> {
    for (const [index, { http }] of this.#ports.entries()) {
      if ((await isLeading(`http://127.0.0.1:${http}`, this.token)) === leads) return this.coordinators[index] ?? null;
    }
    return null;
  }

  /** The server and all its processes; none while it is starting again. */
  postgresProcesses(): number[] {
    const server = this.#postgres?.pid;
    const all = processes();
    if (server === undefined || !all.some(({ pid }) => pid === server)) return [];
    return [server, ...all.filter(({ parent }) => parent === server).map(({ pid }) => pid)];
  }

  /** Started again on its port and its store. False while it is down already. */
  async killNats(): Promise<boolean> {
    if (this.#nats === null || this.#natsIsDown) return false;
    this.#natsIsDown = true;
    await this.#nats.kill();
    await wait(PAUSE_MS);
    if (!this.#ending) await this.#nats.start();
    this.#natsIsDown = false;
    return true;
  }

  async freezeNats(forMs: number): Promise<void> {
    this.#nats?.signal('SIGSTOP');
    await wait(forMs);
    this.#nats?.signal('SIGCONT');
  }

  /** Ends everything; the folder stays. */
  async stop(): Promise<void> {
    this.#ending = true;
    await Promise.all(this.workers.map((worker) => worker.stop()));
    await Promise.all(this.coordinators.map((coordinator) => coordinator.stop()));
    await Promise.all(this.ways.flatMap(({ grpc, http, nats }) => [...grpc, ...http, ...nats]).map((proxy) => proxy.close()));
    await this.#nats?.stop();
    await this.#postgres?.stop();
  }

  async #startPostgres(): Promise<void> {
    const { folder } = this.#options;
    const postgres = await startEmbedded({ dataDir: join(folder, 'db'), runDir: join(folder, 'run'), onLog: () => undefined });
    this.#postgres = postgres;
    this.#databaseUrl = postgres.url;
    void postgres.exited.then(async () => {
      while (!this.#ending) {
        const again = await this.#startPostgres().then(
          () => true,
          () => false,
        );
        if (again) return;
      }
    });
  }

  #coordinator(index: number, { grpc, http }: Ports): LastingProcess {
    return new LastingProcess({
      module: module('coordinator', 'main', 'main.js'),
      args: ['--blobs', this.blobFolder, '--home', this.#options.folder, '--grpc-port', String(grpc), '--http-port', String(http), '--lease-ms', String(LEASE_MS)],
      env: { PATH: process.env.PATH, TRAWL_TOKEN: this.token, TRAWL_DATABASE_URL: this.#databaseUrl, ...this.#natsAt(this.#nats?.address) },
      preload: PRELOAD,
      logFile: join(this.#options.folder, `coordinator-${index}.log`),
    });
  }

  #worker(index: number): LastingProcess {
    const { grpc, http, nats } = this.ways[index]!;
    const addresses = (proxies: readonly TcpProxy[], scheme: string): string => proxies.map(({ address }) => `${scheme}${address}`).join(',');
    return new LastingProcess({
      module: module('worker', 'main', 'main.js'),
      args: [...(this.#nats === null ? ['--coordinator', addresses(grpc, '')] : []), '--blobs', addresses(http, 'http://'), '--home', join(this.#options.folder, `worker-${index}`), '--slots', String(SLOTS), '--engine', 'wasm', '--name', `box-${index}`],
      env: { PATH: process.env.PATH, TRAWL_TOKEN: this.token, TRAWL_HOME: this.#options.folder, ...this.#natsAt(nats[0]?.address) },
      preload: PRELOAD,
      logFile: join(this.#options.folder, `worker-${index}.log`),
    });
  }

  #natsAt(address: string | undefined): NodeJS.ProcessEnv {
    return address === undefined ? {} : natsEnvironment({ url: `nats://${address}` });
  }

  async #waysOf(): Promise<Ways> {
    const { random } = this.#options;
    const all = (port: (ports: Ports) => number): Promise<TcpProxy[]> => Promise.all(this.#ports.map((ports) => startTcpProxy(`127.0.0.1:${port(ports)}`, random)));
    return { grpc: await all(({ grpc }) => grpc), http: await all(({ http }) => http), nats: this.#nats === null ? [] : [await startTcpProxy(this.#nats.address, random)] };
  }
}

const PRELOAD = pathToFileURL(module('test', 'chaos', 'clock.js')).href;

function module(...path: readonly string[]): string {
  return join(packageRoot(), 'dist', ...path);
}

/** A port that nobody listens on: coordinators are started again on theirs. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}

/** Null where it does not answer. */
async function isLeading(url: string, token: string): Promise<boolean | null> {
  try {
    const response = await fetch(`${url}/api/v1/sweeps`, { headers: { authorization: `Bearer ${token}` }, signal: AbortSignal.timeout(1_000) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return null;
  }
}
