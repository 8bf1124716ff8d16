/**
 * JPEG files by libjpeg-turbo in WebAssembly: the same pixels, bit for bit, as libvips gives by its own
 * copy of the library, at a third of the time, most of which libvips needs for everything around it.
 *
 * It takes only what it reads without a complaint. All else is libvips' to read or to refuse: four
 * components, an ICC profile, 12 bits, and whatever libjpeg reports an error or a warning about.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import factory, { type JpegDecoder, type LibjpegTurbo } from '@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs';
import { readJpegHeader } from './jpeg-header.js';
import { upright, type Raster } from './raster.js';

/** Memory of WebAssembly never shrinks: past this, an instance is not used again. */
const MOST_KEPT_BYTES = 128 * 2 ** 20;

interface Instance {
  readonly library: LibjpegTurbo;
  readonly decoder: JpegDecoder;
}

let compiled: WebAssembly.Module | null = null;
let instance: Promise<Instance> | null = null;

/** The library's file. */
export function jpegLibrary(): Buffer {
  return readFileSync(createRequire(import.meta.url).resolve('@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasm'));
}

/** A reader that may be used until the caller waits for anything. */
export async function jpegReader(): Promise<(bytes: Uint8Array, maxPixels: number) => Raster | null> {
  const used = (instance ??= instantiate());
  const { library, decoder } = await used;
  return (bytes, maxPixels) => {
    const header = readJpegHeader(bytes);
    if (header === null || header.profile || header.precision !== 8 || (header.components !== 1 && header.components !== 3)) return null;
    if (header.width * header.height > maxPixels) return null;
    let raster: Raster | null = null;
    try {
      decoder.getEncodedBuffer(bytes.length).set(bytes);
      decoder.decode();
      const { width, height, componentCount } = decoder.getFrameInfo();
      const stored: Raster = { width, height, channels: componentCount === 1 ? 1 : 3, pixels: decoder.getDecodedBuffer() };
      raster = upright(stored, header.orientation);
    } catch (error) {
      // The library's way to report; anything else is a mistake of ours.
      if (typeof error !== 'number') throw error;
    }
    // What it threw stays in its memory.
    if (instance === used && (raster === null || library.HEAPU8.length > MOST_KEPT_BYTES)) instance = null;
    return raster;
  };
}

async function instantiate(): Promise<Instance> {
  const module = (compiled ??= new WebAssembly.Module(new Uint8Array(jpegLibrary())));
  const library = await factory({
    instantiateWasm: (imports, done) => {
      const started = new WebAssembly.Instance(module, imports);
      done(started);
      return started.exports;
    },
  });
  return { library, decoder: new library.JPEGDecoder() };
}
