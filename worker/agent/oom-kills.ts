/**
 * Whether the kernel killed a process for want of memory: from outside it is a SIGKILL like any other.
 * Linux counts such kills per control group (memory.events of version 2, memory.oom_control of version
 * 1), else for the machine (/proc/vmstat). Elsewhere nobody counts.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const MOUNT = '/sys/fs/cgroup';

/** Where the kills of a process's own group may be counted, nearest first: in a container the group's path may be that of the host. */
export function counterFiles(cgroup: string): string[] {
  const files = cgroup.split('\n').flatMap((line) => {
    const [, controllers = '', path = ''] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (controllers.split(',').includes('memory')) return [join(MOUNT, 'memory', path, 'memory.oom_control'), join(MOUNT, 'memory', 'memory.oom_control')];
    return controllers === '' && path !== '' ? [join(MOUNT, path, 'memory.events'), join(MOUNT, 'memory.events')] : [];
  });
  return [...files, '/proc/vmstat'];
}

async function countIn(file: string): Promise<number | null> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const count = /^oom_kill (\d+)$/m.exec(text)?.[1];
  return count === undefined ? null : Number(count);
}

export class OomKills {
  readonly #file: string;
  readonly #before: number;

  private constructor(file: string, before: number) {
    this.#file = file;
    this.#before = before;
  }

  /** Counts from now on in the group of a living process; null where nothing is counted. */
  static async since(pid: number): Promise<OomKills | null> {
    const cgroup = await readFile(`/proc/${pid}/cgroup`, 'utf8').catch(() => '');
    for (const file of counterFiles(cgroup)) {
      const before = await countIn(file);
      if (before !== null) return new OomKills(file, before);
    }
    return null;
  }

  /** Whether there was one since: with two slots in one group, it may have been the other's process. */
  async happened(): Promise<boolean> {
    const now = await countIn(this.#file);
    return now !== null && now > this.#before;
  }
}
