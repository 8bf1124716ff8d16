/**
 * Who hosts a home: one process at a time. Node has no file locks, so the lock is a file that names
 * its holder by process id and start time; one whose holder is gone (kill -9, a power loss, a reused
 * id) is taken over. It is created by linking a file that is complete already, so it is never seen
 * half written. A takeover renames the stale file away first and looks again at what it has renamed:
 * of two that found the same stale lock, the slower one may have moved the quicker one's new lock, and
 * puts it back. What else needs a single writer has a fence of its own (the leader's epoch).
 */
import { execFileSync } from 'node:child_process';
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';

export interface HomeLock {
  release(): void;
}

export interface LockHolder {
  readonly pid: number;
  /** When that process began, as the system says it. */
  readonly started: string;
}

/** Takes the lock, or says who holds it. The home must exist. */
export function takeLock(path: string): HomeLock | { readonly holder: LockHolder } {
  const mine = JSON.stringify({ pid: process.pid, started: startOf(process.pid) ?? '' });
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, mine, { mode: 0o600 });
  try {
    while (true) {
      if (tryLink(draft, path)) return { release: () => releaseLock(path, mine) };
      const found = read(path);
      if (found === null) continue;
      const holder = parseHolder(found);
      if (holder !== null && isAlive(holder)) return { holder };
      setAside(path, found);
    }
  } finally {
    rmSync(draft, { force: true });
  }
}

/** The process that holds the lock now; null where none does. */
export function lockHolder(path: string): LockHolder | null {
  const found = read(path);
  const holder = found === null ? null : parseHolder(found);
  return holder !== null && isAlive(holder) ? holder : null;
}

function releaseLock(path: string, mine: string): void {
  if (read(path) === mine) rmSync(path, { force: true });
}

function setAside(path: string, stale: string): void {
  const aside = `${path}.stale-${process.pid}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return;
    throw error;
  }
  if (read(aside) !== stale) tryLink(aside, path);
  rmSync(aside, { force: true });
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null;
    throw error;
  }
}

function parseHolder(text: string): LockHolder | null {
  try {
    const value = JSON.parse(text) as Partial<LockHolder>;
    return typeof value.pid === 'number' && typeof value.started === 'string' ? { pid: value.pid, started: value.started } : null;
  } catch {
    return null;
  }
}

function isAlive(holder: LockHolder): boolean {
  const started = startOf(holder.pid);
  return started !== null && started === holder.started;
}

/** When a process began; null where there is no such process. */
function startOf(pid: number): string | null {
  try {
    if (process.platform === 'linux') {
      // Field 22 of stat; the second field, the name, may hold spaces and brackets.
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      // A zombie holds nothing any more.
      return fields[0] === 'Z' ? null : (fields[19] ?? null);
    }
    return execFileSync('ps', ['-p', String(pid), '-o', 'lstart='], { encoding: 'utf8' }).trim() || null;
  } catch {
    return null;
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
