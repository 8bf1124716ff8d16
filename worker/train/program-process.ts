/**
 * A program of a user's own in a process of its own: its reports in order, what else it prints passed on,
 * and its end. Nothing that it does costs more than a fixed amount of memory here: while reports wait to
 * be taken, its standard output waits too.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import { LogRing } from '../agent/log-ring.js';
import { ProgramMissing } from './program-error.js';
import { readReport, type ProgramReport } from './program-report.js';
import { ReportLines } from './report-lines.js';

export interface ProgramEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export type Said = { readonly kind: 'report'; readonly report: ProgramReport } | { readonly kind: 'end'; readonly end: ProgramEnd };

export interface ProgramOptions {
  readonly command: readonly string[];
  readonly folder: string;
  readonly environment: NodeJS.ProcessEnv;
}

const MOST_WAITING = 64;

/** How long output is waited for after the exit, where something that it left behind holds the pipe open. */
const OUTPUT_GRACE_MS = 500;
/** So often, where what it left behind prints on and on. */
const MOST_GRACES = 10;

export class ProgramProcess {
  readonly #name: string;
  readonly #child: ChildProcess;
  readonly #lines: ReportLines;
  readonly #waiting: ProgramReport[] = [];
  readonly #tail = new LogRing(16 * 1024);
  readonly #ended: Promise<void>;
  #end: ProgramEnd | null = null;
  #startError: ProgramMissing | null = null;
  #wake: () => void = () => undefined;
  #heardAt = performance.now();

  constructor({ command, folder, environment }: ProgramOptions) {
    const [name = '', ...args] = command;
    this.#name = name;
    this.#lines = new ReportLines({ report: (line) => this.#report(line), other: (bytes) => this.#passOn(bytes) });
    // In the process group of this process: whoever ends that ends both, and what the program has started.
    this.#child = spawn(name, args, { cwd: folder, env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child.stdout?.on('data', (chunk: Buffer) => this.#hear(chunk));
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#heardAt = performance.now();
      this.#tail.write(chunk);
    });
    this.#child.stderr?.pipe(process.stderr, { end: false });
    this.#ended = this.#watchEnd();
  }

  /** When it last printed anything, on the clock of `performance.now`. */
  get heardAt(): number {
    return this.#heardAt;
  }

  /** The last line that it printed beside its reports. */
  get lastLine(): string {
    return this.#tail.lastLine();
  }

  /** Settles when the process is gone. */
  get ended(): Promise<void> {
    return this.#ended;
  }

  /** The next report, or the end when no more will come; null where neither is there yet. Throws ProgramMissing. */
  next(): Said | null {
    const report = this.#waiting.shift();
    if (this.#waiting.length < MOST_WAITING / 2) this.#child.stdout?.resume();
    if (report !== undefined) return { kind: 'report', report };
    if (this.#startError !== null) throw this.#startError;
    return this.#end === null ? null : { kind: 'end', end: this.#end };
  }

  /** Settles when `next` may have something to say. */
  news(): Promise<void> {
    if (this.#waiting.length > 0 || this.#end !== null) return Promise.resolve();
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  /** Asks it, and all in its group, to end. */
  terminate(): void {
    try {
      // This process leads the group and does not mind the signal.
      process.kill(-process.pid, 'SIGTERM');
    } catch {
      this.#child.kill('SIGTERM');
    }
  }

  #hear(chunk: Buffer): void {
    this.#heardAt = performance.now();
    this.#lines.write(chunk);
    if (this.#waiting.length >= MOST_WAITING) this.#child.stdout?.pause();
  }

  #report(line: string): boolean {
    const report = readReport(line);
    if (report === null) return false;
    this.#waiting.push(report);
    this.#wake();
    return true;
  }

  #passOn(bytes: Uint8Array): void {
    this.#tail.write(bytes);
    const stdout = this.#child.stdout;
    if (process.stdout.write(bytes) || stdout === null) return;
    stdout.pause();
    process.stdout.once('drain', () => {
      if (this.#waiting.length < MOST_WAITING) stdout.resume();
    });
  }

  async #watchEnd(): Promise<void> {
    const { stdout, stderr } = this.#child;
    const end = await new Promise<ProgramEnd>((resolve) => {
      this.#child.once('error', (error) => {
        this.#startError = missing(this.#name, error);
        resolve({ code: null, signal: null });
      });
      this.#child.once('exit', (code, signal) => resolve({ code, signal }));
    });
    if (stdout !== null) await this.#restOf(stdout);
    stderr?.destroy();
    this.#lines.end();
    this.#end = end;
    this.#wake();
  }

  /** What it printed last may still be on its way, and reports may still wait to be taken. */
  async #restOf(stdout: Readable): Promise<void> {
    let graces = 0;
    while (!stdout.readableEnded && !stdout.destroyed) {
      const heardAt = this.#heardAt;
      let timer: NodeJS.Timeout | undefined;
      await Promise.race([
        new Promise<void>((resolve) => stdout.once('close', resolve)),
        new Promise<void>((resolve) => {
          timer = setTimeout(resolve, OUTPUT_GRACE_MS);
        }),
      ]);
      clearTimeout(timer);
      // Paused for reports that are not taken yet, it has more to say, however long that takes.
      if (stdout.isPaused()) continue;
      graces += 1;
      if (heardAt === this.#heardAt || graces === MOST_GRACES) stdout.destroy();
    }
  }
}

function missing(name: string, error: Error): ProgramMissing {
  const code = 'code' in error ? error.code : undefined;
  const found = code === 'ENOENT' ? 'no such program' : code === 'EACCES' ? 'a file that may not be run' : error.message;
  const remedy = code === 'EACCES' ? `make it executable (chmod +x), or name what runs it, as in [sh, ${name}]` : 'install it there, or name it by its whole path';
  return new ProgramMissing(`${name}: found ${found} on this worker, expected a program on its PATH or among the files of the command; ${remedy}`);
}
