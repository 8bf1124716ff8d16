/** What the files themselves look like: size in pixels and channels, from their headers. */
import sharp from 'sharp';

export interface ImageFacts {
  /** As shown: turned where the file says so. */
  readonly height: number;
  readonly width: number;
  /** 1 gray, 3 colour; alpha is not counted. */
  readonly channels: number;
}

/** Null where the header cannot be read. */
export async function readFacts(source: Uint8Array): Promise<ImageFacts | null> {
  try {
    const { width, height, channels, hasAlpha, orientation } = await sharp(source, { limitInputPixels: false }).metadata();
    const turned = (orientation ?? 1) >= 5;
    return { height: turned ? width : height, width: turned ? height : width, channels: channels - (hasAlpha ? 1 : 0) };
  } catch {
    return null;
  }
}

/** Facts of up to `most` files, evenly spread over the list. */
export async function sampleFacts<File>(files: readonly File[], read: (file: File) => Promise<Uint8Array>, most = 400): Promise<ImageFacts[]> {
  const step = Math.max(1, files.length / most);
  const facts: ImageFacts[] = [];
  for (let at = 0; at < files.length; at += step) {
    const file = files[Math.floor(at)];
    const found = file === undefined ? null : await readFacts(await read(file));
    if (found !== null) facts.push(found);
  }
  return facts;
}

/** The middle of the sorted numbers (the lower one of two); 0 of none. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
}
