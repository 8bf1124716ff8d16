/** Which files of a box's cache go when it is over its limit. Pure. */

export interface CachedFile {
  readonly path: string;
  /** On the disk now, or what it is growing to where that is more. */
  readonly bytes: number;
  readonly usedAtMs: number;
  /** A running or waiting stage needs it. */
  readonly held: boolean;
}

export function totalBytes(files: readonly CachedFile[]): number {
  return files.reduce((sum, file) => sum + file.bytes, 0);
}

/**
 * The files that go so that the rest is within the limit, the least recently used first and no more than
 * that takes. None that is held goes: where those alone are over the limit, all others go.
 */
export function chooseEvictions(files: readonly CachedFile[], limitBytes: number): readonly CachedFile[] {
  let excess = totalBytes(files) - limitBytes;
  const evicted: CachedFile[] = [];
  for (const file of files.filter(({ held }) => !held).sort((a, b) => a.usedAtMs - b.usedAtMs || (a.path < b.path ? -1 : 1))) {
    if (excess <= 0) break;
    // An empty file is in nobody's way.
    if (file.bytes === 0) continue;
    evicted.push(file);
    excess -= file.bytes;
  }
  return evicted;
}
