/** Which of the files that were found enter the data set: a cap on each class, and copies across given parts. Pure. */
import { createHash } from 'node:crypto';
import type { ScannedFile } from './scan.js';

/** At most so many files of each class in each given part, or of all parts where they are pooled: those whose digests the seed puts first, whatever they are called. */
export function capClasses(files: readonly ScannedFile[], perClass: number, seed: number, pooled: boolean): ScannedFile[] {
  const order = (file: ScannedFile): string => createHash('sha256').update(`trawl cap 1\n${seed}\n${file.digest}`).digest('hex');
  const groups = new Map<string, { readonly file: ScannedFile; readonly order: string }[]>();
  for (const file of files) {
    const key = `${file.label} ${pooled ? '' : (file.part ?? '')}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [{ file, order: order(file) }]);
    else group.push({ file, order: order(file) });
  }
  const kept = new Set([...groups.values()].flatMap((group) => group.sort((a, b) => (a.order < b.order ? -1 : 1)).slice(0, perClass).map(({ file }) => file)));
  return files.filter((file) => kept.has(file));
}

/** Without the files to train on whose bytes also lie in a given val or test folder. */
export function dropTrainedCopies(files: readonly ScannedFile[]): ScannedFile[] {
  const held = new Set(files.filter((file) => file.part === 'val' || file.part === 'test').map((file) => file.digest));
  return files.filter((file) => file.part !== 'train' || !held.has(file.digest));
}
