/**
 * Deletes blobs that nothing refers to any more, a day after their last use. The day is what makes it
 * safe: bytes are put first and referred to later, and every put or question for a blob counts as use.
 * Packs are referred to by the manifests of live data alone, so those are read first.
 */
import { json } from 'node:stream/consumers';
import type { OwnedBlobStore } from '../../blob/store.js';
import type { BlobId, DataManifest } from '../../proto/work.js';
import type { Store } from '../store/store.js';

export interface CollectorOptions {
  readonly store: Pick<Store, 'manifests' | 'unreferencedBlobs' | 'forgetBlobs'>;
  readonly blobs: OwnedBlobStore;
  readonly logger: { info(detail: object, message: string): void; warn(detail: object, message: string): void };
  readonly intervalMs?: number;
}

const defaultIntervalMs = 3_600_000;
export const unreferencedForMs = 86_400_000;
/** So few that between the question and the deletion nothing is likely to be put again. */
const batchSize = 100;

export class BlobCollector {
  readonly #options: CollectorOptions;
  /** Packs by manifest: a manifest never changes. */
  readonly #packs = new Map<BlobId, readonly BlobId[]>();
  #timer: NodeJS.Timeout | null = null;
  #running: Promise<unknown> = Promise.resolve();

  constructor(options: CollectorOptions) {
    this.#options = options;
  }

  /** Collects now, since many coordinators live for minutes, and then at intervals. Idempotent. */
  start(): void {
    if (this.#timer !== null) return;
    const collect = (): void => {
      this.#running = this.runOnce(new Date()).catch((error: unknown) => {
        this.#options.logger.warn({ error: error instanceof Error ? error.message : String(error) }, 'blobs were not collected this time');
      });
    };
    this.#timer = setInterval(collect, this.#options.intervalMs ?? defaultIntervalMs).unref();
    collect();
  }

  /** Idempotent; a run under way is awaited. */
  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    await this.#running;
  }

  /** Number of blobs deleted. A manifest of live data that cannot be read stops it: better a full disk than lost packs. */
  async runOnce(now: Date): Promise<number> {
    const { store, blobs, logger } = this.#options;
    const before = new Date(now.getTime() - unreferencedForMs);
    let deleted = 0;
    for (;;) {
      const packs = await this.#livePacks();
      const batch = (await store.unreferencedBlobs(before)).filter((id) => !packs.has(id)).slice(0, batchSize);
      if (batch.length === 0) break;
      for (const id of batch) await blobs.delete(id);
      await store.forgetBlobs(batch);
      deleted += batch.length;
    }
    if (deleted > 0) logger.info({ deleted }, 'deleted blobs that nothing referred to for a day');
    return deleted;
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
