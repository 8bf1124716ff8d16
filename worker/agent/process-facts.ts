/** What the operating system says about a process: asked of /proc on Linux, of `ps` elsewhere. */
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { promisify } from 'node:util';

const run = promisify(execFile);

async function ps(pid: number, field: string): Promise<string | null> {
  try {
    return (await run('ps', ['-o', `${field}=`, '-p', String(pid)])).stdout.trim();
  } catch {
    // ps exits with 1 where there is no such process.
    return null;
  }
}

/** Resident memory in bytes; null when the process is gone or cannot be asked. */
export async function residentBytes(pid: number): Promise<number | null> {
  if (process.platform !== 'linux') {
    const kilobytes = Number.parseInt((await ps(pid, 'rss')) ?? '', 10);
    return Number.isNaN(kilobytes) ? null : kilobytes * 1024;
  }
  try {
    // `status` speaks in kB; `statm` in pages, whose size differs between machines.
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kilobytes === undefined ? null : Number(kilobytes) * 1024;
  } catch {
    return null;
  }
}

/**
 * Memory in bytes of all processes of a group. What they share counts once on Linux (the proportional set
 * size), and once for each elsewhere. null when there is none, or they cannot be asked.
 */
export async function groupBytes(group: number): Promise<number | null> {
  const each = process.platform === 'linux' ? await Promise.all((await membersOf(group)).map(ownBytes)) : await groupByPs(group);
  return each.length === 0 ? null : each.reduce((sum, bytes) => sum + bytes, 0);
}

async function membersOf(group: number): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const groups = await Promise.all(
    pids.map(async (pid) => {
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
      // After the command in parentheses: state, parent, group.
      return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]);
    }),
  );
  return pids.filter((_, index) => groups[index] === group);
}

async function ownBytes(pid: number): Promise<number> {
  const kilobytes = /^Pss:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => ''))?.[1];
  return kilobytes === undefined ? ((await residentBytes(pid)) ?? 0) : Number(kilobytes) * 1024;
}

async function groupByPs(group: number): Promise<number[]> {
  const { stdout } = await run('ps', ['-axo', 'pgid=,rss=']).catch(() => ({ stdout: '' }));
  return stdout.split('\n').flatMap((line) => {
    const [pgid, kilobytes] = line.trim().split(/\s+/).map(Number);
    return pgid === group && kilobytes !== undefined ? [kilobytes * 1024] : [];
  });
}

/** The most resident memory since the process began, in bytes; null when it is gone, or nobody measures it (all but Linux). */
export async function peakResidentBytes(pid: number): Promise<number | null> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
  return kilobytes === undefined ? null : Number(kilobytes) * 1024;
}

/**
 * When the process started, in the system's own words: with the process id it names a process for
 * good, as ids are used again. null when there is no such process.
 */
export async function startedAt(pid: number): Promise<string | null> {
  if (process.platform !== 'linux') return ps(pid, 'lstart');
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The second field is the command in parentheses and may hold spaces; the state is the third, the start time the 22nd.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // Killed, and not yet buried by its parent: it holds nothing any more.
    return fields[0] === 'Z' ? null : (fields[19] ?? null);
  } catch {
    return null;
  }
}

/** Memory of the box in bytes: of the container, where its limit is smaller than the machine. */
export function boxMemoryBytes(): number {
  // 0 where there is no limit, and 2^64 or so where the limit is none.
  const constrained = process.constrainedMemory();
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}
