/**
 * From the bytes of an image file to the pixels that a network sees. One place decides what counts as
 * a readable image, so that what the scan accepts, every worker can decode.
 *
 * Channel count, bit depth, alpha, orientation and file format are properties of files and must not reach
 * the network (in one public X-ray set only sick children's files have three channels): all are removed
 * here. Decoders only give the pixels as they are stored; gray and the resize are made of them by one code
 * for all. Gray is the luma of ITU-R BT.601, as in Pillow, Keras and MATLAB, and leaves R = G = B as it is.
 */
import { jpegReader } from './jpeg.js';
import { readPng } from './png.js';
import { isJpeg } from './jpeg-header.js';
import { insideOf, type Mask } from './mask.js';
import { cut, type PixelShape, type Raster } from './raster.js';
import { resize } from './resize.js';
import { UnreadableImageError } from './unreadable.js';

export { UnreadableImageError } from './unreadable.js';

export type { InputShape, PixelShape } from './raster.js';

/** Pixels past which a file is refused before anything is decoded: a header may promise any size. */
export const MAX_IMAGE_PIXELS = 100_000_000;

/** Decodes every pixel and drops them. Throws UnreadableImageError. */
export async function checkImage(bytes: Uint8Array): Promise<void> {
  refuse(bytes);
  const read = await quickReader();
  if (read(bytes) === null) await readByLibvips(bytes);
}

/** Pixels as uint8 [height, width, channels]. Throws UnreadableImageError. */
export async function decodeImage(bytes: Uint8Array, shape: PixelShape): Promise<Uint8Array> {
  refuse(bytes);
  const read = await quickReader();
  const raster = read(bytes) ?? (await readByLibvips(bytes));
  return resize(shape.crop === undefined ? raster : cut(raster, shape.crop), shape);
}

/** Throws UnreadableImageError. */
export async function readMask(bytes: Uint8Array): Promise<Mask> {
  refuse(bytes);
  const read = await quickReader();
  return insideOf(read(bytes) ?? (await readByLibvips(bytes)), isJpeg(bytes));
}

/** Loaded by the first file that needs it: a thread for JPEG files does without. */
async function readByLibvips(bytes: Uint8Array): Promise<Raster> {
  const libvips = await import('./libvips.js');
  return libvips.readByLibvips(bytes, MAX_IMAGE_PIXELS);
}

/** For what need not go to libvips; its raster may be used until the caller waits for anything. */
async function quickReader(): Promise<(bytes: Uint8Array) => Raster | null> {
  const readJpeg = await jpegReader();
  return (bytes) => readJpeg(bytes, MAX_IMAGE_PIXELS) ?? readPng(bytes, MAX_IMAGE_PIXELS);
}

/** Throws UnreadableImageError for what need not be opened to be refused. */
function refuse(bytes: Uint8Array): void {
  if (bytes.length === 0) throw new UnreadableImageError('empty file');
  if (isDicom(bytes)) throw new UnreadableImageError('a DICOM file, which must be converted first, e.g. with DCMTK: dcmj2pnm --write-16-bit-png FILE.dcm FILE.png');
}

/** Part 10 of the standard: a preamble of 128 bytes, then these letters. */
function isDicom(bytes: Uint8Array): boolean {
  return bytes.length >= 132 && Buffer.from(bytes.subarray(128, 132)).toString('latin1') === 'DICM';
}
