/** The manifests and packs that this box has fetched, as files named by their hash. */
import { mkdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { BlobStore } from '../../blob/store.js';
import { ManifestError, decodeManifest } from '../../proto/manifest.js';
import type { BlobId, DataManifest } from '../../proto/work.js';
import { DataError } from './data-error.js';

export class PackFolder {
  readonly #folder: string;
  readonly #blobs: BlobStore;
  readonly #fetching = new Map<BlobId, Promise<string>>();

  constructor(folder: string, blobs: BlobStore) {
    this.#folder = folder;
    this.#blobs = blobs;
  }

  /** A local file with the blob's bytes, fetched once however many ask. Throws the blob store's errors. */
  path(id: BlobId): Promise<string> {
    const running = this.#fetching.get(id);
    if (running !== undefined) return running;
    const fetching = this.#fetch(id).finally(() => this.#fetching.delete(id));
    this.#fetching.set(id, fetching);
    return fetching;
  }

  /** The local file, if it is here already. */
  async held(id: BlobId): Promise<string | null> {
    const path = join(this.#folder, id);
    return (await isThere(path)) ? path : null;
  }

  /** Throws DataError where the blob is no manifest of this version, and the blob store's errors. */
  async manifest(id: BlobId): Promise<DataManifest> {
    const bytes = await readFile(await this.path(id));
    try {
      return decodeManifest(bytes);
    } catch (error) {
      if (error instanceof ManifestError) throw new DataError(error.message, { cause: error });
      throw error;
    }
  }

  /** Forgets a file that turned out damaged; the next `path` fetches it again. */
  async discard(id: BlobId): Promise<void> {
    await rm(join(this.#folder, id), { force: true });
  }

  async #fetch(id: BlobId): Promise<string> {
    const path = join(this.#folder, id);
    // The store renames a file into place only once its hash was verified: being there is being whole.
    if (await isThere(path)) return path;
    await mkdir(this.#folder, { recursive: true });
    await this.#blobs.fetch(id, path);
    return path;
  }
}

function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
