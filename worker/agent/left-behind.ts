/**
 * What a program leaves behind when it ends: processes that left its group, as daemons do. All that it
 * starts inherits its environment, and with it a mark that no other process has (as Jenkins does it), so
 * on Linux, where environments can be read, they are found however they have detached themselves.
 */
import { readdir, readFile } from 'node:fs/promises';

/** The variable that carries the mark. */
export const MARK = 'TRAWL_ATTEMPT';

/** What is killed may have started more meanwhile. */
const MOST_ROUNDS = 5;

/** Kills every process that carries the mark. Does nothing where environments cannot be read. */
export async function endMarked(mark: string): Promise<void> {
  if (process.platform !== 'linux') return;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const found = await marked(`${MARK}=${mark}`);
    if (found.length === 0) return;
    for (const pid of found) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended meanwhile.
      }
    }
  }
}

async function marked(entry: string): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const carries = await Promise.all(
    pids.map(async (pid) => {
      // Others' processes, and those that are gone, cannot be read.
      const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '');
      return environment.split('\0').includes(entry);
    }),
  );
  return pids.filter((pid, index) => pid !== process.pid && carries[index] === true);
}
