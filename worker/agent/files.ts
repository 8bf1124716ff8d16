import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Deletes a folder's files whose names begin with `prefix`, as far as they can be deleted: the folder is emptied at the next start. */
export async function removeFiles(folder: string, prefix: string): Promise<void> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch {
    return;
  }
  await Promise.allSettled(names.filter((name) => name.startsWith(prefix)).map((name) => rm(join(folder, name), { force: true, recursive: true })));
}
