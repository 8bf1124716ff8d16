/**
 * Every image decoded once per (file digest, height, width, channels, resize) and box, for all slots
 * and all data sets. The agent fills the cache; children read its files by position.
 *
 * Node can map no file into memory without a native add-on, and buffers shared between processes do not
 * exist in it either. Positional reads serve as well: the kernel keeps one copy of the file for all who
 * read it, and what a child copies out (one batch) it would have to convert to floats anyway.
 */
import { createHash } from 'node:crypto';
import { mkdir, open, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { BlobId, DataFile, DataManifest } from '../../proto/work.js';
import { DataError } from './data-error.js';
import { UnreadableImageError, type PixelShape } from './decode.js';
import { DecoderPool } from './decoder-pool.js';
import { decoderVersion } from './decoder-version.js';
import type { PackFolder } from './packs.js';
import { PixelFile } from './pixel-file.js';
import { partRanges, type PixelTable } from './pixel-table.js';

export type { PixelTable } from './pixel-table.js';

export interface EnsureOptions {
  /** Images ready, of all in the data set. */
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/** Pixels between two syncs to the disk: what a crash costs at most, and what is in flight at most. */
const CHUNK_BYTES = 8 * 2 ** 20;

export class PixelCache {
  readonly #folder: string;
  readonly #files = new Map<string, PixelFile>();
  readonly #queues = new Map<string, Promise<unknown>>();

  /** `folder` belongs to one process at a time. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * Decodes what is missing of the data set at this input shape. Calls for one shape follow one another;
   * those for different shapes run side by side. Throws DataError naming the file that cannot be decoded,
   * DiskFullError, and the blob store's errors; rethrows the signal's reason.
   */
  ensure(manifest: DataManifest, input: PixelShape, packs: PackFolder, options: EnsureOptions = {}): Promise<PixelTable> {
    const name = shapeName(input);
    const before = this.#queues.get(name) ?? Promise.resolve();
    const result = before.then(() => this.#ensure(name, manifest, input, packs, options));
    this.#queues.set(
      name,
      result.catch(() => undefined),
    );
    return result;
  }

  /** The table, where another process has decoded the whole data set at this shape into `folder`; else null. */
  static async look(folder: string, manifest: DataManifest, input: PixelShape): Promise<PixelTable | null> {
    const path = pixelPath(folder, input);
    const slots = await PixelFile.slots(path, input.height * input.width * input.channels).catch(() => null);
    if (slots === null || manifest.files.some((entry) => !slots.has(entry.digest))) return null;
    return tableOf(path, manifest, input, (entry) => slots.get(entry.digest) ?? 0);
  }

  /** Waits for what is running, then closes the files. */
  async close(): Promise<void> {
    await Promise.all(this.#queues.values());
    for (const file of this.#files.values()) await file.close();
    this.#files.clear();
  }

  async #ensure(name: string, manifest: DataManifest, input: PixelShape, packs: PackFolder, options: EnsureOptions): Promise<PixelTable> {
    const file = await this.#open(name, input);
    const missing = new Map<string, DataFile>();
    for (const entry of manifest.files) if (file.slotOf(entry.digest) === undefined) missing.set(entry.digest, entry);
    if (missing.size > 0) await fill(file, manifest, missing, input, packs, options);
    return tableOf(file.path, manifest, input, (entry) => slotIn(file, entry));
  }

  async #open(name: string, input: PixelShape): Promise<PixelFile> {
    const known = this.#files.get(name);
    if (known !== undefined) return known;
    const path = pixelPath(this.#folder, input);
    await mkdir(dirname(path), { recursive: true });
    const file = await PixelFile.open(path, input.height * input.width * input.channels);
    this.#files.set(name, file);
    return file;
  }
}

function shapeName(input: PixelShape): string {
  return `${input.height}x${input.width}x${input.channels}-${input.resize}`;
}

function pixelPath(folder: string, input: PixelShape): string {
  return join(folder, decoderVersion(), `${shapeName(input)}.pixels`);
}

function tableOf(path: string, manifest: DataManifest, input: PixelShape, slotOf: (entry: DataFile) => number): PixelTable {
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

function slotIn(file: PixelFile, entry: DataFile): number {
  const slot = file.slotOf(entry.digest);
  if (slot === undefined) throw new Error(`${entry.name} was not decoded`);
  return slot;
}

async function fill(
  file: PixelFile,
  manifest: DataManifest,
  missing: ReadonlyMap<string, DataFile>,
  input: PixelShape,
  packs: PackFolder,
  options: EnsureOptions,
): Promise<void> {
  const pool = new DecoderPool();
  try {
    await fillWith(pool, file, manifest, missing, input, packs, options);
  } finally {
    await pool.close();
  }
}

/** Pack after pack, so that each is open once; chunk after chunk, each decoded in parallel. */
async function fillWith(
  pool: DecoderPool,
  file: PixelFile,
  manifest: DataManifest,
  missing: ReadonlyMap<string, DataFile>,
  input: PixelShape,
  packs: PackFolder,
  options: EnsureOptions,
): Promise<void> {
  const total = new Set(manifest.files.map((entry) => entry.digest)).size;
  let done = total - missing.size;
  options.onProgress?.(done, total);
  const chunk = Math.max(1, Math.min(256, Math.floor(CHUNK_BYTES / file.slotBytes)));
  const limit = limiter(2 * pool.threads);
  for (const [pack, entries] of byPack(missing.values())) {
    const reader = await PackReader.open(packs, manifest.packs[pack] ?? '');
    try {
      for (let from = 0; from < entries.length; from += chunk) {
        const part = entries.slice(from, from + chunk);
        await file.append(
          part.map((entry) => entry.digest),
          (digest) =>
            limit(async () => {
              options.signal?.throwIfAborted();
              const entry = missing.get(digest)!;
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

function byPack(entries: Iterable<DataFile>): Map<number, DataFile[]> {
  const packs = new Map<number, DataFile[]>();
  for (const entry of entries) {
    const pack = packs.get(entry.pack);
    if (pack === undefined) packs.set(entry.pack, [entry]);
    else pack.push(entry);
  }
  return packs;
}

async function decode(pool: DecoderPool, bytes: Uint8Array, entry: DataFile, input: PixelShape): Promise<Uint8Array> {
  try {
    return await pool.decode(bytes, input);
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

/** Files of one pack, each checked by its digest; a pack that went bad on this disk is fetched once more. */
class PackReader {
  readonly #packs: PackFolder;
  readonly #id: BlobId;
  #handle: FileHandle;
  #refetched: Promise<void> | null = null;

  private constructor(packs: PackFolder, id: BlobId, handle: FileHandle) {
    this.#packs = packs;
    this.#id = id;
    this.#handle = handle;
  }

  static async open(packs: PackFolder, id: BlobId): Promise<PackReader> {
    return new PackReader(packs, id, await open(await packs.path(id), 'r'));
  }

  async read(entry: DataFile): Promise<Uint8Array> {
    const first = await this.#bytes(entry);
    if (first !== null) return first;
    await (this.#refetched ??= this.#refetch());
    const second = await this.#bytes(entry);
    if (second !== null) return second;
    throw new DataError(`${entry.name} is not what the manifest says: pack ${this.#id} holds other bytes at ${entry.offset}; submit the sweep again`);
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }

  async #bytes(entry: DataFile): Promise<Uint8Array | null> {
    const bytes = Buffer.alloc(entry.bytes);
    const { bytesRead } = await this.#handle.read(bytes, 0, entry.bytes, entry.offset);
    const whole = bytesRead === entry.bytes && createHash('sha256').update(bytes).digest('hex') === entry.digest;
    return whole ? bytes : null;
  }

  async #refetch(): Promise<void> {
    await this.#packs.discard(this.#id);
    const fresh = await open(await this.#packs.path(this.#id), 'r');
    const old = this.#handle;
    this.#handle = fresh;
    await old.close();
  }
}
