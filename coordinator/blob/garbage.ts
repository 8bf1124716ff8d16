/**
 * Blobs that nothing refers to any more. Packs are referred to by the manifests of live data alone, so
 * those are read first.
 *
 * The time since its last use is what makes it safe to delete one: bytes are put first and referred to
 * later, and every put or question for a blob counts as use. So what is to go is asked for anew whenever
 * the answer is seconds old: a process may be frozen between the question and the deletion.
 */
import { json } from 'node:stream/consumers';
import type { OwnedBlobStore } from '../../blob/store.js';
import type { BlobId, DataManifest } from '../../proto/work.js';
import type { Store, UnreferencedBlob } from '../store/store.js';

export interface GarbageOptions {
  readonly store: Pick<Store, 'manifests' | 'unreferencedBlobs' | 'forgetBlobs'>;
  readonly blobs: OwnedBlobStore;
}

/** So few that between the question and the deletion nothing is likely to be put again. */
const batchSize = 100;
const answerLastsMs = 10_000;

export class Garbage {
  readonly #options: GarbageOptions;
  /** Packs by manifest: a manifest never changes. */
  readonly #packs = new Map<BlobId, readonly BlobId[]>();

  constructor(options: GarbageOptions) {
    this.#options = options;
  }

  /** What was not used since, the longest unused first. Throws where a manifest of live data cannot be read: better a full disk than lost packs. */
  async find(before: Date): Promise<UnreferencedBlob[]> {
    const packs = await this.#livePacks();
    return (await this.#options.store.unreferencedBlobs(before)).filter(({ id }) => !packs.has(id));
  }

  /** Deletes what `find` finds, and returns it. */
  async collect(before: Date): Promise<UnreferencedBlob[]> {
    const { store, blobs } = this.#options;
    const deleted: UnreferencedBlob[] = [];
    for (;;) {
      const askedAt = performance.now();
      const batch = (await this.find(before)).slice(0, batchSize);
      if (batch.length === 0) return deleted;
      const gone: UnreferencedBlob[] = [];
      for (const blob of batch) {
        if (performance.now() - askedAt > answerLastsMs) break;
        await blobs.delete(blob.id);
        gone.push(blob);
      }
      await store.forgetBlobs(gone.map(({ id }) => id));
      deleted.push(...gone);
    }
  }

  async #livePacks(): Promise<ReadonlySet<BlobId>> {
    const manifests = new Set(await this.#options.store.manifests());
    for (const id of this.#packs.keys()) if (!manifests.has(id)) this.#packs.delete(id);
    for (const id of manifests) {
      if (this.#packs.has(id)) continue;
      const manifest = (await json(await this.#options.blobs.open(id))) as DataManifest;
      this.#packs.set(id, manifest.packs);
    }
    return new Set([...this.#packs.values()].flat());
  }
}
