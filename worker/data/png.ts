/**
 * Small PNG files by fast-png: libvips takes a millisecond to set about a file of 28 x 28 pixels, and this a
 * tenth of it. A larger one libvips unpacks faster.
 *
 * It takes only what is as simple as it looks, where both give the same pixels: 8 bits, gray or R, G, B, nothing
 * about transparency, orientation or colour profiles. All else, and what it finds damaged, is libvips' to read or
 * to refuse.
 */
import { decode } from 'fast-png';
import type { Raster } from './raster.js';

export interface PngHeader {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
}

/** Of a file: where both decoders take as long, measured with X-rays of 64 to 256 pixels a side. */
const MOST_BYTES = 16 * 2 ** 10;
/** Of its pixels. */
const MOST_RAW_BYTES = 256 * 2 ** 10;
const SIGNATURE = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);
/** Chunks that decide the pixels, and those that say nothing of them (PNG 3, 11.3). */
const PLAIN = new Set(['IHDR', 'IDAT', 'IEND', 'tEXt', 'zTXt', 'iTXt', 'tIME', 'pHYs', 'sRGB', 'gAMA', 'cHRM']);
/** Width, height, bits, colour type, compression, filter, interlace. */
const HEADER_BYTES = 13;
const GRAY = 0;
const RGB = 2;

/** Null where it is no small and plain PNG file. */
export function readPngHeader(bytes: Uint8Array): PngHeader | null {
  if (bytes.length > MOST_BYTES || !SIGNATURE.equals(bytes.subarray(0, 8))) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let header: PngHeader | null = null;
  for (let at = 8; at + 12 <= bytes.length; at += 12 + view.getUint32(at)) {
    const kind = Buffer.from(bytes.subarray(at + 4, at + 8)).toString('latin1');
    if (!PLAIN.has(kind)) return null;
    if (kind !== 'IHDR') continue;
    if (view.getUint32(at) !== HEADER_BYTES || at + 12 + HEADER_BYTES > bytes.length) return null;
    const [bits, colour, interlace] = [bytes[at + 16], bytes[at + 17], bytes[at + 20]];
    if (bits !== 8 || (colour !== GRAY && colour !== RGB) || interlace !== 0) return null;
    header = { width: view.getUint32(at + 8), height: view.getUint32(at + 12), channels: colour === GRAY ? 1 : 3 };
  }
  return header !== null && header.width * header.height * header.channels <= MOST_RAW_BYTES ? header : null;
}

/** Null for what is left to libvips. */
export function readPng(bytes: Uint8Array, maxPixels: number): Raster | null {
  const header = readPngHeader(bytes);
  if (header === null || header.width * header.height > maxPixels) return null;
  try {
    const { width, height, channels, data } = decode(bytes, { checkCrc: true });
    const whole = data instanceof Uint8Array && width === header.width && height === header.height && channels === header.channels && data.length === width * height * channels;
    return whole ? { ...header, pixels: data } : null;
  } catch {
    // It throws plain errors of its own and RangeErrors of DataView: libvips finds the words.
    return null;
  }
}
