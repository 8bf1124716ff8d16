/** Whether files can be trusted not to be somebody else's: what is loaded as code must be. */
import { realpathSync, statSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';

const OTHERS_WRITE = 0o002;
const GROUP_WRITES = 0o020;
const STICKY = 0o1000;

/**
 * The first of these files, or of the folders that they lie in, that somebody else than this user and
 * root can write to or owns; null where there is none, and on systems without owners. Files that are not
 * there are passed over. A group may write where it is this user's own, or root's.
 */
export function writableByOthers(files: readonly string[]): string | null {
  const user = process.getuid?.();
  const group = process.getgid?.();
  if (user === undefined || group === undefined) return null;
  for (const file of files) {
    for (const path of upwards(file)) {
      const stat = statSync(path);
      if (isOthers(stat, user, group)) return path;
    }
  }
  return null;
}

function isOthers(stat: Stats, user: number, group: number): boolean {
  const { uid, gid, mode } = stat;
  if (uid !== user && uid !== 0) return true;
  // In a sticky folder (/tmp) nobody can replace what is another's.
  if (stat.isDirectory() && (mode & STICKY) !== 0) return false;
  return (mode & OTHERS_WRITE) !== 0 || ((mode & GROUP_WRITES) !== 0 && gid !== group && gid !== 0);
}

/** The file as it really lies, and every folder above it. */
function upwards(file: string): string[] {
  let path: string;
  try {
    path = realpathSync(file);
  } catch {
    return [];
  }
  const paths = [path];
  while (dirname(path) !== path) {
    path = dirname(path);
    paths.push(path);
  }
  return paths;
}
