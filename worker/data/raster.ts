import type { Box, BoxRegion, ImageInput, Region } from '../../proto/work.js';

/** What becomes of one image. */
export type PixelShape = Pick<ImageInput, 'height' | 'width' | 'channels' | 'resize'> & { readonly crop?: BoxRegion | undefined };

/** What a network takes. */
export type InputShape = Omit<PixelShape, 'crop'> & { readonly crop?: Region | undefined };

/** Of one image, `box` being its mask's. Null where masks say what is cut out, and this one has none. */
export function shapeOf({ crop, ...shape }: InputShape, box: Box | undefined): PixelShape | null {
  if (crop === undefined) return shape;
  if ('box' in crop) return { ...shape, crop };
  return box === undefined ? null : { ...shape, crop: { box } };
}

/** Pixels as a decoder gives them, upright. */
export interface Raster {
  readonly width: number;
  readonly height: number;
  /** 1 gray, 3 R, G, B; alpha is gone. */
  readonly channels: 1 | 3;
  /** Uint8 [height, width, channels]; may be the decoder's own memory, valid until it decodes again. */
  readonly pixels: Uint8Array;
}

/** A region of the raster: pixels of its own, at least one each way. Bounds between pixels go to the nearest. */
export function cut({ width, height, channels, pixels }: Raster, { box: [x, y, boxWidth, boxHeight] }: BoxRegion): Raster {
  const along = (length: number, from: number, share: number): [number, number] => {
    const first = Math.min(length - 1, Math.round(from * length));
    return [first, Math.max(first + 1, Math.min(length, Math.round((from + share) * length)))];
  };
  const [[left, right], [top, bottom]] = [along(width, x, boxWidth), along(height, y, boxHeight)];
  const row = (right - left) * channels;
  const region = new Uint8Array((bottom - top) * row);
  for (let line = top; line < bottom; line += 1) {
    const from = (line * width + left) * channels;
    region.set(pixels.subarray(from, from + row), (line - top) * row);
  }
  return { width: right - left, height: bottom - top, channels, pixels: region };
}

/** EXIF 2.32, 4.6.4 A: 1 upright, 2 mirrored, 3 upside down, 4 both, 5 to 8 the same with rows and columns exchanged. */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

/** The raster as it is to be seen. */
export function upright(raster: Raster, orientation: Orientation): Raster {
  if (orientation === 1) return raster;
  const { width, height, channels, pixels } = raster;
  const exchanged = orientation >= 5;
  const [toWidth, toHeight] = exchanged ? [height, width] : [width, height];
  const fromRight = orientation === 2 || orientation === 3 || orientation === 7 || orientation === 8;
  const fromBottom = orientation === 3 || orientation === 4 || orientation === 6 || orientation === 7;
  const turned = new Uint8Array(pixels.length);
  let to = 0;
  for (let y = 0; y < toHeight; y += 1) {
    for (let x = 0; x < toWidth; x += 1) {
      const [column, row] = exchanged ? [y, x] : [x, y];
      const from = ((fromBottom ? height - 1 - row : row) * width + (fromRight ? width - 1 - column : column)) * channels;
      for (let channel = 0; channel < channels; channel += 1) turned[to++] = pixels[from + channel]!;
    }
  }
  return { width: toWidth, height: toHeight, channels, pixels: turned };
}
