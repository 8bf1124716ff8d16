/**
 * One supervised child. It leads a process group of its own, so that whatever it forks dies with it;
 * it gets a scrubbed environment, and a pipe that tells it at any time that we are gone; what it prints
 * costs a fixed amount of memory; and its messages travel in lists, one IPC send per turn of the event
 * loop.
 */
import { fork, type ChildProcess as NodeChild } from 'node:child_process';
import { LIFELINE } from '../../proto/lifeline.js';
import { LogRing } from './log-ring.js';

const DEFAULT_LOG_BYTES = 64 * 1024;

/** How long output is waited for after the exit, where something still holds the pipes open. */
const OUTPUT_GRACE_MS = 500;

/** What a child may know of its surroundings: where programs lie, and how people write here. */
const PASSED_ON = ['PATH', 'LANG', 'LC_ALL', 'TZ', 'SystemRoot'];

export interface ChildOptions {
  /** JavaScript file to run. */
  readonly module: string;
  readonly args?: readonly string[];
  readonly execArgv?: readonly string[];
  /** Beside what every child gets. */
  readonly environment?: { readonly [name: string]: string };
  /** Its working directory, and its home and temporary folder. */
  readonly folder: string;
  /** Output kept for messages and logs. */
  readonly logBytes?: number;
}

export interface ChildExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The end of what it printed. */
  readonly log: string;
  readonly lastLine: string;
}

/** No credentials and no inherited secrets: names are let through, not held back. */
export function scrubbedEnvironment(folder: string, from: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const environment: NodeJS.ProcessEnv = { HOME: folder, TMPDIR: folder };
  for (const name of PASSED_ON) {
    if (from[name] !== undefined) environment[name] = from[name];
  }
  return environment;
}

export class SupervisedChild {
  /** Settles when the child, and all it forked in its group, are gone and its messages were delivered. */
  readonly exited: Promise<ChildExit>;
  readonly log: LogRing;
  readonly #child: NodeChild;
  readonly #onMessages: (messages: readonly unknown[]) => void;
  #outgoing: unknown[] = [];
  #alive = true;

  constructor(options: ChildOptions, onMessages: (messages: readonly unknown[]) => void) {
    this.#onMessages = onMessages;
    this.log = new LogRing(options.logBytes ?? DEFAULT_LOG_BYTES);
    this.#child = fork(options.module, options.args ?? [], {
      cwd: options.folder,
      env: { ...scrubbedEnvironment(options.folder), ...options.environment, [LIFELINE]: '4' },
      // Not the agent's own: a debugger's port, say, can be taken only once.
      execArgv: [...(options.execArgv ?? [])],
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc', 'pipe'],
      serialization: 'json',
    });
    this.#child.stdout?.on('data', (chunk: Buffer) => this.log.write(chunk));
    this.#child.stderr?.on('data', (chunk: Buffer) => this.log.write(chunk));
    this.#child.on('message', (message) => {
      if (Array.isArray(message)) this.#onMessages(message);
    });
    this.exited = this.#watchExit();
  }

  /** undefined where the system could not start it. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** Sends with whatever else is sent in this turn of the event loop; to a child that is gone it does nothing. */
  send(message: unknown): void {
    if (this.#outgoing.push(message) === 1) setImmediate(() => this.#flush());
  }

  /** Ends the whole group at once; `exited` tells when it is gone. */
  kill(): void {
    if (this.pid === undefined) return;
    try {
      process.kill(-this.pid, 'SIGKILL');
    } catch {
      // No such group: it is gone already.
    }
  }

  #flush(): void {
    const messages = this.#outgoing;
    this.#outgoing = [];
    // A send to a child that is just dying fails; `exited` tells of that.
    if (this.#child.connected) this.#child.send(messages, undefined, {}, () => undefined);
  }

  #watchExit(): Promise<ChildExit> {
    return new Promise((resolve) => {
      let grace: NodeJS.Timeout | undefined;
      let failedToStart = '';
      const settle = (code: number | null, signal: NodeJS.Signals | null): void => {
        clearTimeout(grace);
        this.#alive = false;
        resolve({ code, signal, log: this.log.text(), lastLine: failedToStart === '' ? this.log.lastLine() : failedToStart });
      };
      this.#child.once('error', (error) => {
        failedToStart = error.message;
        if (this.pid === undefined) settle(null, null);
      });
      this.#child.once('exit', (code, signal) => {
        this.#alive = false;
        this.kill();
        // Something that left the group may hold the pipes; it shall not hold us.
        grace = setTimeout(() => {
          this.#child.stdout?.destroy();
          this.#child.stderr?.destroy();
          settle(code, signal);
        }, OUTPUT_GRACE_MS);
      });
      this.#child.once('close', (code, signal) => settle(code, signal));
    });
  }
}
