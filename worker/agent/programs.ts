/** Programs and weights on this box: each is fetched once, however many attempts need it. */
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { BlobStore } from '../../blob/store.js';
import type { BlobId } from '../../proto/work.js';
import type { CacheRoom, Shelf, ShelfFile } from '../data/box-cache.js';
import { statFiles } from '../data/stat-files.js';

const PREFIX = 'program-';

export class Programs implements Shelf {
  readonly #blobs: BlobStore;
  readonly #folder: string;
  readonly #room: CacheRoom;
  readonly #fetched = new Map<BlobId, Promise<void>>();

  constructor(blobs: BlobStore, folder: string, room: CacheRoom) {
    this.#blobs = blobs;
    this.#folder = folder;
    this.#room = room;
  }

  /** The file that holds it, or will. */
  path(id: BlobId): string {
    // A module is told from CommonJS by its name.
    return join(this.#folder, `${PREFIX}${id}.mjs`);
  }

  /** Settles when its file is there, which whoever reads it holds. Rejects with the blob store's errors. */
  async ready(id: BlobId): Promise<void> {
    const path = this.path(id);
    const release = await this.#room.take(path);
    try {
      const fetched = this.#fetched.get(id) ?? this.#fetch(id, path);
      this.#fetched.set(id, fetched);
      await fetched;
    } finally {
      release();
    }
  }

  /** The file of one that was fetched; null where there is none. */
  async held(id: BlobId): Promise<string | null> {
    const fetched = this.#fetched.get(id);
    if (fetched === undefined) return null;
    return fetched.then(
      () => this.path(id),
      () => null,
    );
  }

  async list(): Promise<readonly ShelfFile[]> {
    const names = await readdir(this.#folder).catch(() => []);
    return statFiles(names.filter((name) => name.startsWith(PREFIX)).map((name) => join(this.#folder, name)));
  }

  async remove(path: string): Promise<void> {
    for (const id of this.#fetched.keys()) if (this.path(id) === path) this.#fetched.delete(id);
    await rm(path, { force: true });
  }

  #fetch(id: BlobId, path: string): Promise<void> {
    const fetched = this.#fetchInto(id, path);
    // A failure is told to those who wait, and tried again for those who come later.
    fetched.catch(() => this.#fetched.delete(id));
    return fetched;
  }

  /** How large it is shows only when it is there; then others make room for it. */
  async #fetchInto(id: BlobId, path: string): Promise<void> {
    await this.#blobs.fetch(id, path);
    (await this.#room.take(path, (await stat(path)).size))();
  }
}
