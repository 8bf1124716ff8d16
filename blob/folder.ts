import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import type { BlobId } from '../proto/work.js';
import { BlobMismatchError, BlobNotFoundError, asDiskFull } from './errors.js';
import { isBlobId } from './store.js';
import type { OwnedBlobStore, StoredBlob } from './store.js';
import { fetchVerified, hashFile, heldErrors, publish, removeAbandoned, syncFolder, temporaryName, verifying, writeHashed } from './verified-file.js';

/**
 * Blobs in a local folder: `ab/cd/<id>`, with `incoming/` for what is being written and `damaged/` for
 * what was found not to have its name's hash. Several processes may use one folder at once.
 */
export class FolderBlobStore implements OwnedBlobStore {
  readonly #folder: string;
  readonly #incoming: string;
  readonly #damaged: string;
  #ready: Promise<void> | null = null;

  constructor(folder: string) {
    this.#folder = folder;
    this.#incoming = join(folder, 'incoming');
    this.#damaged = join(folder, 'damaged');
  }

  async put(bytes: Uint8Array | Readable, expected?: BlobId): Promise<StoredBlob> {
    await this.#prepare();
    if (bytes instanceof Uint8Array) {
      const known = { id: createHash('sha256').update(bytes).digest('hex'), bytes: bytes.byteLength };
      if (expected !== undefined && known.id !== expected) throw new BlobMismatchError(expected, known.id);
      if ((await this.size(known.id)) === known.bytes) return known;
    }
    const draft = join(this.#incoming, temporaryName());
    const written = await writeHashed(bytes, draft);
    if (expected !== undefined && written.id !== expected) {
      await rm(draft, { force: true });
      throw new BlobMismatchError(expected, written.id);
    }
    const path = this.#path(written.id);
    await this.#makeFolder(dirname(path));
    await publish(draft, path);
    return written;
  }

  async putFile(path: string): Promise<StoredBlob> {
    const known = await hashFile(path);
    if ((await this.size(known.id)) === known.bytes) return known;
    return this.put(createReadStream(path));
  }

  async open(id: BlobId): Promise<Readable> {
    if ((await this.size(id)) === null) throw new BlobNotFoundError(id);
    const checked = verifying(id, () => this.#setAside(id));
    const source = createReadStream(this.#path(id));
    source.on('error', (error) => checked.destroy(error));
    checked.on('close', () => source.destroy());
    return source.pipe(checked);
  }

  async openFrom(id: BlobId, offset: number): Promise<Readable> {
    if ((await this.size(id)) === null) throw new BlobNotFoundError(id);
    return heldErrors(createReadStream(this.#path(id), { start: offset }));
  }

  async has(id: BlobId): Promise<boolean> {
    return (await this.size(id)) !== null;
  }

  async size(id: BlobId): Promise<number | null> {
    if (!isBlobId(id)) return null;
    try {
      return (await stat(this.#path(id))).size;
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }

  async fetch(id: BlobId, toFile: string): Promise<void> {
    await fetchVerified(await this.open(id), id, toFile);
  }

  async delete(id: BlobId): Promise<void> {
    if (isBlobId(id)) await rm(this.#path(id), { force: true });
  }

  /** Creates the folders and clears what killed writers left, once per process. */
  #prepare(): Promise<void> {
    this.#ready ??= this.#open().catch((error: unknown) => {
      this.#ready = null;
      throw error;
    });
    return this.#ready;
  }

  async #open(): Promise<void> {
    await this.#makeFolder(this.#incoming);
    await removeAbandoned(this.#incoming);
  }

  /** Creates a folder, durably up to the store's own. */
  async #makeFolder(path: string): Promise<void> {
    try {
      const first = await mkdir(path, { recursive: true, mode: 0o700 });
      if (first === undefined) return;
      await syncFolder(dirname(path));
      await syncFolder(dirname(first));
    } catch (error) {
      throw asDiskFull(error, path);
    }
  }

  /** Damaged bytes are kept for a look, but are no blob any more: the next put brings good ones. */
  async #setAside(id: BlobId): Promise<void> {
    await mkdir(this.#damaged, { recursive: true, mode: 0o700 });
    await rename(this.#path(id), join(this.#damaged, id));
  }

  #path(id: BlobId): string {
    return join(this.#folder, id.slice(0, 2), id.slice(2, 4), id);
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}
