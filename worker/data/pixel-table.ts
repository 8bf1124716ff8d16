/** What a training child is told of a decoded data set: plain data that goes through a message. */
import type { DataManifest, Part } from '../../proto/work.js';

export interface PixelTable {
  /** The pixel file; the image with index i (manifest order) lies in slot `slots[i]`. */
  readonly path: string;
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
  /** Number of classes. */
  readonly classes: number;
  readonly slots: readonly number[];
  readonly labels: readonly number[];
  /** Indices [from, to) of each part: a manifest is sorted by part. */
  readonly parts: { readonly [part in Part]: { readonly from: number; readonly to: number } };
}

/** Indices of a part's images, in manifest order. */
export function partIndices(table: PixelTable, part: Part): Int32Array {
  const { from, to } = table.parts[part];
  return Int32Array.from({ length: to - from }, (_, offset) => from + offset);
}

export function partRanges(files: DataManifest['files']): PixelTable['parts'] {
  const sizes = { train: 0, val: 0, test: 0 };
  for (const file of files) sizes[file.part] += 1;
  const trained = sizes.train;
  const validated = trained + sizes.val;
  return { train: { from: 0, to: trained }, val: { from: trained, to: validated }, test: { from: validated, to: files.length } };
}
