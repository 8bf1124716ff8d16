/** Runs the real program in real processes, as a person would. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../proto/package-root.js';

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A `trawl` in progress. */
export class Trawl {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  #stdout = '';
  #stderr = '';
  #waiting: { readonly pattern: RegExp; readonly resolve: (found: RegExpExecArray) => void; readonly reject: (error: Error) => void }[] = [];

  constructor(args: readonly string[], options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {}) {
    const program = join(packageRoot(), 'dist', 'cli', 'main.js');
    this.child = spawn(process.execPath, [program, ...args], { cwd: options.cwd, env: { ...process.env, ...options.env }, stdio: ['ignore', 'pipe', 'pipe'] });
    this.child.stdout?.on('data', (chunk: Buffer) => (this.#stdout += chunk.toString()));
    this.child.stderr?.on('data', (chunk: Buffer) => {
      this.#stderr += chunk.toString();
      this.#look();
    });
    this.ended = new Promise((resolve) => {
      this.child.once('close', (code, signal) => {
        for (const { pattern, reject } of this.#waiting) reject(new Error(`trawl ended (${signal ?? code}) before it said ${pattern}:\n${this.#stderr}`));
        resolve({ code, signal, stdout: this.#stdout, stderr: this.#stderr });
      });
    });
  }

  /** Settles with what it found once stderr holds the pattern. */
  said(pattern: RegExp): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ pattern, resolve, reject });
      this.#look();
    });
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  #look(): void {
    this.#waiting = this.#waiting.filter(({ pattern, resolve }) => {
      const found = pattern.exec(this.#stderr);
      if (found === null) return true;
      resolve(found);
      return false;
    });
  }
}

export function trawl(args: readonly string[], options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {}): Promise<Ended> {
  return new Trawl(args, options).ended;
}

/** The living processes whose command line names a folder; this one's own is left out. */
export function processesNaming(folder: string): { readonly pid: number; readonly command: string }[] {
  return allProcesses().filter(({ pid, command }) => pid !== process.pid && command.includes(folder));
}

function allProcesses(): { pid: number; command: string }[] {
  if (process.platform !== 'linux') {
    const lines = execFileSync('ps', ['-axo', 'pid=,command='], { encoding: 'utf8' }).split('\n');
    return lines.map((line) => ({ pid: Number.parseInt(line, 10), command: line }));
  }
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.flatMap((pid) => {
    try {
      return [{ pid: Number(pid), command: readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ') }];
    } catch {
      // It ended in the meantime.
      return [];
    }
  });
}
