/** A real `trawl run` with real processes, to be hit in the middle. */
import assert from 'node:assert/strict';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { HttpSweepService } from '../../cli/client.js';
import { homeAt } from '../../cli/home.js';
import { readAnnouncement } from '../../cli/host/announcement.js';
import type { ProgressView } from '../../coordinator/api/views.js';
import { packageRoot } from '../../proto/package-root.js';
import { classFolders } from '../support/images.js';

/** Nothing in these tests takes longer unless it hangs. */
const LIMIT_MS = 120_000;

/** Eight trials that share epochs; a stage is a second or so, long enough to be hit. */
export async function writeSweep(folder: string): Promise<string> {
  await classFolders(join(folder, 'images'), ['left', 'right'], 120);
  const file = join(folder, 'sweep.yaml');
  writeFileSync(
    file,
    ['name: faults', 'data: {path: ./images, split: {val: 0.2, test: 0.2}}', 'model: garth-cnn', 'space:', '  imageSize: 40', '  batch: 8', '  epochs: [3, 6]', '  fcWidth: [8, 16]']
      .concat(['  dropout: [0.1, 0.3]', '  lr: 0.01', 'stop: {monitor: val.loss, patience: 4, restoreBest: true}', ''])
      .join('\n'),
  );
  return file;
}

export interface TrialOutcome {
  readonly state: string;
  readonly settings: unknown;
  readonly epochs: number;
  readonly bestEpoch: number;
  readonly train: unknown;
  readonly val: unknown;
  readonly test: unknown;
}

export interface RunDocument {
  readonly sweep: { readonly id: string; readonly state: string };
  readonly epochs: { readonly requested: number; readonly trained: number; readonly shared: number; readonly retrained: number };
  readonly trials: readonly TrialOutcome[];
}

export interface ProcessInfo {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

/** All processes of this machine that are not dead already. */
export function processes(): ProcessInfo[] {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,stat=,args='], { encoding: 'utf8', maxBuffer: 1 << 26 }).trim().split('\n');
  return lines.flatMap((line) => {
    const [, pid, parent, state, command] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
    return pid === undefined || state?.startsWith('Z') === true ? [] : [{ pid: Number(pid), parent: Number(parent), command: command ?? '' }];
  });
}

/** Waits until `check` gives something; fails with `what` when it never does. */
export async function until<T>(what: string, check: () => T | null | Promise<T | null>): Promise<T> {
  const giveUpAt = performance.now() + LIMIT_MS;
  for (;;) {
    const found = await check();
    if (found !== null) return found;
    assert.ok(performance.now() < giveUpAt, `waited in vain for ${what}`);
    await wait(20);
  }
}

export class RealRun {
  readonly home: string;
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  stdout = '';
  stderr = '';

  constructor(file: string, home: string, args: readonly string[] = []) {
    this.home = home;
    this.child = spawn(process.execPath, [join(packageRoot(), 'dist', 'cli', 'main.js'), 'run', file, '--home', home, '--slots', '2', '--json', '--test', ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.ended = new Promise((resolve) => this.child.once('close', (code) => resolve(code)));
  }

  /** The document of a run that ended well. */
  async document(): Promise<RunDocument> {
    const code = await this.ended;
    assert.equal(code, 0, `trawl run ended with ${code}:\n${this.stderr}`);
    return JSON.parse(this.stdout) as RunDocument;
  }

  /** Resolves when so many distinct epochs of the sweep are recorded. */
  async recorded(epochs: number): Promise<void> {
    await until(`${epochs} recorded epochs`, async () => {
      assert.equal(this.child.exitCode, null, `trawl run ended early:\n${this.stderr}`);
      const progress = await this.#progress();
      return progress !== null && progress.epochs.recorded >= epochs ? true : null;
    });
  }

  /** Resolves when no attempt of the sweep holds a lease. */
  async idle(): Promise<void> {
    await until('the end of the leases', async () => ((await this.#progress())?.running.length === 0 ? true : null));
  }

  /** Descendants of this run whose command line has this in it. */
  find(part: string): ProcessInfo[] {
    const all = processes();
    const mine = new Set([this.child.pid]);
    for (let before = -1; before !== mine.size; ) {
      before = mine.size;
      for (const { pid, parent } of all) if (mine.has(parent)) mine.add(pid);
    }
    return all.filter(({ pid, command }) => mine.has(pid) && command.includes(part));
  }

  one(part: string): number {
    const [found] = this.find(part);
    assert.ok(found, `a process of the run with ${part} in its command line`);
    return found.pid;
  }

  /** Null while the coordinator does not answer. */
  async #progress(): Promise<ProgressView | null> {
    const announcement = readAnnouncement(homeAt(this.home));
    return announcement === null ? null : new HttpSweepService(announcement).progress('faults').catch(() => null);
  }

  get coordinatorPort(): number {
    return Number(new URL(readAnnouncement(homeAt(this.home))?.url ?? 'http://none:0').port);
  }
}

/** Whatever a run leaves in memory or on disk that it should not. */
export async function assertNothingLeft(home: string, port: number): Promise<void> {
  await until('the end of every process of the home', () => (processes().some(({ command }) => command.includes(home)) ? null : true));
  await assert.rejects(connects(port), `port ${port} is still open`);
  const at = homeAt(home);
  assert.ok(!existsSync(at.announcement), 'the coordinator is still announced');
  assert.ok(!existsSync(at.lock), 'the home is still locked');
  assert.ok(!existsSync(join(at.postgresData, 'postmaster.pid')), 'Postgres left its pid file');
  const temporary = join(at.worker, 'tmp');
  assert.deepEqual(existsSync(temporary) ? readdirSync(temporary) : [], [], 'the worker left temporary files');
}

function connects(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ port, host: '127.0.0.1' });
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
    socket.once('error', reject);
  });
}

/** The leaderboard by settings: everything that must not depend on what happened on the way. */
export function leaderboard(document: RunDocument): Map<string, unknown> {
  return new Map(
    document.trials
      .map(({ state, settings, epochs, bestEpoch, train, val, test }) => [JSON.stringify(settings), { state, epochs, bestEpoch, train, val, test }] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}
