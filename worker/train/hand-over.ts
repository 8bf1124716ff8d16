import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Writes files for the agent to take: it owns each one as soon as it is told of it. */
export class HandOver {
  readonly #folder: string;
  readonly #prefix: string;

  constructor(folder: string, prefix: string) {
    this.#folder = folder;
    this.#prefix = prefix;
  }

  /** The path of the written file. Rejects with the system's error (ENOSPC, …) and leaves nothing behind. */
  async write(name: string, bytes: Uint8Array | AsyncIterable<Uint8Array>): Promise<string> {
    const path = join(this.#folder, `${this.#prefix}${name}`);
    try {
      await writeFile(path, bytes);
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    }
    return path;
  }
}

/** Float32 values as little-endian bytes, on machines of either order. */
export function littleEndian(values: Float32Array): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  values.forEach((value, index) => view.setFloat32(index * 4, value, true));
  return bytes;
}
