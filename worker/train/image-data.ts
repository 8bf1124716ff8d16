import type { ImageInput } from '../../proto/work.js';
import { DataError } from '../data/data-error.js';
import { openImageSource } from '../data/image-source.js';
import { fitNormalisation } from '../data/normalisation.js';
import { partIndices, type PixelTable } from '../data/pixel-table.js';
import type { ImageSource, Normalisation } from '../engine/engine.js';
import type { PartIndices } from './image-classifier.js';

/** A data set at one input size, open for training. */
export interface ImageData {
  readonly source: ImageSource;
  readonly parts: PartIndices;
  readonly normalisation: Normalisation;
  close(): void;
}

/** Throws DataError where there is nothing to train on, or the decoded pixels are gone. */
export function openImageData(pixels: PixelTable | null, normalisation: ImageInput['normalisation']): ImageData {
  if (pixels === null) throw new DataError('an image classifier needs a data set, and the work names none');
  const parts = { train: partIndices(pixels, 'train'), val: partIndices(pixels, 'val'), test: partIndices(pixels, 'test') };
  if (parts.train.length === 0) throw new DataError('the training part has no images');
  const source = openImageSource(pixels);
  return { source, parts, normalisation: fitNormalisation(source, normalisation, parts.train), close: () => source.close() };
}
