import { createHash } from 'node:crypto';
import { jpegLibrary } from './jpeg.js';
import { LIBVIPS } from './libvips.js';
import { resizeKernels } from './resize.js';

/** Raised with every change of the decoder's own code that moves a pixel. */
const VERSION = 2;

let version: string | null = null;

/** What the decoder itself is: other versions may give other pixels, so their results are kept apart. */
export function decoderVersion(): string {
  version ??= `${VERSION}-vips${LIBVIPS}-${createHash('sha256').update(jpegLibrary()).update(resizeKernels()).digest('hex').slice(0, 8)}`;
  return version;
}
