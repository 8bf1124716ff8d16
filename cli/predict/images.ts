/** The images in the files that a person names: one in each, or as many as an array (.npy) holds. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openPixels } from '../data/array-pixels.js';
import { openNpy } from '../data/npy.js';
import { DataProblem } from '../data/problem.js';

export interface NamedImage {
  /** The file; of an array `FILE.npy/17`, counted from 0. */
  readonly name: string;
  readonly read: () => Promise<Uint8Array>;
}

export interface NamedImages {
  readonly images: readonly NamedImage[];
  /** Removes what was unpacked. */
  readonly close: () => Promise<void>;
}

/** Files that are no image are told when they are read; arrays that cannot be used go to `onProblem`, and the rest is done. Throws DiskFullError. */
export async function imagesIn(files: readonly string[], onProblem: (line: string) => void): Promise<NamedImages> {
  const scratch = await mkdtemp(join(tmpdir(), 'trawl-predict-'));
  const close = (): Promise<void> => rm(scratch, { recursive: true, force: true });
  const images: NamedImage[] = [];
  try {
    for (const [index, file] of files.entries()) {
      if (file.endsWith('.npz')) onProblem(`${file}: found an archive of arrays, expected images; save the array that is meant by itself: numpy.save("images.npy", archive["test_images"])`);
      else if (!file.endsWith('.npy')) images.push({ name: file, read: () => readFile(file) });
      else images.push(...(await imagesOfArray(file, join(scratch, `${index}.pixels`), onProblem)));
    }
    return { images, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function imagesOfArray(file: string, converted: string, onProblem: (line: string) => void): Promise<NamedImage[]> {
  try {
    const pixels = await openPixels(openNpy(file, file), converted);
    return Array.from({ length: pixels.count }, (_, index) => ({ name: `${file}/${index}`, read: () => Promise.resolve(pixels.image(index)) }));
  } catch (error) {
    if (!(error instanceof DataProblem)) throw error;
    onProblem(`${file}: ${error.message}`);
    return [];
  }
}
