import { stat } from 'node:fs/promises';
import type { ShelfFile } from './box-cache.js';

/** Those of the files that are there. */
export async function statFiles(paths: readonly string[]): Promise<readonly ShelfFile[]> {
  const found = await Promise.all(
    paths.map(async (path) => {
      const facts = await stat(path).catch(() => null);
      return facts === null ? [] : [{ path, bytes: facts.size, modifiedAtMs: facts.mtimeMs }];
    }),
  );
  return found.flat();
}
