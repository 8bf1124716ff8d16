import { lchownSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const NOBODY = 65_534;

/** Root may read and write everything: for as long as it takes, this process is one that may not, and that owns `root`. */
export async function asOrdinaryUser<Result>(root: string, use: () => Promise<Result>): Promise<Result> {
  if (process.getuid?.() !== 0) return use();
  for (const path of ['.', ...readdirSync(root, { recursive: true }).map(String)]) lchownSync(join(root, path), NOBODY, NOBODY);
  process.seteuid?.(NOBODY);
  try {
    return await use();
  } finally {
    process.seteuid?.(0);
  }
}
