/**
 * A child process that is kept alive: started again when it ends by itself, after a pause that doubles
 * with each quick end. Each child has an IPC channel and ends when it closes, so none outlives this
 * process, whatever ends it. Children are in process groups of their own: Ctrl-C on a terminal reaches
 * this process alone, which decides what it means.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { closeSync, fstatSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { CodedError } from '../../proto/coded-error.js';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;
/** A child that lived this long begins again without a pause. */
const SETTLED_MS = 30_000;
/** Ends in a row, without ever having been ready, or all for the same reason, after which it is given up. */
const STARTS = 5;
/** A first start that has come to nothing for so long is not tried again: whoever waits shall learn why. */
const FIRST_START_LIMIT_MS = 8_000;
/** A predecessor that still holds the folder may need so long to end. */
const SAME_REASON_LIMIT_MS = 15_000;
const STOP_LIMIT_MS = 15_000;
const LOG_LIMIT_BYTES = 10_000_000;
/** Messages live for a turn: with room for many turns they are gone before they are ever copied (a quarter of the coordinator's time in no-op trials). */
const EXEC_ARGV = [...process.execArgv, '--max-semi-space-size=32'];

/** What a child says of its own end, where it knows: {kind: 'failed', code, message}. */
interface Told {
  readonly code: string;
  readonly message: string;
}

/** Its code is that of the child's own error, where it told one. */
export class ChildFailed extends CodedError {
  readonly code: string = 'ChildFailed';
  constructor(name: string, reason: string, logFile: string, told: Told | null = null) {
    // The child may have said its name itself.
    super(`the ${name} does not start: ${told?.message ?? `${reason.replace(`${name}: `, '')} (its log: ${logFile})`}`);
    if (told !== null) this.code = told.code;
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
  /** Told of each unexpected end of a child that had been ready, once of those in a row that have the same reason. */
  readonly onEnd?: (how: string) => void;
  /** Told when the child has ended for good by somebody's wish, as {kind: 'left'} says before. */
  readonly onLeft?: () => void;
  /** How long ends for one and the same reason are borne. */
  readonly sameReasonLimitMs?: number;
}

export class SupervisedChild {
  readonly #plan: ChildPlan;
  /** Rejects when the child is given up. */
  readonly failed: Promise<never>;
  #fail: (error: Error) => void = () => undefined;
  #child: ChildProcess | null = null;
  #timer: NodeJS.Timeout | null = null;
  #stopped = false;
  #left = false;
  #told: Told | null = null;
  #pauseMs = FIRST_PAUSE_MS;
  #unready = 0;
  #wasReady = false;
  #firstStartAt: number | null = null;
  /** Ends in a row that the child gave the same reason for, and when the first of them was. */
  #same = { reason: '', times: 0, since: 0 };

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
    this.#firstStartAt ??= startedAt;
    const log = openLog(this.#plan.logFile);
    const logStart = fstatSync(log).size;
    const child = fork(this.#plan.module, [...this.#plan.args()], { detached: true, env: this.#plan.env(), execArgv: EXEC_ARGV, stdio: ['ignore', log, log, 'ipc'] });
    closeSync(log);
    this.#child = child;
    this.#told = null;
    this.#unready += 1;
    if (this.#plan.onReady === null) this.#unready = 0;
    child.on('message', (message) => {
      if (typeof message !== 'object' || !('kind' in message)) return;
      if (message.kind === 'left') this.#left = true;
      if (isFailure(message)) this.#told = message;
      if (message.kind !== 'ready') return;
      this.#unready = 0;
      this.#wasReady = true;
      this.#plan.onReady?.(message);
    });
    child.on('error', () => undefined);
    child.on('exit', (code, signal) => {
      const reason = signal === null ? lastMessage(this.#plan.logFile, logStart) : null;
      this.#ended(performance.now() - startedAt, signal ?? `exit code ${code ?? 0}`, reason);
    });
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

  /** `reason`: what the child said last; null when it said nothing or was killed. */
  #ended(livedMs: number, how: string, reason: string | null): void {
    this.#child = null;
    if (this.#stopped) return;
    if (this.#left) {
      this.#stopped = true;
      this.#plan.onLeft?.();
      return;
    }
    this.#countReason(livedMs, reason);
    if (this.#isHopeless()) {
      this.#stopped = true;
      this.#fail(new ChildFailed(this.#plan.name, reason ?? how, this.#plan.logFile, this.#told));
      return;
    }
    if (this.#unready === 0 && this.#same.times <= 1) this.#plan.onEnd?.(reason === null ? how : `${how}: ${reason}`);
    if (livedMs > SETTLED_MS) this.#pauseMs = FIRST_PAUSE_MS;
    this.#timer = setTimeout(() => this.start(), this.#pauseMs);
    this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
  }

  #countReason(livedMs: number, reason: string | null): void {
    const now = performance.now();
    if (reason === null || livedMs > SETTLED_MS) this.#same = { reason: '', times: 0, since: now };
    else if (reason === this.#same.reason) this.#same.times += 1;
    else this.#same = { reason, times: 1, since: now };
  }

  #isHopeless(): boolean {
    const now = performance.now();
    if (this.#unready >= STARTS) return true;
    if (this.#plan.onReady !== null && !this.#wasReady && now - (this.#firstStartAt ?? now) >= FIRST_START_LIMIT_MS) return true;
    return this.#same.times >= STARTS && now - this.#same.since >= (this.#plan.sameReasonLimitMs ?? SAME_REASON_LIMIT_MS);
  }
}

function isFailure(message: object): message is Told {
  return 'kind' in message && message.kind === 'failed' && 'code' in message && typeof message.code === 'string' && 'message' in message && typeof message.message === 'string';
}

/** Appends; a log that has grown too long makes room for a new one and is kept once. */
function openLog(file: string): number {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size > LOG_LIMIT_BYTES) renameSync(file, `${file}.1`);
  return openSync(file, 'a', 0o600);
}

/** Stack frames, properties of a printed error, Node's farewell, and log entries. */
const NO_MESSAGE = /^(\s|\{|\}|Node\.js v|$)/;

/** The last line, for people, of what was appended since; null where there is none. */
function lastMessage(file: string, from: number): string | null {
  try {
    const lines = readFileSync(file).subarray(from).toString('utf8').split('\n');
    return lines.findLast((line) => !NO_MESSAGE.test(line)) ?? null;
  } catch {
    return null;
  }
}
