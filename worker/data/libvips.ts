/** Every file format but plain JPEG, by sharp: to upright 8-bit sRGB pixels without alpha, and no further. */
import sharp, { type Sharp } from 'sharp';
import type { Raster } from './raster.js';
import { UnreadableImageError } from './unreadable.js';

export const LIBVIPS = sharp.versions.vips;

// Files come by the hundred thousand and each once: libvips' cache of operations would only hold memory,
// and the cores are kept busy by decoding several files at once rather than by splitting one.
sharp.cache(false);
sharp.concurrency(1);
// Loaders of drawings and documents, which have no pixels of their own.
sharp.block({ operation: ['VipsForeignLoadSvg', 'VipsForeignLoadPdf', 'VipsForeignLoadMagick'] });

/** libvips keeps what went wrong in one place for the whole process: of two files that fail at once, one may find the other has taken it. */
const TAKEN = 'Unknown error';
const TRIES = 5;

/** Gray images get three equal channels. Throws UnreadableImageError. */
export async function readByLibvips(bytes: Uint8Array, maxPixels: number, tries = TRIES): Promise<Raster> {
  const image: Sharp = sharp(bytes, { failOn: 'truncated', limitInputPixels: maxPixels });
  try {
    const { data, info } = await image.autoOrient().flatten({ background: '#000000' }).toColourspace('srgb').raw().toBuffer({ resolveWithObject: true });
    if (info.channels !== 1 && info.channels !== 3) throw new UnreadableImageError(`decoded to ${info.channels} channels, expected 1 or 3`);
    return { width: info.width, height: info.height, channels: info.channels, pixels: data };
  } catch (error) {
    if (error instanceof UnreadableImageError) throw error;
    const said = (error instanceof Error ? error.message : String(error)).split('\n', 1)[0] ?? '';
    if (said === TAKEN && tries > 1) return readByLibvips(bytes, maxPixels, tries - 1);
    throw new UnreadableImageError(inWords(said, maxPixels), { cause: error });
  }
}

function inWords(said: string, maxPixels: number): string {
  if (said.includes('unsupported image format')) return 'not an image in a known format (JPEG, PNG, WebP, TIFF, GIF, AVIF)';
  if (said.includes('exceeds pixel limit')) return `larger than ${maxPixels / 1e6} million pixels`;
  return `damaged or cut short (${said})`;
}
