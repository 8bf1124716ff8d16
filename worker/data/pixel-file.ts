/**
 * Decoded images of one shape, one after the other in a file that only grows, and an index that says
 * whose they are. Slot i lies at byte i * slotBytes; line i of the index is its file's digest, or what the cache calls it.
 *
 * Invariants
 * - An index line is written only after the pixels it names were synced, so whatever the index names is
 *   whole. A torn tail of either file (a killed writer, a power loss) is cut off when it is next opened.
 * - What the index names never changes, so any number of processes may read while one writes.
 * - One writer: the agent, which alone owns the worker's home.
 */
import { open, readFile, stat, type FileHandle } from 'node:fs/promises';
import { asDiskFull } from '../../blob/errors.js';

const LINE_BYTES = 65;

/** The index of the pixel file at `path`. */
export function indexOf(path: string): string {
  return `${path}.index`;
}

export class PixelFile {
  readonly path: string;
  readonly slotBytes: number;
  readonly #pixels: FileHandle;
  readonly #index: FileHandle;
  readonly #slots: Map<string, number>;

  private constructor(path: string, slotBytes: number, pixels: FileHandle, index: FileHandle, slots: Map<string, number>) {
    this.path = path;
    this.slotBytes = slotBytes;
    this.#pixels = pixels;
    this.#index = index;
    this.#slots = slots;
  }

  /** Opens or creates `path` and its index for writing. */
  static async open(path: string, slotBytes: number): Promise<PixelFile> {
    const pixels = await openOrCreate(path);
    try {
      const index = await openOrCreate(indexOf(path));
      try {
        const digests = wholeLines(await index.readFile('latin1'));
        const slots = new Map<string, number>();
        const there = Math.min(digests.length, Math.floor((await stat(path)).size / slotBytes));
        for (let slot = 0; slot < there; slot += 1) slots.set(digests[slot] ?? '', slot);
        await index.truncate(there * LINE_BYTES);
        await pixels.truncate(there * slotBytes);
        return new PixelFile(path, slotBytes, pixels, index, slots);
      } catch (error) {
        await index.close();
        throw error;
      }
    } catch (error) {
      await pixels.close();
      throw error;
    }
  }

  /** What is whole in the file at `path` now, whoever writes it: slots by digest. Rejects where there is no such file. */
  static async slots(path: string, slotBytes: number): Promise<ReadonlyMap<string, number>> {
    const digests = wholeLines(await readFile(indexOf(path), 'latin1'));
    const there = Math.floor((await stat(path)).size / slotBytes);
    return new Map(digests.slice(0, there).map((digest, slot) => [digest, slot]));
  }

  /** Of file and index, with so many images more. */
  bytesWith(more: number): number {
    return (this.#slots.size + more) * (this.slotBytes + LINE_BYTES);
  }

  slotOf(digest: string): number | undefined {
    return this.#slots.get(digest);
  }

  /**
   * Adds images, given as digests and what makes their pixels, all or none. The makers run at the same
   * time; so keep a call small. Rethrows what a maker throws; throws DiskFullError.
   */
  async append(digests: readonly string[], pixelsOf: (digest: string) => Promise<Uint8Array>): Promise<void> {
    const base = this.#slots.size;
    const written = await Promise.allSettled(
      digests.map(async (digest, position) => {
        const pixels = await pixelsOf(digest);
        if (pixels.length !== this.slotBytes) throw new RangeError(`${pixels.length} bytes for a slot of ${this.slotBytes}`);
        await this.#write(this.#pixels, pixels, (base + position) * this.slotBytes, this.path);
      }),
    );
    for (const result of written) if (result.status === 'rejected') throw result.reason;
    await this.#pixels.datasync();
    await this.#write(this.#index, Buffer.from(digests.map((digest) => `${digest}\n`).join(''), 'latin1'), base * LINE_BYTES, indexOf(this.path));
    await this.#index.datasync();
    digests.forEach((digest, position) => this.#slots.set(digest, base + position));
  }

  async close(): Promise<void> {
    await this.#pixels.close();
    await this.#index.close();
  }

  async #write(handle: FileHandle, bytes: Uint8Array, at: number, path: string): Promise<void> {
    try {
      let done = 0;
      // A short write is what a disk that is filling up gives before it gives an error.
      while (done < bytes.length) done += (await handle.write(bytes, done, bytes.length - done, at + done)).bytesWritten;
    } catch (error) {
      throw asDiskFull(error, path);
    }
  }
}

/** For reading and positional writing, which the append mode would not allow. */
async function openOrCreate(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r+');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return open(path, 'wx+');
    throw error;
  }
}

/** Digests up to the first line that is not one. */
function wholeLines(text: string): string[] {
  const digests: string[] = [];
  for (let at = 0; at + LINE_BYTES <= text.length; at += LINE_BYTES) {
    const line = text.slice(at, at + LINE_BYTES);
    if (!/^[0-9a-f]{64}\n$/.test(line)) break;
    digests.push(line.slice(0, -1));
  }
  return digests;
}
