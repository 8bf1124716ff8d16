/**
 * Blobs that nothing refers to any more. Packs are referred to by the manifests of live data alone, so
 * those are read first.
 *
 * The time since its last use is what makes it safe to delete one: bytes are put first and referred to
 * later, and every put or question for a blob is noted as its use before it is looked at. The store
 * looks at that time again with each deletion, so how old the list is does not matter.
 */
import type { OwnedBlobStore } from '../../blob/store.js';
import type { BlobId } from '../../proto/work.js';
import type { UnreferencedBlob } from '../store/records.js';
import type { Store } from '../store/store.js';
import { ManifestPacks } from './manifest-packs.js';

export interface GarbageOptions {
  readonly store: Pick<Store, 'manifests' | 'unreferencedBlobs' | 'deleteBlob'>;
  readonly blobs: OwnedBlobStore;
}

export interface Collected {
  readonly deleted: readonly UnreferencedBlob[];
  /** Whether the time was up before all were deleted. */
  readonly more: boolean;
}

export class Garbage {
  readonly #options: GarbageOptions;
  readonly #packs: ManifestPacks;

  constructor(options: GarbageOptions) {
    this.#options = options;
    this.#packs = new ManifestPacks(options.blobs);
  }

  /** What was not used since, the longest unused first. Throws where a manifest of live data cannot be read: better a full disk than lost packs. */
  async find(before: Date): Promise<UnreferencedBlob[]> {
    const packs = await this.#livePacks();
    return (await this.#options.store.unreferencedBlobs(before)).filter(({ id }) => !packs.has(id));
  }

  /** Deletes what `find` finds, one at least, until `forMs` are over. */
  async collect(before: Date, forMs = Number.POSITIVE_INFINITY): Promise<Collected> {
    const { store, blobs } = this.#options;
    const deleted: UnreferencedBlob[] = [];
    const found = await this.find(before);
    const until = performance.now() + forMs;
    for (const blob of found) {
      if (await store.deleteBlob(blob.id, before, () => blobs.delete(blob.id))) deleted.push(blob);
      if (performance.now() >= until) return { deleted, more: blob !== found.at(-1) };
    }
    return { deleted, more: false };
  }

  async #livePacks(): Promise<ReadonlySet<BlobId>> {
    const manifests = new Set(await this.#options.store.manifests());
    this.#packs.retain(manifests);
    const live = new Set<BlobId>();
    for (const id of manifests) for (const pack of await this.#packs.of(id)) live.add(pack);
    return live;
  }
}
