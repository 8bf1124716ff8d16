/** What the files themselves look like: size in pixels and channels, from their headers. */
import sharp from 'sharp';
import { readJpegHeader } from './jpeg-header.js';
import { readPngHeader } from './png.js';

export interface ImageFacts {
  /** As shown: turned where the file says so. */
  readonly height: number;
  readonly width: number;
  /** 1 gray, 3 colour; alpha is not counted. */
  readonly channels: number;
}

/** Null where the header cannot be read. */
export async function readFacts(source: Uint8Array): Promise<ImageFacts | null> {
  const jpeg = readJpegHeader(source);
  if (jpeg !== null) {
    const { width, height, components, orientation } = jpeg;
    return orientation >= 5 ? { height: width, width: height, channels: components } : { height, width, channels: components };
  }
  const png = readPngHeader(source);
  if (png !== null) return png;
  try {
    const { width, height, channels, hasAlpha, orientation } = await sharp(source, { limitInputPixels: false }).metadata();
    const turned = (orientation ?? 1) >= 5;
    return { height: turned ? width : height, width: turned ? height : width, channels: channels - (hasAlpha ? 1 : 0) };
  } catch {
    return null;
  }
}

/** Up to `most` files, evenly spread over the list, with their facts. */
export async function sampleFacts<File>(files: readonly File[], read: (file: File) => Promise<Uint8Array>, most = 400): Promise<(ImageFacts & File)[]> {
  const step = Math.max(1, files.length / most);
  const facts: (ImageFacts & File)[] = [];
  for (let at = 0; at < files.length; at += step) {
    const file = files[Math.floor(at)];
    if (file === undefined) continue;
    const found = await readFacts(await read(file));
    if (found !== null) facts.push({ ...file, ...found });
  }
  return facts;
}

/** The middle of the sorted numbers (the lower one of two); 0 of none. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
}
