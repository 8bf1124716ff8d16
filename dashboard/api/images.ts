/** Where images of data sets are, below /api/v1. */
import { segment } from './client.js';

export interface SeenBy {
  /** Name or id of a sweep. */
  readonly sweep: string;
  /** In px, each side. */
  readonly size: number;
}

/** As networks of a sweep see it. `index`: in the data set's manifest. */
export function seenImage(dataset: string, index: number, { sweep, size }: SeenBy): string {
  return `/datasets/${segment(dataset)}/images/${index}?sweep=${segment(sweep)}&size=${size}`;
}

/** As it was packed; no side is longer than `most` px. */
export function packedImage(dataset: string, index: number, most: number): string {
  return `/datasets/${segment(dataset)}/images/${index}?most=${most}`;
}
