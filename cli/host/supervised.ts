/**
 * A child process that is kept alive: started again when it ends by itself, after a pause that doubles
 * with each quick end. Each child has an IPC channel and ends when it closes, so none outlives this
 * process, whatever ends it. Children are in process groups of their own: Ctrl-C on a terminal reaches
 * this process alone, which decides what it means.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;
/** A child that lived this long begins again without a pause. */
const SETTLED_MS = 30_000;
/** Ends in a row, without ever having been ready, after which it is given up. */
const STARTS = 5;
const STOP_LIMIT_MS = 15_000;
const LOG_LIMIT_BYTES = 10_000_000;

export class ChildFailed extends Error {
  readonly code = 'ChildFailed';
  constructor(name: string, logFile: string) {
    super(`the ${name} does not start; the end of ${logFile} says:\n${lastLines(logFile, 3)}`);
    this.name = 'ChildFailed';
  }
}

export interface ChildPlan {
  /** For messages and the log, e.g. `coordinator`. */
  readonly name: string;
  readonly module: string;
  readonly logFile: string;
  /** Asked at each start, so that what has changed since is taken in. */
  readonly args: () => readonly string[];
  readonly env: () => NodeJS.ProcessEnv;
  /** What the child says when it is ready: {kind: 'ready', …}; null where it says nothing and starting is enough. */
  readonly onReady: ((message: object) => void) | null;
  /** Told of each unexpected end of a child that had been ready. */
  readonly onEnd?: (how: string) => void;
}

export class SupervisedChild {
  readonly #plan: ChildPlan;
  /** Rejects when the child is given up. */
  readonly failed: Promise<never>;
  #fail: (error: Error) => void = () => undefined;
  #child: ChildProcess | null = null;
  #timer: NodeJS.Timeout | null = null;
  #stopped = false;
  #pauseMs = FIRST_PAUSE_MS;
  #unready = 0;

  constructor(plan: ChildPlan) {
    this.#plan = plan;
    this.failed = new Promise((_, reject) => (this.#fail = reject));
    // Whoever waits sees it; that nobody may be waiting yet is no defect.
    this.failed.catch(() => undefined);
  }

  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  start(): void {
    if (this.#child !== null || this.#stopped) return;
    const startedAt = performance.now();
    const log = openLog(this.#plan.logFile);
    const child = fork(this.#plan.module, [...this.#plan.args()], { detached: true, env: this.#plan.env(), stdio: ['ignore', log, log, 'ipc'] });
    closeSync(log);
    this.#child = child;
    this.#unready += 1;
    if (this.#plan.onReady === null) this.#unready = 0;
    child.on('message', (message) => {
      if (typeof message !== 'object' || !('kind' in message) || message.kind !== 'ready') return;
      this.#unready = 0;
      this.#plan.onReady?.(message);
    });
    child.on('error', () => undefined);
    child.on('exit', (code, signal) => this.#ended(performance.now() - startedAt, signal ?? `exit code ${code ?? 0}`));
  }

  /** Ends the child and starts it again with the arguments as they are now. */
  restart(): void {
    if (this.#child === null) this.start();
    else this.#child.kill('SIGTERM');
  }

  /** Idempotent. Asks the child to end, after a while to hurry (a worker gives up its epochs then), and at last kills it. */
  async stop(limitMs = STOP_LIMIT_MS): Promise<void> {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    const child = this.#child;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill('SIGTERM');
    const timers = [setTimeout(() => child.kill('SIGTERM'), limitMs / 2), setTimeout(() => child.kill('SIGKILL'), limitMs)];
    await gone;
    timers.forEach(clearTimeout);
  }

  #ended(livedMs: number, how: string): void {
    this.#child = null;
    if (this.#stopped) return;
    if (this.#unready === 0) this.#plan.onEnd?.(how);
    if (this.#unready >= STARTS) {
      this.#stopped = true;
      this.#fail(new ChildFailed(this.#plan.name, this.#plan.logFile));
      return;
    }
    if (livedMs > SETTLED_MS) this.#pauseMs = FIRST_PAUSE_MS;
    this.#timer = setTimeout(() => this.start(), this.#pauseMs);
    this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
  }
}

/** Appends; a log that has grown too long makes room for a new one and is kept once. */
function openLog(file: string): number {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size > LOG_LIMIT_BYTES) renameSync(file, `${file}.1`);
  return openSync(file, 'a', 0o600);
}

function lastLines(file: string, lines: number): string {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
  } catch {
    return '(nothing)';
  }
}
