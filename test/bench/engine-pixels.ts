/** The images of the bench `engine`: a file, since a training child reads its pixels and makes none. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PixelTable } from '../../worker/data/pixel-table.js';
import { CLASSES, type BenchModel } from './engine-models.js';

export const IMAGES = 1000;

/** Writes uint8 [IMAGES, size, size, channels] of noise, the images of class 1 brighter; the values do not matter to the time. Gives the file. */
export function writePixels({ name, size, channels }: BenchModel, folder: string): string {
  const bytes = size * size * channels;
  const pixels = new Uint8Array(IMAGES * bytes);
  let state = 1;
  for (let index = 0; index < pixels.length; index += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    pixels[index] = (state >>> 25) + 64 * labelOf(Math.floor(index / bytes));
  }
  const file = join(folder, `${name}.pixels`);
  writeFileSync(file, pixels);
  return file;
}

/** The file as an agent tells a child of it. */
export function pixelTable({ size, channels }: BenchModel, path: string): PixelTable {
  const all = Array.from({ length: IMAGES }, (_, image) => image);
  const parts = { train: { from: 0, to: IMAGES }, val: { from: IMAGES, to: IMAGES }, test: { from: IMAGES, to: IMAGES } };
  return { path, height: size, width: size, channels, classes: CLASSES, slots: all, labels: all.map(labelOf), parts };
}

function labelOf(image: number): number {
  return image % CLASSES;
}
