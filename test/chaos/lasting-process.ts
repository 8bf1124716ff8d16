/** A process that is started again whenever it ends, as systemd or Kubernetes would, until it is stopped. */
import { fork, type ChildProcess } from 'node:child_process';
import { openSync, closeSync } from 'node:fs';

const PAUSE_MS = 500;
/** Longer than a worker needs to give its leases back. */
const STOP_MS = 20_000;

export interface ProcessPlan {
  readonly module: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Loaded before the module, by its URL. */
  readonly preload: string;
  readonly logFile: string;
}

export class LastingProcess {
  readonly #plan: ProcessPlan;
  #child: ChildProcess | null = null;
  #timer: NodeJS.Timeout | null = null;
  #stopped = false;
  /** How often it was started. */
  starts = 0;

  constructor(plan: ProcessPlan) {
    this.#plan = plan;
    this.#start();
  }

  /** Null between an end and the next start. */
  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  /** Nothing where there is no process at the moment. */
  signal(name: NodeJS.Signals): void {
    this.#child?.kill(name);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    const child = this.#child;
    if (child === null) return;
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill('SIGCONT');
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    await gone;
    clearTimeout(timer);
  }

  #start(): void {
    const { module, args, env, preload, logFile } = this.#plan;
    const log = openSync(logFile, 'a');
    // Forked: it ends with this process, whatever ends it.
    const child = fork(module, args, { env, execArgv: ['--import', preload], stdio: ['ignore', log, log, 'ipc'] });
    closeSync(log);
    this.starts += 1;
    this.#child = child;
    child.on('error', () => undefined);
    child.once('exit', () => {
      this.#child = null;
      if (!this.#stopped) this.#timer = setTimeout(() => this.#start(), PAUSE_MS);
    });
  }
}
