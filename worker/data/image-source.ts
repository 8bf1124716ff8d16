/** The pixels of a data set as an engine asks for them, read from the box's cache. */
import { closeSync, openSync, readSync } from 'node:fs';
import type { ImageSource } from '../engine/engine.js';
import { CodedError } from '../../proto/coded-error.js';
import type { PixelTable } from './pixel-table.js';

/** Up to this size a data set is copied into memory at once: a read is then a copy and no system call. */
export const RESIDENT_BYTES = 256 * 2 ** 20;

export interface OpenImageSource extends ImageSource {
  close(): void;
}

/** Throws PixelsUnreadable where the pixel file is gone or shorter than the table says. */
export function openImageSource(table: PixelTable, options: { readonly residentBytes?: number } = {}): OpenImageSource {
  const imageBytes = table.height * table.width * table.channels;
  const pixels = new SlotReader(table.path, imageBytes);
  const shape = { count: table.slots.length, height: table.height, width: table.width, channels: table.channels };
  const labels = Uint16Array.from(table.labels);
  if (shape.count * imageBytes > (options.residentBytes ?? RESIDENT_BYTES)) {
    return { ...shape, labels, read: (indices, into) => readSlots(pixels, table.slots, indices, into), close: () => pixels.close() };
  }
  const all = new Uint8Array(shape.count * imageBytes);
  try {
    readSlots(pixels, table.slots, Int32Array.from(table.slots, (_, index) => index), all);
  } finally {
    pixels.close();
  }
  const read = (indices: Int32Array, into: Uint8Array): void => {
    indices.forEach((index, position) => {
      requireIndex(index, shape.count);
      into.set(all.subarray(index * imageBytes, (index + 1) * imageBytes), position * imageBytes);
    });
  };
  return { ...shape, labels, read, close: () => undefined };
}

/** Reads neighbouring slots in one call: decoded in manifest order, they mostly are neighbours. */
function readSlots(pixels: SlotReader, slots: readonly number[], indices: Int32Array, into: Uint8Array): void {
  const slotAt = (position: number): number => {
    const index = indices[position] ?? -1;
    requireIndex(index, slots.length);
    return slots[index] ?? 0;
  };
  for (let from = 0; from < indices.length; ) {
    const first = slotAt(from);
    let to = from + 1;
    while (to < indices.length && slotAt(to) === first + (to - from)) to += 1;
    pixels.read(first, to - from, into, from);
    from = to;
  }
}

function requireIndex(index: number, count: number): void {
  if (index < 0 || index >= count) throw new RangeError(`image ${index} of ${count}`);
}

/** The fault of this box, and not of the data set: another one may do better. */
class PixelsUnreadable extends CodedError {
  readonly code = 'PixelsUnreadable';
}

class SlotReader {
  readonly #path: string;
  readonly #imageBytes: number;
  readonly #file: number;

  constructor(path: string, imageBytes: number) {
    this.#path = path;
    this.#imageBytes = imageBytes;
    try {
      this.#file = openSync(path, 'r');
    } catch (error) {
      throw new PixelsUnreadable(`the decoded images at ${path} cannot be opened (${error instanceof Error ? error.message : String(error)})`, { cause: error });
    }
  }

  /** Copies `count` slots from `slot` on to `into`, beginning at its image `position`. */
  read(slot: number, count: number, into: Uint8Array, position: number): void {
    const wanted = count * this.#imageBytes;
    for (let done = 0; done < wanted; ) {
      const got = readSync(this.#file, into, position * this.#imageBytes + done, wanted - done, slot * this.#imageBytes + done);
      if (got === 0) throw new PixelsUnreadable(`the decoded images at ${this.#path} end before slot ${slot + count}; restart this worker: it decodes them again`);
      done += got;
    }
  }

  close(): void {
    closeSync(this.#file);
  }
}
