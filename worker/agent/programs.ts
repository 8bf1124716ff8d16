/** Programs on this box: each is fetched once, however many attempts run it. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { BlobStore } from '../../blob/store.js';
import type { BlobId } from '../../proto/work.js';

/** A sweep has one, and an edited one soon another; older ones are fetched again if they are asked for. */
const MOST_KEPT = 8;

export class Programs {
  readonly #blobs: BlobStore;
  readonly #folder: string;
  /** The one used last at the end. */
  readonly #kept = new Map<BlobId, Promise<string>>();

  constructor(blobs: BlobStore, folder: string) {
    this.#blobs = blobs;
    this.#folder = folder;
  }

  /** The file that holds it. An attempt that has begun has read it: it may go then. Rejects with the blob store's errors. */
  async path(id: BlobId): Promise<string> {
    const program = this.#kept.get(id) ?? this.#fetch(id);
    this.#kept.delete(id);
    this.#kept.set(id, program);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > MOST_KEPT && oldest !== undefined) await this.#forget(oldest);
    return program;
  }

  /** The file of one that was fetched; null where there is none. */
  async held(id: BlobId): Promise<string | null> {
    return (await this.#kept.get(id)?.catch(() => null)) ?? null;
  }

  #fetch(id: BlobId): Promise<string> {
    // A module is told from CommonJS by its name.
    const path = join(this.#folder, `program-${id}.mjs`);
    const fetched = this.#blobs.fetch(id, path).then(() => path);
    // A failure is told to those who wait, and tried again for those who come later.
    fetched.catch(() => this.#kept.delete(id));
    return fetched;
  }

  async #forget(id: BlobId): Promise<void> {
    const program = this.#kept.get(id);
    this.#kept.delete(id);
    const path = await program?.catch(() => null);
    if (path !== null && path !== undefined) await rm(path, { force: true });
  }
}
