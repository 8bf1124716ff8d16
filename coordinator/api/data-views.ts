/** Data sets as the application service answers them. */
import type { ImageInput, Part } from '../../proto/work.js';

/** One that a sweep trains on. */
export interface DataSetView {
  /** Of its manifest, which never changes. */
  readonly id: string;
  /** Of its content: the same for sets that differ in the names of files alone. */
  readonly digest: string;
  /** Names of the sweeps whose current revision uses it, the latest first. */
  readonly sweeps: readonly string[];
  readonly images: number;
  readonly classes: readonly string[];
  /** The positive one. */
  readonly positive: string;
  /** Images of each class, in the order of `classes`. */
  readonly counts: { readonly [part in Part]: readonly number[] };
  /** How many files were left out since they cannot be read. */
  readonly rejected: number;
  readonly warnings: readonly string[];
}

/** How a sweep's networks see images. */
export interface DataLook {
  readonly sweep: string;
  /** Values of its hyperparameter imageSize, in pixels. */
  readonly sizes: readonly number[];
  readonly channels: ImageInput['channels'];
  readonly resize: ImageInput['resize'];
  /** What is cut out before: a fixed box, or the box of each image's mask. */
  readonly crop: 'box' | 'masks' | null;
}

export interface DataSetDetail {
  readonly set: DataSetView;
  readonly looks: readonly DataLook[];
  /** The first 1,000. */
  readonly rejected: readonly { readonly file: string; readonly why: string }[];
}

export interface DataImage {
  /** In the manifest: what predictions count by, too. */
  readonly index: number;
  readonly name: string;
  readonly label: number;
  readonly part: Part;
  readonly bytes: number;
  /** Of its bytes. */
  readonly digest: string;
}

export interface DataImages {
  /** Of those that were asked for. */
  readonly total: number;
  readonly images: readonly DataImage[];
}

/** What its files look like. */
export interface DataSizes {
  readonly images: number;
  /** How many files were looked at, evenly spread over all. */
  readonly sampled: number;
  /** Of those: as they are shown, the most frequent first. */
  readonly sizes: readonly { readonly width: number; readonly height: number; readonly channels: number; readonly count: number }[];
  /** Of all files. */
  readonly bytes: { readonly least: number; readonly median: number; readonly most: number; readonly total: number };
}

export interface DataImagesQuery {
  readonly from: number;
  readonly limit: number;
  readonly part: Part | null;
  /** Index of a class. */
  readonly label: number | null;
  /** Found in names, in capitals or not. */
  readonly search: string;
}

/** The file as it is, `most` pixels on its longer side at most; or as the networks of a sweep see it at an imageSize. */
export type ImageLook = { readonly most: number } | { readonly sweep: string; readonly size: number };

export interface Picture {
  /** Decodes it. Throws UnreadableImageError, FileTooLarge. */
  readonly png: () => Promise<Uint8Array>;
  /** Whether these bytes are the picture for ever. */
  readonly forever: boolean;
  /** Tells them from others. */
  readonly tag: string;
}
