/** A home: the folder that holds the embedded database, blobs, caches and the worker's own folder. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

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
  /** Says who hosts the home. */
  readonly lock: string;
  /** How to reach the coordinator that runs on this home: {url, token, pid}, readable by the owner alone. */
  readonly announcement: string;
  /** Address of a database server in the embedded one's place; readable by the owner alone. */
  readonly database: string;
}

export function defaultHome(): string {
  return resolve(process.env.TRAWL_HOME ?? join(homedir(), '.trawl'));
}

/** Names the folders of a home and creates none. */
export function homeAt(folder: string | undefined): Home {
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
    lock: at('host.lock'),
    announcement: at('coordinator.json'),
    database: at('database.json'),
  };
}

export function createHome(home: Home): void {
  mkdirSync(home.folder, { recursive: true, mode: 0o700 });
  mkdirSync(home.logs, { recursive: true, mode: 0o700 });
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
