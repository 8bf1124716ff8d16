/** One look at every readable file: size, channels, and a thumbnail to tell copies by. */
import type { Part } from '../../proto/work.js';
import { UnreadableImageError } from '../../worker/data/decode.js';
import { DecoderPool } from '../../worker/data/decoder-pool.js';
import type { ScannedFile } from '../data/scan.js';
import { readFacts } from '../../worker/data/survey.js';

/** Twice the 9 x 8 cells of a difference hash. */
export const THUMB_WIDTH = 18;
const THUMB_HEIGHT = 16;
export const THUMB_BYTES = THUMB_WIDTH * THUMB_HEIGHT;

export interface MeasuredFile {
  readonly name: string;
  readonly digest: string;
  readonly label: number;
  readonly part: Part | null;
  readonly group?: string | null;
  readonly bytes: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

export interface Measured {
  readonly files: readonly MeasuredFile[];
  /** Gray thumbnails of all files one after the other: about 300 bytes of memory each, whatever the images' size. */
  readonly thumbs: Uint8Array;
}

export interface MeasureOptions {
  readonly read: (file: ScannedFile) => Promise<Uint8Array>;
  readonly files: readonly ScannedFile[];
  readonly onProgress: (done: number, total: number) => void;
  readonly signal: AbortSignal;
}

/** Rethrows the signal's reason when it is aborted. */
export async function measureFiles({ read, files, onProgress, signal }: MeasureOptions): Promise<Measured> {
  const thumbs = new Uint8Array(files.length * THUMB_BYTES);
  const measured = new Array<MeasuredFile>(files.length);
  let next = 0;
  let done = 0;
  const pool = new DecoderPool();
  const lane = async (): Promise<void> => {
    for (let index = next++; index < files.length; index = next++) {
      signal.throwIfAborted();
      const file = files[index]!;
      const bytes = await read(file);
      const facts = await readFacts(bytes);
      if (facts === null) throw new UnreadableImageError(`${file.name} changed while the folder was being read; run the same command again`);
      thumbs.set(await pool.decode(bytes, { height: THUMB_HEIGHT, width: THUMB_WIDTH, channels: 1, resize: 'stretch' }), index * THUMB_BYTES);
      measured[index] = { ...file, bytes: bytes.length, ...facts };
      done += 1;
      onProgress(done, files.length);
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.max(2, pool.threads) }, lane));
  } finally {
    await pool.close();
  }
  return { files: measured, thumbs };
}
