/** A home: the folder that holds the embedded database, blobs, caches and the worker's own folder. */
import { accessSync, constants, existsSync, lstatSync, mkdirSync, readFileSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { BadInput } from './exit.js';

export interface Home {
  /** Absolute. */
  readonly folder: string;
  readonly blobs: string;
  readonly dataCache: string;
  readonly postgresData: string;
  readonly postgresRun: string;
  readonly worker: string;
  readonly logs: string;
  /** Pictures made for people. */
  readonly figures: string;
  /** Native engines: worker/engine/native/found.ts says what lies there. */
  readonly engines: string;
  /** Says who hosts the home. */
  readonly lock: string;
  /** How to reach the coordinator that runs on this home: {url, token, pid}, readable by the owner alone. */
  readonly announcement: string;
  /** Where the blobs are, if not in the home's own folder. */
  readonly blobsPlace: string;
  /** Address of a database server in the embedded one's place; readable by the owner alone. */
  readonly database: string;
}

export const EMPTY_NAME = '--home: found "", expected a folder that can be written to; leave the option out for the default';

export function defaultHome(): string {
  return resolve(process.env.TRAWL_HOME ?? join(homedir(), '.trawl'));
}

/**
 * Names the folders of a home and creates none. Throws BadInput where no folder can be written to at
 * its place: commands store data long before they host the home.
 */
export function homeAt(folder: string | undefined): Home {
  if (folder === '') throw new BadInput(EMPTY_NAME);
  const home = homeNamed(folder);
  const problem = homeProblem(home);
  if (problem !== null) throw new BadInput(problem);
  return home;
}

/** As homeAt, for a place that may not do. */
export function homeNamed(folder: string | undefined): Home {
  const root = folder === undefined ? defaultHome() : resolve(folder);
  const at = (...names: string[]): string => join(root, ...names);
  return {
    folder: root,
    blobs: at('blobs'),
    dataCache: at('cache', 'data'),
    postgresData: at('postgres', 'data'),
    postgresRun: at('postgres', 'run'),
    worker: at('worker'),
    logs: at('logs'),
    figures: at('figures'),
    engines: at('engines'),
    lock: at('host.lock'),
    announcement: at('coordinator.json'),
    blobsPlace: at('blobs.json'),
    database: at('database.json'),
  };
}

/** Says whether it was not there before. */
export function createHome(home: Home): boolean {
  const isNew = !existsSync(home.folder);
  mkdirSync(home.folder, { recursive: true, mode: 0o700 });
  mkdirSync(home.logs, { recursive: true, mode: 0o700 });
  return isNew;
}

/** Takes away a home that was made for a start that came to nothing. */
export function removeNewHome(home: Home): void {
  rmSync(home.folder, { recursive: true, force: true });
}

/**
 * Why there can be no home at its place, in one line; null where there can. Looks and makes nothing:
 * under /proc, Node's recursive mkdir tries for ever.
 */
export function homeProblem(home: Home): string | null {
  const nearest = nearestThere(home.folder);
  const found = notWritable(nearest);
  if (found === null) return null;
  const where = nearest === home.folder ? '' : ` in ${JSON.stringify(nearest)}, which is ${found}`;
  const what = where === '' ? `, which is ${found}` : where;
  return `--home: found ${JSON.stringify(home.folder)}${what}, expected a folder that can be written to; choose another with --home DIR or the environment variable TRAWL_HOME`;
}

/** The path itself, or the closest one above it that there is. */
function nearestThere(path: string): string {
  let nearest = path;
  while (!isThere(nearest) && dirname(nearest) !== nearest) nearest = dirname(nearest);
  return nearest;
}

/** Also a link to nothing. What cannot be looked at counts as not there: the folder above says why. */
function isThere(path: string): boolean {
  try {
    lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

function notWritable(path: string): string | null {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return 'a link to nothing';
  if (!stat.isDirectory()) return 'no folder';
  // The kernel's own file systems: root may write there by its rights, and can make nothing.
  if (/^\/(proc|sys)(\/|$)/.test(realpathSync(path))) return 'a folder of the kernel';
  try {
    accessSync(path, constants.W_OK | constants.X_OK);
    return null;
  } catch {
    return 'not yours to write to';
  }
}

/** Writes a file that only its owner may read, whole or not at all. */
export function writePrivately(path: string, value: unknown): void {
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(value)}\n`, { mode: 0o600 });
  renameSync(draft, path);
}

/** The JSON in a file; null where there is no such file, or it is no JSON. */
export function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as unknown;
  } catch {
    return null;
  }
}
