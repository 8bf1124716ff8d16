/** The packs of data sets. A manifest never changes, so each is read once. */
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import type { BlobStore } from '../../blob/store.js';
import type { BlobId } from '../../proto/work.js';

const withPacks = z.object({ packs: z.array(z.string()) });

export class ManifestPacks {
  readonly #blobs: Pick<BlobStore, 'open'>;
  readonly #packs = new Map<BlobId, Promise<ReadonlySet<BlobId>>>();

  constructor(blobs: Pick<BlobStore, 'open'>) {
    this.#blobs = blobs;
  }

  /** Rejects with the blob store's errors, and where the blob is no manifest. */
  of(manifest: BlobId): Promise<ReadonlySet<BlobId>> {
    const known = this.#packs.get(manifest);
    if (known !== undefined) return known;
    const read = this.#read(manifest);
    this.#packs.set(manifest, read);
    // Tried again for those who come later.
    read.catch(() => this.#packs.delete(manifest));
    return read;
  }

  /** Forgets all others. */
  retain(manifests: ReadonlySet<BlobId>): void {
    for (const id of this.#packs.keys()) if (!manifests.has(id)) this.#packs.delete(id);
  }

  async #read(manifest: BlobId): Promise<ReadonlySet<BlobId>> {
    return new Set(withPacks.parse(JSON.parse(await text(await this.#blobs.open(manifest)))).packs);
  }
}
