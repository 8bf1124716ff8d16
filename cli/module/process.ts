/** The process that a user's module runs in: asked one thing at a time, each within its time and memory. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CodedError } from '../../proto/coded-error.js';
import { packageRoot } from '../../proto/package-root.js';
import type { Structure } from '../../proto/model-module.js';
import { SupervisedChild, type ChildExit } from '../../worker/agent/child-process.js';
import { MemoryWatch } from '../../worker/agent/memory-watch.js';
import { residentBytes } from '../../worker/agent/process-facts.js';
import type { FromModule, ToModule } from './protocol.js';

/** The module's own error. */
export class ModuleThrew extends CodedError {
  readonly code = 'ModuleThrew';
  readonly #stack: string;
  constructor(message: string, stack: string) {
    super(message);
    this.#stack = stack;
  }

  /** The innermost place in a file below `folder` that is no package's; null where the stack names none. */
  placeIn(folder: string): { readonly file: string; readonly line: number; readonly column: number } | null {
    for (const [, url = '', line, column] of this.#stack.matchAll(/\(?((?:file:\/\/)?\/[^()\n]*?):(\d+):(\d+)\)?$/gm)) {
      const file = url.startsWith('file:') ? fileURLToPath(url) : url;
      if (file.startsWith(join(folder, '/')) && !file.includes('/node_modules/')) return { file, line: Number(line), column: Number(column) };
    }
    return null;
  }
}

/** The process is gone or had to be ended; the message says what it is: "found MESSAGE". */
export class ModuleEnded extends CodedError {
  readonly code = 'ModuleEnded';
}

interface Limits {
  readonly timeMs: number;
  readonly memoryBytes: number;
}

export class ModuleProcess {
  readonly #limits: Limits;
  readonly #signal: AbortSignal | undefined;
  readonly #child: SupervisedChild;
  readonly #watch: MemoryWatch;
  #answer: ((message: FromModule) => void) | null = null;
  /** Why we ended it, if we did. */
  #ended: string | null = null;

  constructor(folder: string, limits: Limits, signal: AbortSignal | undefined) {
    this.#limits = limits;
    this.#signal = signal;
    const heapMb = Math.floor(limits.memoryBytes / 2 / 1024 ** 2);
    const module = join(packageRoot(), 'dist', 'cli', 'module', 'child-main.js');
    this.#child = new SupervisedChild({ module, folder, execArgv: [`--max-old-space-size=${heapMb}`, '--enable-source-maps'] }, (messages) => {
      for (const message of messages) this.#answer?.(message as FromModule);
    });
    this.#watch = new MemoryWatch({
      limitBytes: limits.memoryBytes,
      measure: async () => (this.#child.pid === undefined ? null : residentBytes(this.#child.pid)),
      exceeded: () => this.#kill(`a module that takes more than ${limits.memoryBytes / 1024 ** 2} MiB of memory`),
    });
  }

  load(bundle: string): Promise<Extract<FromModule, { kind: 'loaded' }>> {
    return this.#ask({ kind: 'load', bundle }, 'loaded');
  }

  build(structure: Structure): Promise<Extract<FromModule, { kind: 'built' }>> {
    return this.#ask({ kind: 'build', ...structure }, 'built');
  }

  /** Settles when it is gone. */
  async end(): Promise<void> {
    this.#watch.stop();
    this.#child.kill();
    await this.#child.exited;
  }

  /** Throws ModuleThrew and ModuleEnded; rejects with the signal's reason. */
  async #ask<Kind extends FromModule['kind']>(message: ToModule, kind: Kind): Promise<Extract<FromModule, { kind: Kind }>> {
    this.#signal?.throwIfAborted();
    const answered = new Promise<FromModule>((resolve) => (this.#answer = resolve));
    const late = setTimeout(() => this.#kill(`a module that took longer than ${this.#limits.timeMs / 1_000} s`), this.#limits.timeMs);
    const abort = (): void => this.#child.kill();
    this.#signal?.addEventListener('abort', abort);
    this.#child.send(message);
    try {
      const answer = await Promise.race([answered, this.#child.exited]);
      this.#signal?.throwIfAborted();
      if (!('kind' in answer)) throw new ModuleEnded(this.#ended ?? endOf(answer));
      if (answer.kind === 'threw') throw new ModuleThrew(answer.message, answer.stack);
      if (answer.kind !== kind) throw new ModuleEnded('a module that sends messages of its own');
      return answer as Extract<FromModule, { kind: Kind }>;
    } finally {
      clearTimeout(late);
      this.#answer = null;
      this.#signal?.removeEventListener('abort', abort);
    }
  }

  #kill(why: string): void {
    this.#ended ??= why;
    this.#child.kill();
  }
}

function endOf({ code, signal, log }: ChildExit): string {
  if (/JavaScript heap out of memory|Allocation failed/.test(log)) return 'a module that ran out of memory';
  return `a module that ended its process (${signal ?? `exit code ${code ?? 'unknown'}`})`;
}
