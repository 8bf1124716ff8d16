/** Archives of arrays (.npz). Their arrays are mostly compressed and cannot be read from the middle, so each is unpacked to a file, a stretch at a time. */
import { mkdir, rename, rm } from 'node:fs/promises';
import { createWriteStream } from 'node:fs';
import { dirname } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import yauzl from 'yauzl';
import { asDiskFull } from '../../blob/errors.js';
import { Crc32 } from './crc32.js';
import { forbidden } from './layout.js';
import { badArray } from './npy.js';
import type { DataProblem } from './problem.js';

export interface Archive {
  /** Names of arrays, without `.npy`. */
  readonly names: readonly string[];
  /** Writes an array to a file, whole or not at all. Throws DataProblem, DiskFullError; rethrows the signal's reason. */
  unpack(name: string, path: string, options?: UnpackOptions): Promise<void>;
  close(): void;
}

export interface UnpackOptions {
  /** In bytes of the unpacked array. */
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/** `shown` stands in messages. Throws DataProblem where the file is no archive. */
export async function openArchive(path: string, shown: string): Promise<Archive> {
  const damaged = (error: unknown): DataProblem => badArray(shown, `an archive that cannot be read: ${error instanceof Error ? error.message : String(error)}`, 'a file as numpy.savez writes it', 'download or write it again');
  const zip = await yauzl.openPromise(path, { autoClose: false, lazyEntries: true }).catch((error: unknown) => {
    const told = forbidden(error, path);
    throw told === error ? damaged(error) : told;
  });
  const entries = new Map<string, yauzl.Entry>();
  try {
    for await (const entry of zip.eachEntry()) if (entry.fileName.endsWith('.npy')) entries.set(entry.fileName.slice(0, -4), entry);
  } catch (error) {
    zip.close();
    throw damaged(error);
  }
  return {
    names: [...entries.keys()],
    unpack: async (name, target, { onProgress, signal } = {}) => {
      const entry = entries.get(name);
      if (entry === undefined) throw new RangeError(`no array ${name} in ${shown}`);
      await mkdir(dirname(target), { recursive: true });
      const draft = `${target}.${process.pid}.tmp`;
      try {
        const source = await zip.openReadStreamPromise(entry);
        await pipeline(source, verifier(entry, onProgress), createWriteStream(draft), signal === undefined ? {} : { signal });
        await rename(draft, target);
      } catch (error) {
        await rm(draft, { force: true });
        signal?.throwIfAborted();
        const full = asDiskFull(error, target);
        throw full === error ? damaged(error) : full;
      }
    },
    close: () => zip.close(),
  };
}

/** Passes an array on and fails at its end unless the archive's checksum is that of what was read: yauzl compares sizes alone. */
function verifier({ fileName, crc32: expected, uncompressedSize: total }: yauzl.Entry, onProgress: UnpackOptions['onProgress']): Transform {
  const crc = new Crc32();
  let done = 0;
  return new Transform({
    transform: (chunk: Buffer, _encoding, next) => {
      crc.update(chunk);
      done += chunk.length;
      onProgress?.(done, total);
      next(null, chunk);
    },
    flush: (next) => {
      next(crc.value === expected ? null : new Error(`${fileName} has checksum ${hex(crc.value)} where the archive says ${hex(expected)}`));
    },
  });
}

function hex(value: number): string {
  return value.toString(16).padStart(8, '0');
}
