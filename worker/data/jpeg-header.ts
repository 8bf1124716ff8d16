/** What the segments before a JPEG file's first scan say (ITU-T T.81, annex B; EXIF 2.32, 4.5). */
import type { Orientation } from './raster.js';

export interface JpegHeader {
  /** As stored, before it is turned. */
  readonly width: number;
  readonly height: number;
  readonly components: number;
  /** Bits of a sample. */
  readonly precision: number;
  readonly orientation: Orientation;
  /** Whether an ICC profile says what the numbers mean. */
  readonly profile: boolean;
}

const SOI = 0xd8;
const APP1 = 0xe1;
const APP2 = 0xe2;
/** Restart markers and TEM stand without a length. */
const ALONE = (marker: number): boolean => marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8);
/** SOF0 to SOF15, without the tables DHT, JPG and DAC between them. */
const FRAME = (marker: number): boolean => marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
const ORIENTATION_TAG = 0x0112;
const SHORT = 3;

export function isJpeg(bytes: Uint8Array): boolean {
  return bytes[0] === 0xff && bytes[1] === SOI && bytes[2] === 0xff;
}

/** Null where no frame is found. */
export function readJpegHeader(bytes: Uint8Array): JpegHeader | null {
  if (!isJpeg(bytes)) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let orientation: Orientation | null = null;
  let profile = false;
  for (let at = 2; at + 4 <= bytes.length; ) {
    if (bytes[at] !== 0xff) return null;
    const marker = bytes[at + 1]!;
    // Any marker may be preceded by fill bytes.
    if (marker === 0xff || ALONE(marker)) {
      at += marker === 0xff ? 1 : 2;
      continue;
    }
    const end = at + 2 + view.getUint16(at + 2);
    if (end > bytes.length) return null;
    const body = bytes.subarray(at + 4, end);
    if (marker === APP1) orientation ??= exifOrientation(body);
    if (marker === APP2) profile ||= begins(body, 'ICC_PROFILE\0');
    if (FRAME(marker)) {
      if (body.length < 6) return null;
      return { precision: body[0]!, height: view.getUint16(at + 5), width: view.getUint16(at + 7), components: body[5]!, orientation: orientation ?? 1, profile };
    }
    if (marker === 0xda || marker === 0xd9) return null;
    at = end;
  }
  return null;
}

function begins(body: Uint8Array, text: string): boolean {
  return Buffer.from(body.subarray(0, text.length)).toString('latin1') === text;
}

/** Of the first image directory; null where the segment is no EXIF or does not say. */
function exifOrientation(body: Uint8Array): Orientation | null {
  if (!begins(body, 'Exif\0\0')) return null;
  const tiff = new DataView(body.buffer, body.byteOffset + 6, body.byteLength - 6);
  if (tiff.byteLength < 8) return null;
  const order = tiff.getUint16(0);
  if (order !== 0x4949 && order !== 0x4d4d) return null;
  const little = order === 0x4949;
  const directory = tiff.getUint32(4, little);
  if (directory + 2 > tiff.byteLength) return null;
  const entries = tiff.getUint16(directory, little);
  for (let entry = 0; entry < entries; entry += 1) {
    const at = directory + 2 + 12 * entry;
    if (at + 12 > tiff.byteLength) return null;
    if (tiff.getUint16(at, little) !== ORIENTATION_TAG || tiff.getUint16(at + 2, little) !== SHORT) continue;
    const value = tiff.getUint16(at + 8, little);
    return value >= 1 && value <= 8 ? (value as Orientation) : null;
  }
  return null;
}
