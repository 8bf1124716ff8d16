import { createHash } from 'node:crypto';
import type { BlobId, DataFile } from '../../proto/work.js';
import { DataError } from './data-error.js';
import type { OpenPack, PackFolder } from './packs.js';

/** Files of one pack, each checked by its digest; a pack that went bad on this disk is fetched once more. */
export class PackReader {
  readonly #packs: PackFolder;
  readonly #id: BlobId;
  readonly #bytes: number;
  #pack: OpenPack;
  #refetched: Promise<void> | null = null;

  private constructor(packs: PackFolder, id: BlobId, bytes: number, pack: OpenPack) {
    this.#packs = packs;
    this.#id = id;
    this.#bytes = bytes;
    this.#pack = pack;
  }

  /** `bytes`: the pack has at least so many. */
  static async open(packs: PackFolder, id: BlobId, bytes: number): Promise<PackReader> {
    return new PackReader(packs, id, bytes, await packs.open(id, bytes));
  }

  async read(entry: DataFile): Promise<Uint8Array> {
    const first = await this.#read(entry);
    if (first !== null) return first;
    await (this.#refetched ??= this.#refetch());
    const second = await this.#read(entry);
    if (second !== null) return second;
    throw new DataError(`${entry.name} is not what the manifest says: pack ${this.#id} holds other bytes at ${entry.offset}; submit the sweep again`);
  }

  async close(): Promise<void> {
    await this.#pack.close();
  }

  async #read(entry: DataFile): Promise<Uint8Array | null> {
    const bytes = Buffer.alloc(entry.bytes);
    const { bytesRead } = await this.#pack.handle.read(bytes, 0, entry.bytes, entry.offset);
    const whole = bytesRead === entry.bytes && createHash('sha256').update(bytes).digest('hex') === entry.digest;
    return whole ? bytes : null;
  }

  async #refetch(): Promise<void> {
    await this.#packs.discard(this.#id);
    const old = this.#pack;
    this.#pack = await this.#packs.open(this.#id, this.#bytes);
    await old.close();
  }
}
