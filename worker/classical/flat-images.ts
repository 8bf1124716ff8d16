/** Images as the vectors that classical models take. */
import type { ImageSource, Normalisation } from '../engine/engine.js';

/** Pixels as they were decoded, uint8 [count, size], where size is height x width x channels. */
export interface FlatImages {
  readonly count: number;
  readonly size: number;
  readonly bytes: Uint8Array;
}

export function flatImages(source: ImageSource, indices: Int32Array): FlatImages {
  const size = source.height * source.width * source.channels;
  const bytes = new Uint8Array(indices.length * size);
  source.read(indices, bytes);
  return { count: indices.length, size, bytes };
}

/** Rows of it, in their order. */
export function rowsOf({ size, bytes }: FlatImages, rows: ArrayLike<number>): FlatImages {
  const chosen = new Uint8Array(rows.length * size);
  for (let row = 0; row < rows.length; row++) chosen.set(bytes.subarray(rows[row]! * size, (rows[row]! + 1) * size), row * size);
  return { count: rows.length, size, bytes: chosen };
}

/** Normalised is v * scale + offset, per element: what (v / 255 - mean) / deviation comes to. */
export interface Scaling {
  readonly scale: Float64Array;
  readonly offset: Float64Array;
}

export function scalingOf({ mean, deviation }: Normalisation, size: number): Scaling {
  const by = (element: number): number => deviation?.[element] ?? 1;
  return {
    scale: Float64Array.from({ length: size }, (_, element) => 1 / (255 * by(element))),
    offset: Float64Array.from({ length: size }, (_, element) => -(mean?.[element] ?? 0) / by(element)),
  };
}
