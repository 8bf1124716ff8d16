/**
 * From the bytes of an image file to the pixels that a network sees. One place decides what counts as
 * a readable image, so that what the scan accepts, every worker can decode.
 *
 * Channel count, bit depth, alpha and orientation are properties of files and must not reach the
 * network (in one public X-ray set only sick children's files have three channels): all are removed
 * here. Gray is the luminance of the image in linear light, and leaves R = G = B as it is.
 */
import sharp, { type Sharp } from 'sharp';
import type { ImageInput } from '../../proto/work.js';

export type PixelShape = Pick<ImageInput, 'height' | 'width' | 'channels' | 'resize'>;

/** Pixels past which a file is refused before anything is decoded: a header may promise any size. */
export const MAX_IMAGE_PIXELS = 100_000_000;

/** What the decoder itself is: other versions may give other pixels, so their results are kept apart. */
export const DECODER = `1-vips${sharp.versions.vips}`;

/** The bytes are no image that can be read; `message` says why in a few words. */
export class UnreadableImageError extends Error {
  readonly code = 'UnreadableImage';
  constructor(why: string, options?: ErrorOptions) {
    super(why, options);
    this.name = 'UnreadableImageError';
  }
}

// Files come by the hundred thousand and each once: libvips' cache of operations would only hold memory,
// and the cores are kept busy by decoding several files at once rather than by splitting one.
sharp.cache(false);
sharp.concurrency(1);
// Loaders of drawings and documents, which have no pixels of their own.
sharp.block({ operation: ['VipsForeignLoadSvg', 'VipsForeignLoadPdf', 'VipsForeignLoadMagick'] });

const FIT = { stretch: 'fill', pad: 'contain', crop: 'cover' } as const;

function open(bytes: Uint8Array): Sharp {
  return sharp(bytes, { failOn: 'truncated', limitInputPixels: MAX_IMAGE_PIXELS });
}

/** Throws UnreadableImageError for what need not be opened to be refused. */
function refuse(bytes: Uint8Array): void {
  if (bytes.length === 0) throw new UnreadableImageError('empty file');
  if (isDicom(bytes)) throw new UnreadableImageError('a DICOM file, which must be converted first, e.g. with DCMTK: dcmj2pnm --write-16-bit-png FILE.dcm FILE.png');
}

/** Decodes every pixel and drops them. Throws UnreadableImageError. */
export async function checkImage(bytes: Uint8Array): Promise<void> {
  refuse(bytes);
  try {
    await open(bytes).toColourspace('b-w').raw().toBuffer();
  } catch (error) {
    throw unreadable(error);
  }
}

/** Pixels as uint8 [height, width, channels]. Throws UnreadableImageError. */
export async function decodeImage(bytes: Uint8Array, shape: PixelShape): Promise<Uint8Array> {
  refuse(bytes);
  const image = open(bytes).autoOrient().flatten({ background: '#000000' });
  const coloured = shape.channels === 1 ? image.greyscale() : image.toColourspace('srgb');
  try {
    const pixels = await coloured
      .resize(shape.width, shape.height, { fit: FIT[shape.resize], position: 'centre', background: '#000000' })
      .raw()
      .toBuffer();
    const expected = shape.height * shape.width * shape.channels;
    if (pixels.length !== expected) throw new UnreadableImageError(`decoded to ${pixels.length} bytes, expected ${expected}`);
    return pixels;
  } catch (error) {
    throw unreadable(error);
  }
}

/** Part 10 of the standard: a preamble of 128 bytes, then these letters. */
function isDicom(bytes: Uint8Array): boolean {
  return bytes.length >= 132 && Buffer.from(bytes.subarray(128, 132)).toString('latin1') === 'DICM';
}

function unreadable(error: unknown): UnreadableImageError {
  if (error instanceof UnreadableImageError) return error;
  const said = (error instanceof Error ? error.message : String(error)).split('\n', 1)[0] ?? '';
  return new UnreadableImageError(inWords(said), { cause: error });
}

function inWords(said: string): string {
  if (said.includes('unsupported image format')) return 'not an image in a known format (JPEG, PNG, WebP, TIFF, GIF, AVIF)';
  if (said.includes('exceeds pixel limit')) return `larger than ${MAX_IMAGE_PIXELS / 1e6} million pixels`;
  return `damaged or cut short (${said})`;
}
