/** What processes serve a data folder: the postmaster of its pid file, and what a killed one left behind. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readFile, readdir, readlink, realpath, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';

const execute = promisify(execFile);
const pollMs = 15;

/** The lines of postmaster.pid (storage/pidfile.h of Postgres) that matter here. */
export interface PidFile {
  readonly pid: number;
  readonly port: number;
  /** Folder of the Unix socket; '' where there is none. */
  readonly socketDir: string;
  /** Address it listens on; '' where it does not. */
  readonly host: string;
  readonly ready: boolean;
}

export async function readPidFile(dataDir: string): Promise<PidFile | null> {
  const text = await readFile(join(dataDir, 'postmaster.pid'), 'utf8').catch(() => '');
  const [pid, , , port, socketDir, host, , status] = text.split('\n').map((line) => line.trim());
  // A single-user or bootstrap process writes its number negative.
  const number = Number(pid);
  if (!Number.isInteger(number) || number <= 0) return null;
  return { pid: number, port: Number(port ?? 0), socketDir: socketDir ?? '', host: host ?? '', ready: status === 'ready' };
}

/** A process that ended but was not reaped (an init that reaps nobody is common in containers) is not alive. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !isZombie(pid);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function isZombie(pid: number): boolean {
  if (process.platform !== 'linux') return false;
  try {
    // proc(5): pid (name) state; a name may hold anything, so the last bracket counts.
    return /\) Z [^)]*$/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

/** Whether this process is a Postgres that works in this data folder: numbers of processes are used again. */
export async function serves(pid: number, dataDir: string): Promise<boolean> {
  if (!isAlive(pid)) return false;
  const folder = await realpath(dataDir);
  if (process.platform === 'linux') {
    const links = await Promise.all(['exe', 'cwd'].map((name) => readlink(`/proc/${pid}/${name}`).catch(() => '')));
    return basename((links[0] ?? '').replace(/ \(deleted\)$/, '')) === 'postgres' && links[1] === folder;
  }
  const { stdout } = await execute('ps', ['-o', 'command=', '-p', String(pid)]).catch(() => ({ stdout: '' }));
  return stdout.includes('postgres') && (stdout.includes(folder) || stdout.includes(dataDir));
}

/** Processes that work in a data folder. Linux only; elsewhere Postgres itself waits for them by its shared memory. */
async function processesIn(dataDir: string): Promise<number[]> {
  if (process.platform !== 'linux') return [];
  const pids = (await readdir('/proc')).map(Number).filter((pid) => Number.isInteger(pid));
  const serving = await Promise.all(pids.map((pid) => serves(pid, dataDir)));
  return pids.filter((_pid, index) => serving[index]);
}

/**
 * Clears the way after a postmaster that was killed. Its children notice and end by themselves, but one
 * in the middle of a statement holds the old shared memory until then; two generations at once would
 * ruin the data, so all are gone before the pid file goes. A file that stayed could name a process that
 * is somebody else's by now, at which Postgres would refuse to start.
 */
export async function clearStale(dataDir: string, graceMs: number): Promise<void> {
  const started = performance.now();
  let urged = false;
  for (;;) {
    const left = await processesIn(dataDir);
    if (left.length === 0) break;
    const waited = performance.now() - started;
    if (waited > 2 * graceMs) signalAll(left, 'SIGKILL');
    else if (waited > graceMs && !urged) {
      urged = true;
      signalAll(left, 'SIGQUIT');
    }
    await wait(pollMs);
  }
  if (process.platform === 'linux') await rm(join(dataDir, 'postmaster.pid'), { force: true });
}

function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // Gone meanwhile.
    }
  }
}

/** Waits until the postmaster says it is ready ('ready'), or is gone ('gone'), or the time is over ('late'). */
export async function awaitReady(dataDir: string, pid: number, gone: AbortSignal | null, timeoutMs: number): Promise<'ready' | 'gone' | 'late'> {
  const started = performance.now();
  for (;;) {
    if (gone === null ? !isAlive(pid) : gone.aborted) return 'gone';
    const file = await readPidFile(dataDir);
    if (file !== null && file.pid === pid && file.ready) return 'ready';
    if (performance.now() - started > timeoutMs) return 'late';
    await wait(pollMs);
  }
}

/** Settles when a process that is no child of ours is gone. */
export async function awaitEnd(pid: number, everyMs: number): Promise<void> {
  while (isAlive(pid)) await wait(everyMs);
}
