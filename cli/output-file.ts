/**
 * Files that a command writes where the person wants them. The place is looked at before the work
 * begins, and what is written is there whole or not at all.
 */
import { randomBytes } from 'node:crypto';
import { rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { shellWord } from '../proto/shell-word.js';
import { BadInput, CommandFailed } from './exit.js';
import { near } from './program-name.js';

/** Throws BadInput where nothing can be written under this path; `elsewhere` says how to name another. */
export async function requirePlace(file: string, elsewhere: string): Promise<void> {
  const folder = dirname(file);
  const refuse = (found: string, expected: string): never => {
    throw new BadInput(`${near(file)}: found ${found}, expected ${expected}; ${elsewhere}`);
  };
  if (await isFolder(file)) refuse('a folder', 'the name of a file');
  const parent = await isFolder(folder);
  if (parent === null) refuse(`no folder ${near(folder)}`, `one to write into (mkdir -p ${shellWord(near(folder))})`);
  if (parent === false) refuse(`that ${near(folder)} is no folder`, 'one to write into');
  try {
    // Permission bits say too little: of disks that are mounted read-only, and of what a server allows.
    const probe = draftOf(file);
    await writeFile(probe, '', { flag: 'wx' });
    await rm(probe);
  } catch (error) {
    refuse(`that nothing can be written into ${near(folder)} (${error instanceof Error && 'code' in error ? String(error.code) : String(error)})`, 'a folder that may be written to');
  }
}

/** Throws BadInput where the file is there already, CommandFailed where the disk does not take it. */
export async function writeNew(file: string, content: string | Uint8Array): Promise<void> {
  try {
    await writeFile(file, content, { flag: 'wx' });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') throw new BadInput(`${near(file)} is there already, and is left as it is`);
    await rm(file, { force: true });
    throw notWritten(file, error);
  }
}

/** Takes the place of what is there only when it is whole. Throws CommandFailed where the disk does not take it. */
export async function writeOver(file: string, content: string | Uint8Array): Promise<void> {
  const draft = draftOf(file);
  try {
    await writeFile(draft, content, { flag: 'wx' });
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true });
    throw notWritten(file, error);
  }
}

/** Null where nothing is there. */
async function isFolder(path: string): Promise<boolean | null> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => null,
  );
}

/** A name beside it that nothing has. */
function draftOf(file: string): string {
  return join(dirname(file), `.${basename(file)}.${randomBytes(4).toString('hex')}`);
}

function notWritten(file: string, error: unknown): CommandFailed {
  return new CommandFailed(`${near(file)} could not be written: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
}
