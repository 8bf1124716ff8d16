/** What a worker may keep on its disk to use again, where nobody says how much. */
import { readdir, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { statFiles } from '../data/stat-files.js';

/** Of what is free, and what is kept already: checkpoints on their way, logs and others need the rest. */
const SHARE = 0.5;

export interface CacheOnDisk {
  readonly bytes: number;
  /** Half of the disk that is free or the cache's own. */
  readonly limitBytes: number;
}

/** Of a worker's home that is there. */
export async function cacheOnDisk(home: string): Promise<CacheOnDisk> {
  const bytes = (await Promise.all(['blobs', 'pixels'].map((folder) => bytesIn(join(home, folder))))).reduce((sum, each) => sum + each, 0);
  const { bavail, bsize } = await statfs(home);
  return { bytes, limitBytes: Math.floor((bavail * bsize + bytes) * SHARE) };
}

async function bytesIn(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = await statFiles(entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name)));
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}
