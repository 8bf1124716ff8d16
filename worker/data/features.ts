/**
 * Features of a data set's images: what a network that is not trained gives for each, computed once per
 * box and kept beside the pixels. A file holds float32 [images, elements] in manifest order and appears
 * whole, by rename.
 *
 * Two slots that need the same file at once would both compute it: the first makes FILE.lock, and the
 * others wait while it is touched.
 */
import { mkdir, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { asDiskFull } from '../../blob/errors.js';
import type { ImageSource } from '../engine/engine.js';
import type { Shelf, ShelfFile } from './box-cache.js';
import { openImageSource, type OpenImageSource } from './image-source.js';
import type { PixelTable } from './pixel-table.js';
import { statFiles } from './stat-files.js';

export interface FeatureShape {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** Between two looks whether another process is through. */
const LOOK_MS = 200;
/** A lock is touched with every chunk; one of this age is of a process that was killed. */
const STALE_MS = 120_000;

const SUFFIX = '.features';
const LOCK = '.lock';
const DRAFT = /\.features\.\d+\.tmp$/;

/** Beside the pixels at `pixels`. `digest`: of all that they depend on. */
export function featurePath(pixels: string, digest: string): string {
  return join(dirname(pixels), `${digest}${SUFFIX}`);
}

/** What a worker keeps of them. A child that has a file open reads it to its end, whether it is there or not. */
export class FeatureShelf implements Shelf {
  readonly #folder: string;

  /** `folder`: that of the pixels. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  async list(): Promise<readonly ShelfFile[]> {
    const names = await readdir(this.#folder, { recursive: true }).catch(() => []);
    return statFiles(names.filter((name) => name.endsWith(SUFFIX)).map((name) => join(this.#folder, name)));
  }

  async remove(path: string): Promise<void> {
    await rm(path, { force: true });
  }
}

/** What a killed process had begun, of all files in a folder. Nobody else may be at work there. */
export async function removeDrafts(folder: string): Promise<void> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  await Promise.all(names.filter((name) => DRAFT.test(name) || name.endsWith(`${SUFFIX}${LOCK}`)).map((name) => rm(join(folder, name), { force: true })));
}

const elements = ({ height, width, channels }: FeatureShape): number => height * width * channels;

/**
 * Makes the file where there is none. `compute` fills in the features of some images; `between` is called
 * in between, and true ends it. False where it was ended so. Throws DiskFullError, and what `compute` throws.
 */
export async function ensureFeatures(path: string, count: number, shape: FeatureShape, compute: (indices: Int32Array) => Float32Array, between: (done: number) => Promise<boolean>): Promise<boolean> {
  const bytes = 4 * count * elements(shape);
  await mkdir(dirname(path), { recursive: true });
  for (;;) {
    if (await isWhole(path, bytes)) {
      // The cache reads from it when they were used last.
      await ifThere(utimes(path, new Date(), new Date()));
      return true;
    }
    if (await lock(path + LOCK)) {
      if (!(await make(path, bytes, () => write(path, count, compute, between)))) return false;
    } else {
      if (await between(0)) return false;
      await wait(LOOK_MS);
    }
  }
}

/** Under the lock. False where it was ended. */
async function make(path: string, bytes: number, written: () => Promise<boolean>): Promise<boolean> {
  try {
    await removeOthers(path);
    return (await isWhole(path, bytes)) || (await written());
  } catch (error) {
    throw asDiskFull(error, path);
  } finally {
    await rm(path + LOCK, { force: true });
  }
}

/** Drafts of who had the lock before, and was killed. */
async function removeOthers(path: string): Promise<void> {
  const folder = dirname(path);
  const drafts = (await readdir(folder)).filter((name) => name.startsWith(`${basename(path)}.`) && DRAFT.test(name));
  await Promise.all(drafts.map((name) => rm(join(folder, name), { force: true })));
}

/** Images that are computed between two looks at the world. */
const CHUNK = 8;

async function write(path: string, count: number, compute: (indices: Int32Array) => Float32Array, between: (done: number) => Promise<boolean>): Promise<boolean> {
  const draft = `${path}.${process.pid}.tmp`;
  const file = await open(draft, 'w');
  let ended = false;
  try {
    for (let from = 0; from < count && !ended; from += CHUNK) {
      const indices = Int32Array.from({ length: Math.min(CHUNK, count - from) }, (_, index) => from + index);
      const values = compute(indices);
      await file.writeFile(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
      await ifThere(utimes(path + LOCK, new Date(), new Date()));
      ended = await between(from + indices.length);
    }
    await file.datasync();
  } catch (error) {
    ended = true;
    throw error;
  } finally {
    await file.close();
    if (ended) await rm(draft, { force: true });
  }
  if (ended) return false;
  await ifThere(rename(draft, path));
  return true;
}

/** While a process sleeps, as its machine does, another takes over its lock and its draft. */
async function ifThere(change: Promise<void>): Promise<void> {
  await change.catch((error: unknown) => {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  });
}

async function isWhole(path: string, bytes: number): Promise<boolean> {
  const found = await stat(path).catch(() => null);
  return found?.size === bytes;
}

/** Whether this process has it now. One that nobody touches any more is taken over. */
async function lock(name: string): Promise<boolean> {
  try {
    await (await open(name, 'wx')).close();
    return true;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    const touched = await stat(name).catch(() => null);
    if (touched !== null && Date.now() - touched.mtimeMs > STALE_MS) await rm(name, { force: true });
    return false;
  }
}

/** The features in the file as an engine takes them. Throws DataError where it is gone. */
export function openFeatures(path: string, shape: FeatureShape, pixels: PixelTable): OpenImageSource {
  const slots = pixels.slots.map((_, index) => index);
  const source: ImageSource & { close(): void } = openImageSource({ ...pixels, path, slots, height: 1, width: 4 * elements(shape), channels: 1 });
  return { ...source, ...shape, close: () => source.close() };
}
