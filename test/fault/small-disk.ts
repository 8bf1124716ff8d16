/** A disk of its own for a part of a home: a tmpfs in a mount namespace that a process holds open, for programs that are run in there. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../proto/package-root.js';

/** A mount of our own needs a namespace, and that needs root here. */
export const canMount = process.platform === 'linux' && spawnSync('unshare', ['-m', 'sh', '-c', `mount -t tmpfs -o size=64k none ${tmpdir()}`]).status === 0;

export interface Run {
  readonly child: ChildProcess;
  readonly ended: Promise<{ readonly code: number | null; readonly stdout: string }>;
  /** Resolves when it has said this on stderr. */
  said(pattern: RegExp): Promise<void>;
  stderr(): string;
}

export class SmallDisk {
  readonly #holder: ChildProcess;
  readonly #place: string;

  private constructor(holder: ChildProcess, place: string) {
    this.#holder = holder;
    this.#place = place;
  }

  /** `size`: as mount has it, e.g. 900k. */
  static async at(place: string, size: string): Promise<SmallDisk> {
    mkdirSync(place, { recursive: true });
    const holder = spawn('unshare', ['-m', 'sh', '-c', `mount -t tmpfs -o size=${size},mode=700 none "${place}" && echo ready && cat`], { stdio: ['pipe', 'pipe', 'inherit'] });
    await once(holder.stdout, 'data');
    return new SmallDisk(holder, place);
  }

  /** Runs trawl where this disk is. */
  trawl(...args: string[]): Run {
    const child = spawn('nsenter', ['-t', String(this.#holder.pid), '-m', process.execPath, join(packageRoot(), 'dist', 'cli', 'main.js'), ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const ended = once(child, 'close').then(([code]: unknown[]) => ({ code: code as number | null, stdout }));
    return {
      child,
      ended,
      stderr: () => stderr,
      said: (pattern) =>
        new Promise((resolve, reject) => {
          const look = (): void => {
            if (pattern.test(stderr)) resolve();
          };
          child.stderr.on('data', look);
          void ended.then(() => reject(new Error(`it ended before it said ${String(pattern)}:\n${stderr}`)));
          look();
        }),
    };
  }

  /** Takes what room there is left. */
  fill(): void {
    this.#inside(`dd if=/dev/zero of="${join(this.#place, 'filler')}" bs=4k 2>/dev/null; true`);
  }

  /** Gives that back, and grows to `size`. */
  makeRoom(size: string): void {
    this.#inside(`rm -f "${join(this.#place, 'filler')}" && mount -o remount,size=${size} "${this.#place}"`);
  }

  async close(): Promise<void> {
    this.#holder.stdin?.end();
    await once(this.#holder, 'close');
  }

  #inside(script: string): void {
    const { status, stderr } = spawnSync('nsenter', ['-t', String(this.#holder.pid), '-m', 'sh', '-c', script], { encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
  }
}
