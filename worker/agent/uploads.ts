import { rm } from 'node:fs/promises';
import type { BlobStore, StoredBlob } from '../../blob/store.js';

/** How long uploads go on trying while the blob store cannot be reached. */
const PATIENCE_MS = 15 * 60_000;

/**
 * Takes an attempt's files to the blob store, one after the other in the order they were given, and
 * deletes each. The first failure ends them all: nothing that follows it is sent.
 */
export class Uploads {
  readonly #blobs: BlobStore;
  readonly #failed: (error: unknown) => void;
  readonly #abandoned: AbortSignal;
  readonly #patienceMs: number;
  #last: Promise<void> = Promise.resolve();
  #failure: { readonly error: unknown } | null = null;

  /** `failed` hears of the first failure. */
  constructor(blobs: BlobStore, abandoned: AbortSignal, failed: (error: unknown) => void, patienceMs = PATIENCE_MS) {
    this.#blobs = blobs;
    this.#abandoned = abandoned;
    this.#failed = failed;
    this.#patienceMs = patienceMs;
  }

  /** `stored` is called when the bytes are in the store. */
  add(path: string, stored: (blob: StoredBlob) => void): void {
    this.#last = this.#last.then(() => this.#upload(path, stored));
  }

  /** Settles when everything that was added is up, or never will be. */
  settled(): Promise<void> {
    return this.#last;
  }

  async #upload(path: string, stored: (blob: StoredBlob) => void): Promise<void> {
    try {
      if (this.#failure !== null || this.#abandoned.aborted) return;
      const blob = await this.#persist(path);
      if (!this.#isAbandoned()) stored(blob);
    } catch (error) {
      this.#failure = { error };
      this.#failed(error);
    } finally {
      // What cannot be deleted now goes when the home is next opened.
      await rm(path, { force: true }).catch(() => undefined);
    }
  }

  #isAbandoned(): boolean {
    return this.#abandoned.aborted;
  }

  /** A store out of reach is waited for: the coordinator may be starting again. Each try has a patience of its own. */
  async #persist(path: string): Promise<StoredBlob> {
    const until = performance.now() + this.#patienceMs;
    for (;;) {
      try {
        return await this.#blobs.putFile(path);
      } catch (error) {
        const unreachable = error instanceof Error && 'code' in error && error.code === 'BlobUnavailable';
        if (!unreachable || this.#isAbandoned() || performance.now() > until) throw error;
      }
    }
  }
}
