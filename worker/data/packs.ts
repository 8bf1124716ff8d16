/** The manifests and packs that this box has fetched, as files named by their hash. */
import { mkdir, open, readFile, readdir, rm, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { isBlobId, type BlobStore } from '../../blob/store.js';
import { ManifestError, decodeManifest } from '../../proto/manifest.js';
import type { BlobId, DataManifest } from '../../proto/work.js';
import { NO_LIMIT, type CacheRoom, type Release, type Shelf, type ShelfFile } from './box-cache.js';
import { DataError } from './data-error.js';
import { statFiles } from './stat-files.js';

/** How often a file is fetched that is gone again before it is open. */
const TRIES = 3;

export class PackFolder implements Shelf {
  readonly #folder: string;
  readonly #blobs: BlobStore;
  readonly #room: CacheRoom;
  readonly #fetching = new Map<BlobId, Promise<void>>();

  constructor(folder: string, blobs: BlobStore, room: CacheRoom = NO_LIMIT) {
    this.#folder = folder;
    this.#blobs = blobs;
    this.#room = room;
  }

  /**
   * A local file with the blob's bytes, open for reading, fetched once however many ask. `bytes`: at least
   * so many. Close it with `close`. Throws the blob store's errors.
   */
  async open(id: BlobId, bytes = 0): Promise<OpenPack> {
    const path = join(this.#folder, id);
    const release = await this.#room.take(path, bytes);
    try {
      return new OpenPack(await this.#open(id, path), release);
    } catch (error) {
      release();
      throw error;
    }
  }

  /** The local file, if it is here already. */
  async held(id: BlobId): Promise<string | null> {
    const path = join(this.#folder, id);
    return (await isThere(path)) ? path : null;
  }

  /** Throws DataError where the blob is no manifest of this version, and the blob store's errors. */
  async manifest(id: BlobId): Promise<DataManifest> {
    const pack = await this.open(id);
    try {
      return decodeManifest(await readFile(pack.handle));
    } catch (error) {
      if (error instanceof ManifestError) throw new DataError(error.message, { cause: error });
      throw error;
    } finally {
      await pack.close();
    }
  }

  /** Forgets a file that turned out damaged; the next `open` fetches it again. */
  async discard(id: BlobId): Promise<void> {
    await this.remove(join(this.#folder, id));
  }

  async list(): Promise<readonly ShelfFile[]> {
    const names = await readdir(this.#folder).catch(() => []);
    return statFiles(names.filter((name) => isBlobId(name)).map((name) => join(this.#folder, name)));
  }

  async remove(path: string): Promise<void> {
    await rm(path, { force: true });
  }

  /** A worker of this home may make room between a command's fetching and its opening. */
  async #open(id: BlobId, path: string): Promise<FileHandle> {
    for (let tries = 1; ; tries += 1) {
      await this.#fetched(id, path);
      try {
        return await open(path, 'r');
      } catch (error) {
        const gone = error instanceof Error && 'code' in error && error.code === 'ENOENT';
        if (!gone || tries === TRIES) throw error;
      }
    }
  }

  #fetched(id: BlobId, path: string): Promise<void> {
    const running = this.#fetching.get(id);
    if (running !== undefined) return running;
    const fetching = this.#fetch(id, path).finally(() => this.#fetching.delete(id));
    this.#fetching.set(id, fetching);
    return fetching;
  }

  async #fetch(id: BlobId, path: string): Promise<void> {
    // The store renames a file into place only once its hash was verified: being there is being whole.
    if (await isThere(path)) return;
    await mkdir(this.#folder, { recursive: true });
    await this.#blobs.fetch(id, path);
  }
}

function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** A pack's file, which stays while it is open. */
export class OpenPack {
  readonly handle: FileHandle;
  readonly #release: Release;

  constructor(handle: FileHandle, release: Release) {
    this.handle = handle;
    this.#release = release;
  }

  async close(): Promise<void> {
    await this.handle.close();
    this.#release();
  }
}
