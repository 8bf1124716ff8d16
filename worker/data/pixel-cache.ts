/**
 * Every image decoded once per (file digest, height, width, channels, resize, crop) and machine, for all slots
 * and all data sets. Where masks say what is cut out, a file's box tells its images apart beside its digest. The agent fills the cache; children read its files by position.
 *
 * Node can map no file into memory without a native add-on, and buffers shared between processes do not
 * exist in it either. Positional reads serve as well: the kernel keeps one copy of the file for all who
 * read it, and what a child copies out (one batch) it would have to convert to floats anyway.
 */
import { createHash } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { DataFile, DataManifest } from '../../proto/work.js';
import { NO_LIMIT, type CacheRoom, type Shelf, type ShelfFile } from './box-cache.js';
import { DataError } from './data-error.js';
import { UnreadableImageError, type InputShape } from './decode.js';
import { DecoderPool } from './decoder-pool.js';
import { decoderVersion } from './decoder-version.js';
import { PackReader } from './pack-reader.js';
import type { PackFolder } from './packs.js';
import { PixelFile, indexOf } from './pixel-file.js';
import { partRanges, type PixelTable } from './pixel-table.js';
import { shapeOf } from './raster.js';
import { statFiles } from './stat-files.js';

export type { PixelTable } from './pixel-table.js';

export interface EnsureOptions {
  /** Images ready, of all in the data set. */
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/** Pixels between two syncs to the disk: what a crash costs at most, and what is in flight at most. */
const CHUNK_BYTES = 8 * 2 ** 20;

/** What a name of a pixel file ends with. */
const SUFFIX = '.pixels';

export class PixelCache implements Shelf {
  readonly #folder: string;
  readonly #room: CacheRoom;
  /** Open files and who waits for them, by path. */
  readonly #files = new Map<string, PixelFile>();
  readonly #queues = new Map<string, Promise<unknown>>();

  /** `folder` belongs to one process at a time. */
  constructor(folder: string, room: CacheRoom = NO_LIMIT) {
    this.#folder = folder;
    this.#room = room;
  }

  /** The file that images of this shape are in, or will be. */
  path(input: InputShape): string {
    return pixelPath(this.#folder, input);
  }

  /**
   * Decodes what is missing of the data set at this input shape. Calls for one shape follow one another;
   * those for different shapes run side by side. Whoever reads the table holds its file. Throws DataError naming the file that cannot be decoded,
   * DiskFullError, and the blob store's errors; rethrows the signal's reason.
   */
  ensure(manifest: DataManifest, input: InputShape, packs: PackFolder, options: EnsureOptions = {}): Promise<PixelTable> {
    const path = this.path(input);
    const before = this.#queues.get(path) ?? Promise.resolve();
    const result = before.then(() => this.#ensure(path, manifest, input, packs, options));
    this.#queues.set(
      path,
      result.catch(() => undefined),
    );
    return result;
  }

  /** The table, where another process has decoded the whole data set at this shape into `folder`; else null. */
  static async look(folder: string, manifest: DataManifest, input: InputShape): Promise<PixelTable | null> {
    const path = pixelPath(folder, input);
    const slots = await PixelFile.slots(path, input.height * input.width * input.channels).catch(() => null);
    if (slots === null || manifest.files.some((entry) => !slots.has(slotName(entry, input)))) return null;
    return tableOf(path, manifest, input, (entry) => slots.get(slotName(entry, input)) ?? 0);
  }

  /** Waits for what is running, then closes the files. */
  async close(): Promise<void> {
    await Promise.all(this.#queues.values());
    for (const file of this.#files.values()) await file.close();
    this.#files.clear();
  }

  /** Those of earlier versions of the decoder too: nothing reads them any more. */
  async list(): Promise<readonly ShelfFile[]> {
    const names = await readdir(this.#folder, { recursive: true }).catch(() => []);
    const pixels = names.filter((name) => name.endsWith(SUFFIX)).map((name) => join(this.#folder, name));
    const indices = new Map((await statFiles(pixels.map(indexOf))).map(({ path, bytes }) => [path, bytes]));
    return (await statFiles(pixels)).map((file) => ({ ...file, bytes: file.bytes + (indices.get(indexOf(file.path)) ?? 0) }));
  }

  async remove(path: string): Promise<void> {
    await this.#files.get(path)?.close();
    this.#files.delete(path);
    // The index first: it must not name what is gone.
    await rm(indexOf(path), { force: true });
    await rm(path, { force: true });
  }

  async #ensure(path: string, manifest: DataManifest, input: InputShape, packs: PackFolder, options: EnsureOptions): Promise<PixelTable> {
    const release = await this.#room.take(path);
    try {
      const file = await this.#open(path, input);
      const missing = new Map<string, DataFile>();
      for (const entry of manifest.files) {
        const slot = slotName(entry, input);
        if (file.slotOf(slot) === undefined) missing.set(slot, entry);
      }
      if (missing.size > 0) await this.#fill(file, manifest, missing, input, packs, options);
      return tableOf(file.path, manifest, input, (entry) => slotIn(file, entry, input));
    } finally {
      release();
    }
  }

  async #fill(file: PixelFile, manifest: DataManifest, missing: ReadonlyMap<string, DataFile>, input: InputShape, packs: PackFolder, options: EnsureOptions): Promise<void> {
    const release = await this.#room.take(file.path, file.bytesWith(missing.size));
    const pool = new DecoderPool();
    try {
      await fillWith(pool, file, manifest, missing, input, packs, options);
    } finally {
      await pool.close();
      release();
    }
  }

  async #open(path: string, input: InputShape): Promise<PixelFile> {
    const known = this.#files.get(path);
    if (known !== undefined) return known;
    await mkdir(dirname(path), { recursive: true });
    const file = await PixelFile.open(path, input.height * input.width * input.channels);
    this.#files.set(path, file);
    return file;
  }
}

function shapeName(input: InputShape): string {
  const { crop } = input;
  const region = crop === undefined ? '' : 'box' in crop ? `-${crop.box.join('_')}` : '-masks';
  return `${input.height}x${input.width}x${input.channels}-${input.resize}${region}`;
}

function pixelPath(folder: string, input: InputShape): string {
  return join(folder, decoderVersion(), `${shapeName(input)}${SUFFIX}`);
}

function tableOf(path: string, manifest: DataManifest, input: InputShape, slotOf: (entry: DataFile) => number): PixelTable {
  return {
    path,
    height: input.height,
    width: input.width,
    channels: input.channels,
    classes: manifest.classes.length,
    slots: manifest.files.map(slotOf),
    labels: manifest.files.map((entry) => entry.label),
    parts: partRanges(manifest.files),
  };
}

/** What the file knows an image by: another mask, or another margin around it, makes it another. */
function slotName({ digest, box }: DataFile, { crop }: InputShape): string {
  if (box === undefined || crop === undefined || 'box' in crop) return digest;
  return createHash('sha256').update(`trawl box 1\n${digest} ${box.join(' ')}\n`).digest('hex');
}

function slotIn(file: PixelFile, entry: DataFile, input: InputShape): number {
  const slot = file.slotOf(slotName(entry, input));
  if (slot === undefined) throw new Error(`${entry.name} was not decoded`);
  return slot;
}

/** Pack after pack, so that each is open once; chunk after chunk, each decoded in parallel. */
async function fillWith(
  pool: DecoderPool,
  file: PixelFile,
  manifest: DataManifest,
  missing: ReadonlyMap<string, DataFile>,
  input: InputShape,
  packs: PackFolder,
  options: EnsureOptions,
): Promise<void> {
  const total = new Set(manifest.files.map((entry) => slotName(entry, input))).size;
  let done = total - missing.size;
  options.onProgress?.(done, total);
  const chunk = Math.max(1, Math.min(256, Math.floor(CHUNK_BYTES / file.slotBytes)));
  const limit = limiter(2 * pool.threads);
  for (const [pack, entries] of byPack(missing.values())) {
    const reader = await PackReader.open(packs, manifest.packs[pack] ?? '', packBytes(manifest, pack));
    try {
      for (let from = 0; from < entries.length; from += chunk) {
        const part = entries.slice(from, from + chunk);
        await file.append(
          part.map((entry) => slotName(entry, input)),
          (slot) =>
            limit(async () => {
              options.signal?.throwIfAborted();
              const entry = missing.get(slot)!;
              const pixels = await decode(pool, await reader.read(entry), entry, input);
              done += 1;
              options.onProgress?.(done, total);
              return pixels;
            }),
        );
      }
    } finally {
      await reader.close();
    }
  }
}

/** As far as its files reach. */
function packBytes({ files }: DataManifest, pack: number): number {
  return files.reduce((most, file) => (file.pack === pack ? Math.max(most, file.offset + file.bytes) : most), 0);
}

function byPack(entries: Iterable<DataFile>): Map<number, DataFile[]> {
  const packs = new Map<number, DataFile[]>();
  for (const entry of entries) {
    const pack = packs.get(entry.pack);
    if (pack === undefined) packs.set(entry.pack, [entry]);
    else pack.push(entry);
  }
  return packs;
}

async function decode(pool: DecoderPool, bytes: Uint8Array, entry: DataFile, input: InputShape): Promise<Uint8Array> {
  const shape = shapeOf(input, entry.box);
  if (shape === null) throw new DataError(`${entry.name} is to be cut out by its mask, and its data set has none; submit the sweep again`);
  try {
    return await pool.decode(bytes, shape);
  } catch (error) {
    if (error instanceof UnreadableImageError) throw new DataError(`${entry.name} cannot be decoded: ${error.message}; remove it from the data set, or mend it`, { cause: error });
    throw error;
  }
}

/** At most `size` tasks at a time, in the order asked. */
function limiter(size: number): <Result>(task: () => Promise<Result>) => Promise<Result> {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (task) => {
    if (running === size) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await task();
    } finally {
      // The place is handed on, so that nobody slips in between.
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}
