/** Coordinators on one database and one folder of blobs, and workers that know them all, as real processes. */
import assert from 'node:assert/strict';
import { fork, type ChildProcess } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { FolderBlobStore } from '../../blob/folder.js';
import { HttpSweepService } from '../../cli/client.js';
import { homeAt } from '../../cli/home.js';
import { loadSweep } from '../../cli/run/load.js';
import type { TrialResult } from '../../coordinator/api/trial-views.js';
import type { SubmitRequest } from '../../coordinator/api/views.js';
import { packageRoot } from '../../proto/package-root.js';
import { wasmNumerics } from '../../worker/engine/wasm/numerics.js';
import { imageNumerics } from '../../worker/train/numerics.js';
import { until, writeSweep } from './run.js';

const TOKEN = 'a-token-of-this-test';

interface Place {
  readonly grpc: number;
  readonly http: number;
}

/** One `node …/main.js` and what it says when it is ready. */
class Started {
  readonly child: ChildProcess;
  readonly ended: Promise<void>;
  stderr = '';

  constructor(module: readonly string[], args: readonly string[], env: NodeJS.ProcessEnv) {
    this.child = fork(join(packageRoot(), 'dist', ...module), [...args], { env: { PATH: process.env.PATH, TRAWL_TOKEN: TOKEN, ...env }, stdio: ['ignore', 'ignore', 'pipe', 'ipc'], execArgv: [] });
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.ended = new Promise((resolve) => this.child.once('exit', () => resolve()));
  }

  get pid(): number {
    return this.child.pid ?? assert.fail('the process has not started');
  }

  said<Message>(kind: string): Promise<Message> {
    return new Promise((resolve, reject) => {
      this.child.on('message', (message) => (message as { kind?: string }).kind === kind && resolve(message as Message));
      this.child.once('exit', () => reject(new Error(`it ended before it was ${kind}:\n${this.stderr}`)));
    });
  }

  signal(name: NodeJS.Signals): void {
    process.kill(this.pid, name);
  }

  async stop(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      this.signal('SIGCONT');
      this.signal('SIGKILL');
    }
    await this.ended;
  }
}

export class Fleet {
  readonly folder: string;
  readonly #places: readonly Place[];
  readonly #all: Started[] = [];

  private constructor(folder: string, places: readonly Place[]) {
    this.folder = folder;
    this.#places = places;
  }

  static async of(folder: string, coordinators: number): Promise<Fleet> {
    const ports = await freePorts(2 * coordinators);
    return new Fleet(folder, Array.from({ length: coordinators }, (_, index) => ({ grpc: ports[2 * index] ?? 0, http: ports[2 * index + 1] ?? 0 })));
  }

  /** Asks whichever coordinator leads. */
  get service(): HttpSweepService {
    return new HttpSweepService({ url: this.#places.map((place) => urlOf(place)).join(','), token: TOKEN });
  }

  /** Asks this one alone. */
  one(index: number): HttpSweepService {
    return new HttpSweepService({ url: this.url(index), token: TOKEN });
  }

  url(index: number): string {
    return urlOf(this.#places[index] ?? assert.fail('there is no such coordinator'));
  }

  /** Resolves when it is ready. `standby`: null where it leads, else who does. */
  async startCoordinator(index: number, databaseUrl: string): Promise<Started & { readonly standby: string | null }> {
    const place = this.#places[index] ?? assert.fail('there is no such coordinator');
    const args = ['--blobs', join(this.folder, 'home', 'blobs'), '--home', join(this.folder, 'home'), '--grpc-port', String(place.grpc), '--http-port', String(place.http)];
    const started = this.#keep(new Started(['coordinator', 'main', 'main.js'], args, { TRAWL_DATABASE_URL: databaseUrl }));
    const { standby } = await started.said<{ standby: string | null }>('ready');
    return Object.assign(started, { standby });
  }

  startWorker(name: string): Started {
    const addresses = this.#places.map(({ grpc }) => `127.0.0.1:${grpc}`).join(',');
    const args = ['--coordinator', addresses, '--blobs', this.#places.map((place) => urlOf(place)).join(','), '--home', join(this.folder, name), '--name', name, '--slots', '1', '--engine', 'wasm', '--engines', join(this.folder, 'none')];
    return this.#keep(new Started(['worker', 'main', 'main.js'], args, {}));
  }

  /** Whether it leads now; false where it does not answer. */
  async leads(index: number): Promise<boolean> {
    try {
      const response = await fetch(`${this.url(index)}/api/v1/health`, { signal: AbortSignal.timeout(500) });
      return ((await response.json()) as { leading?: boolean }).leading === true;
    } catch {
      return false;
    }
  }

  /** In milliseconds from now. */
  async untilLeads(index: number): Promise<number> {
    const from = performance.now();
    await until(`coordinator ${index} to lead`, async () => ((await this.leads(index)) ? true : null));
    return performance.now() - from;
  }

  async recorded(sweep: string, epochs: number): Promise<void> {
    await until(`${epochs} recorded epochs`, async () => (((await this.service.progress(sweep).catch(() => null))?.epochs.recorded ?? 0) >= epochs ? true : null));
  }

  async completed(sweep: string): Promise<Outcome> {
    await until('the end of the sweep', async () => ((await this.service.sweep(sweep).catch(() => null))?.state === 'completed' ? true : null));
    const { trials } = await this.service.results(sweep, { test: true });
    return { trials: trials.map(outcomeOf).sort((a, b) => (a.settings < b.settings ? -1 : 1)), ...(await this.service.recordedSince(sweep, 0)) };
  }

  async stop(): Promise<void> {
    await Promise.all(this.#all.map((started) => started.stop()));
  }

  #keep<Process extends Started>(started: Process): Process {
    this.#all.push(started);
    return started;
  }
}

export interface Outcome {
  readonly trials: readonly { readonly settings: string }[];
  /** Epoch keys that were recorded, each counted once; and how often a recorded one was trained again. */
  readonly trained: number;
  readonly retrained: number;
}

/** All of a trial that must not depend on what happened on the way. */
function outcomeOf({ state, settings, epochs, bestEpoch, train, val, test }: TrialResult): Outcome['trials'][number] {
  return { settings: JSON.stringify(settings), ...{ state, epochs, bestEpoch, train, val, test } };
}

/** Images whose training goes through checkpoints, predictions and packs; prepared once into the folder's blobs. */
export async function imageSweep(folder: string): Promise<SubmitRequest> {
  const loaded = await loadSweep({
    file: await writeSweep(folder),
    home: homeAt(join(folder, 'home')),
    blobs: new FolderBlobStore(join(folder, 'home', 'blobs')),
    sharing: true,
    engine: { asked: 'wasm', hasNative: false },
    onWarning: () => undefined,
    withoutData: () => Promise.resolve(null),
    onProgress: () => undefined,
    signal: new AbortController().signal,
  });
  return { ...loaded.request, numerics: imageNumerics(wasmNumerics()) };
}

function urlOf({ http }: Place): string {
  return `http://127.0.0.1:${http}`;
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  await Promise.all(servers.map((server) => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
