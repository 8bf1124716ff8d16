/** What a pool of decoders and its threads say to one another. */
import type { PixelShape } from './raster.js';

export interface DecoderJob {
  readonly id: number;
  readonly bytes: Uint8Array;
  /** Null to look whether it can be decoded, and no more. */
  readonly shape: PixelShape | null;
}

export type DecoderAnswer =
  | { readonly id: number; readonly pixels: Uint8Array | null }
  /** Why the image cannot be read. */
  | { readonly id: number; readonly unreadable: string }
  /** A mistake of ours, with its stack. */
  | { readonly id: number; readonly failed: string };
