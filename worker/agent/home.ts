/**
 * A worker's home: its lasting id, a lock so that only one agent uses it, and folders for what is
 * fetched, handed over and logged.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { CodedError } from '../../proto/coded-error.js';
import { removeDrafts } from '../data/features.js';
import { startedAt } from './process-facts.js';

const LOCK_PREFIX = 'agent-';

/** A lock of another host, whose processes cannot be asked, counts as live while its file was touched this lately. */
const FOREIGN_LOCK_MS = 60_000;
const TOUCH_EVERY_MS = 15_000;

/** Another agent uses this home. */
export class HomeBusyError extends CodedError {
  readonly code = 'HomeBusy';
  constructor(home: string, holder: string) {
    super(`the worker home ${home} is in use by ${holder}: stop that worker, or give this one a home of its own with --home DIR`);
  }
}

/** The file of the worker's id is damaged. */
export class BadHomeError extends CodedError {
  readonly code = 'BadHome';
  constructor(file: string) {
    super(`${file} does not hold a worker's id: expected {"id": "wrk_..."}; delete the file to get a new id`);
  }
}

interface Holder {
  readonly host: string;
  readonly pid: number;
  /** As startedAt tells; null where the system does not. */
  readonly started: string | null;
}

export interface WorkerHome {
  readonly folder: string;
  /** Stable over restarts. */
  readonly id: string;
  /** Emptied at each start. */
  readonly temporary: string;
  readonly blobs: string;
  readonly pixels: string;
  readonly logs: string;
  /** Gives the lock back. Idempotent. */
  close(): Promise<void>;
}

/** Makes the home if it is not there; its folders are absolute, since children run in folders of their own. Throws HomeBusyError, BadHomeError, and the system's errors. */
export async function openHome(named: string): Promise<WorkerHome> {
  const folder = resolve(named);
  const home = { folder, temporary: join(folder, 'tmp'), blobs: join(folder, 'blobs'), pixels: join(folder, 'pixels'), logs: join(folder, 'logs') };
  await mkdir(join(folder, 'locks'), { recursive: true });
  const close = await takeLock(folder, join(folder, 'locks'));
  try {
    // Only the holder of the lock may: these are somebody's open files otherwise.
    await rm(home.temporary, { recursive: true, force: true });
    await removeDrafts(home.pixels);
    await Promise.all([home.temporary, home.blobs, home.pixels, home.logs].map((path) => mkdir(path, { recursive: true })));
    return { ...home, id: await stableId(folder), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * Each contender first puts down a file of its own and then looks at the others': of two that start
 * at once at least one sees the other, so never both go on (both may be refused, and can try again).
 * A lock file that one takes over from a dead holder has no such guarantee without the system's help.
 */
async function takeLock(home: string, folder: string): Promise<() => Promise<void>> {
  const mine = `${LOCK_PREFIX}${process.pid}-${randomBytes(6).toString('hex')}`;
  const path = join(folder, mine);
  const holder: Holder = { host: hostname(), pid: process.pid, started: await startedAt(process.pid) };
  await writeFile(path, JSON.stringify(holder));
  for (const name of await readdir(folder)) {
    if (name === mine || !name.startsWith(LOCK_PREFIX)) continue;
    const other = await liveHolder(join(folder, name));
    if (other === null) {
      await rm(join(folder, name), { force: true });
    } else {
      await rm(path, { force: true });
      throw new HomeBusyError(home, other);
    }
  }
  const touch = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => undefined);
  }, TOUCH_EVERY_MS);
  touch.unref();
  return async () => {
    clearInterval(touch);
    await rm(path, { force: true });
  };
}

/** Who holds the lock, in words; null when nobody does any more. */
async function liveHolder(path: string): Promise<string | null> {
  let text: string;
  let touchedMs: number;
  try {
    text = await readFile(path, 'utf8');
    touchedMs = (await stat(path)).mtimeMs;
  } catch {
    return null;
  }
  const fresh = Date.now() - touchedMs < FOREIGN_LOCK_MS;
  const holder = parseHolder(text);
  // Still being written, or cut off by a full disk long ago.
  if (holder === null) return fresh ? 'a worker that is just starting' : null;
  if (holder.host !== hostname()) return fresh ? `process ${holder.pid} on ${holder.host}` : null;
  const started = await startedAt(holder.pid);
  if (started === null || (holder.started !== null && holder.started !== started)) return null;
  return `process ${holder.pid}`;
}

function parseHolder(text: string): Holder | null {
  try {
    const { host, pid, started } = JSON.parse(text) as Partial<Holder>;
    return typeof host === 'string' && typeof pid === 'number' ? { host, pid, started: started ?? null } : null;
  } catch {
    return null;
  }
}

async function stableId(folder: string): Promise<string> {
  const file = join(folder, 'worker.json');
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch {
    const id = `wrk_${randomBytes(10).toString('hex')}`;
    await writeFile(`${file}.new`, `${JSON.stringify({ id })}\n`);
    await rename(`${file}.new`, file);
    return id;
  }
  try {
    const { id } = JSON.parse(text) as { id?: unknown };
    if (typeof id === 'string' && /^wrk_[0-9a-zA-Z]+$/.test(id)) return id;
  } catch {
    // Told below, with what is expected.
  }
  throw new BadHomeError(file);
}
