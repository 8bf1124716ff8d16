/**
 * A folder as one file, and back: how a program's files and a checkpoint travel as one blob. It is a
 * tar file of regular files and folders alone, in the order of their paths and without times, owners or
 * anything else of the machine, so that the same content is the same bytes.
 */
import { lstat, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { extract, Pack } from 'tar';
import { CodedError } from '../proto/coded-error.js';

/** A folder holds what no archive can, or an archive what no folder may. */
export class BadArchive extends CodedError {
  readonly code = 'BadArchive';
}

export interface ArchiveLimits {
  /** Of all files together, in bytes. */
  readonly bytes: number;
  readonly files: number;
}

/** Of a program's files: data sets are better named by their paths than sent along. */
export const PROGRAM_LIMITS: ArchiveLimits = { bytes: 2 ** 30, files: 20_000 };

export interface ArchivedFolder {
  /** Below the folder, '/' as separator; folders end with '/'. */
  readonly paths: readonly string[];
  readonly bytes: number;
}

/**
 * All that is in a folder. Links to files count as what they lead to; other links, pipes and the like
 * are BadArchive, and so is what exceeds the limits.
 */
export async function listFolder(folder: string, limits: ArchiveLimits): Promise<ArchivedFolder> {
  const paths: string[] = [];
  let bytes = 0;
  const visit = async (below: string): Promise<void> => {
    const names = (await readdir(join(folder, below))).sort();
    for (const name of names) {
      const path = `${below}${name}`;
      const found = await lstat(join(folder, path));
      if (found.isDirectory()) {
        paths.push(`${path}/`);
        await visit(`${path}/`);
      } else {
        paths.push(path);
        bytes += await sizeOf(folder, path, found.isSymbolicLink());
      }
      if (paths.length > limits.files) throw new BadArchive(`found more than ${limits.files} files, expected at most as many`);
      if (bytes > limits.bytes) throw new BadArchive(`found more than ${inMiB(limits.bytes)} of files, expected at most as much`);
    }
  };
  await visit('');
  return { paths, bytes };
}

async function sizeOf(folder: string, path: string, isLink: boolean): Promise<number> {
  const found = await stat(join(folder, path)).catch(() => null);
  if (found?.isFile() === true) return found.size;
  throw new BadArchive(`found ${path}, ${isLink ? 'a link that leads to no file' : 'which is no file'}, expected files and folders alone`);
}

/** Two names of one file are two files, as they are wherever the archive is unpacked. */
class NoLinks extends Map<`${number}:${number}`, string> {
  override get(): undefined {
    return undefined;
  }
}

/** The archive of these paths below the folder, as a stream of bytes. They are sorted here. */
export async function* packed(folder: string, paths: readonly string[]): AsyncGenerator<Uint8Array> {
  const pack = new Pack({
    ...{ cwd: folder, portable: true, follow: true, noDirRecurse: true, mtime: new Date(0), strict: true, jobs: 1, linkCache: new NoLinks() },
    onWriteEntry: ({ stat: found }) => {
      // Of the rights only whether it can be run: the others are a matter of the machine.
      if (found !== undefined) found.mode = (found.mode & 0o100) === 0 ? 0o644 : 0o755;
    },
  });
  for (const path of [...paths].sort()) pack.write(path);
  pack.end();
  for await (const chunk of pack) yield chunk;
}

/** Fills an empty folder from an archive. Throws BadArchive for what leads out of it, is neither file nor folder, or exceeds the limits. */
export async function unpack(file: string, folder: string, limits: ArchiveLimits): Promise<void> {
  let [bytes, files] = [0, 0];
  const wrong: BadArchive[] = [];
  const refuse = (message: string): boolean => {
    wrong.push(new BadArchive(message));
    return false;
  };
  await extract({
    ...{ file, cwd: folder, preserveOwner: false, noMtime: true },
    filter: (path, entry) => {
      if (wrong.length > 0) return false;
      if (path.startsWith('/') || path.split('/').includes('..')) return refuse(`found ${path}, which leads out of its folder`);
      if (!('type' in entry) || (entry.type !== 'File' && entry.type !== 'Directory')) return refuse(`found ${path}, expected files and folders alone`);
      bytes += entry.size;
      files += 1;
      if (bytes > limits.bytes || files > limits.files) return refuse(`found more than ${inMiB(limits.bytes)} or ${limits.files} files, expected at most as much`);
      return true;
    },
  });
  // The filter says no to all that follows, and cannot end the reading.
  const [first] = wrong;
  if (first !== undefined) throw first;
}

function inMiB(bytes: number): string {
  return `${Math.floor(bytes / 2 ** 20)} MiB`;
}
