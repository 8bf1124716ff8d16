/** Images for people to look at, as PNG files. */
import sharp from 'sharp';
import { MAX_IMAGE_PIXELS, UnreadableImageError } from './decode.js';
// Blocks the loaders of drawings and documents, as it does for training.
import { LIBVIPS } from './libvips.js';
import type { PixelShape } from './raster.js';

/** The file as it is, upright, its longer side no more than `most` pixels. Throws UnreadableImageError. */
export async function originalPng(file: Uint8Array, most: number): Promise<Buffer> {
  try {
    return await sharp(file, { failOn: 'truncated', limitInputPixels: MAX_IMAGE_PIXELS }).autoOrient().resize({ width: most, height: most, fit: 'inside', withoutEnlargement: true }).toColourspace('srgb').png().toBuffer();
  } catch (error) {
    throw new UnreadableImageError(`libvips ${LIBVIPS} cannot show it (${(error instanceof Error ? error.message : String(error)).split('\n', 1)[0] ?? ''})`, { cause: error });
  }
}

/** `pixels`: uint8 [height, width, channels] of the shape. */
export function pixelsPng(pixels: Uint8Array, { width, height, channels }: Pick<PixelShape, 'width' | 'height' | 'channels'>): Promise<Buffer> {
  return sharp(pixels, { raw: { width, height, channels } }).png().toBuffer();
}
