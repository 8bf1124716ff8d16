/** The files of data sets, read from their packs. A manifest never changes, so those that were used last are kept as they were read. */
import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { BlobCorruptError } from '../../blob/errors.js';
import type { OwnedBlobStore } from '../../blob/store.js';
import { CodedError } from '../../proto/coded-error.js';
import { decodeManifest } from '../../proto/manifest.js';
import type { BlobId, DataFile, DataManifest } from '../../proto/work.js';

/** Of 100,000 files each, some 60 MB. */
const KEPT_MANIFESTS = 2;
/** A file that is larger is not shown: all of it would be held in memory at once. */
const MOST_FILE_BYTES = 64 * 2 ** 20;

/** The file is too large to be read as one piece. */
export class FileTooLarge extends CodedError {
  readonly code = 'FileTooLarge';
  constructor({ name, bytes }: DataFile) {
    super(`${name.slice(0, 200)} has ${bytes} bytes; files of up to ${MOST_FILE_BYTES} bytes are shown`);
  }
}

export class DataFiles {
  readonly #blobs: Pick<OwnedBlobStore, 'open' | 'openFrom'>;
  /** The one that was used last is the last. */
  readonly #manifests = new Map<BlobId, Promise<DataManifest>>();

  constructor(blobs: Pick<OwnedBlobStore, 'open' | 'openFrom'>) {
    this.#blobs = blobs;
  }

  /** Whether it is at hand. */
  holds(manifest: BlobId): boolean {
    return this.#manifests.has(manifest);
  }

  /** Rejects with the blob store's errors, and ManifestError where the blob is no manifest. */
  manifest(id: BlobId): Promise<DataManifest> {
    const manifest = this.#manifests.get(id) ?? this.#read(id);
    this.#manifests.delete(id);
    this.#manifests.set(id, manifest);
    for (const oldest of [...this.#manifests.keys()].slice(0, -KEPT_MANIFESTS)) this.#manifests.delete(oldest);
    return manifest;
  }

  /** The bytes of a file as they were packed. Rejects with the blob store's errors and FileTooLarge. */
  async bytesOf({ packs }: DataManifest, file: DataFile): Promise<Uint8Array> {
    const pack = packs[file.pack] ?? '';
    if (file.bytes > MOST_FILE_BYTES) throw new FileTooLarge(file);
    const stream = await this.#blobs.openFrom(pack, file.offset);
    const parts: Buffer[] = [];
    let length = 0;
    // Leaving the loop ends the stream.
    for await (const part of stream) {
      parts.push(part as Buffer);
      length += (part as Buffer).length;
      if (length >= file.bytes) break;
    }
    const bytes = Buffer.concat(parts).subarray(0, file.bytes);
    const found = createHash('sha256').update(bytes).digest('hex');
    if (found !== file.digest) throw new BlobCorruptError(file.digest, found);
    return bytes;
  }

  async #read(id: BlobId): Promise<DataManifest> {
    try {
      return decodeManifest(await buffer(await this.#blobs.open(id)));
    } catch (error) {
      // Tried again for those who come later.
      this.#manifests.delete(id);
      throw error;
    }
  }
}
