/** What of an image a mask of it leaves: an image of its own, black outside. */
import type { Box } from '../../proto/work.js';
import type { Raster } from './raster.js';

export interface Mask {
  /** In pixels, upright. */
  readonly width: number;
  readonly height: number;
  /** Around all that is inside; null where nothing is. */
  readonly box: Box | null;
}

/**
 * Inside is what is not 0 in any channel, so that masks of 0 and 1, of 0 and 255 and of a number for each organ
 * all do. JPEG blurs an edge over eight pixels: there it is what is at least half as bright as the brightest.
 */
export function insideOf({ width, height, channels, pixels }: Raster, isLossy: boolean): Mask {
  const least = isLossy ? Math.max(1, pixels.reduce((most, value) => Math.max(most, value), 0) / 2) : 1;
  let [left, top, right, bottom] = [width, height, -1, -1];
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const at = (y * width + x) * channels;
      if (pixels[at]! < least && (channels === 1 || (pixels[at + 1]! < least && pixels[at + 2]! < least))) continue;
      if (x < left) left = x;
      if (x > right) right = x;
      if (top === height) top = y;
      bottom = y;
    }
  }
  const box: Box | null = right < 0 ? null : [left / width, top / height, (right + 1 - left) / width, (bottom + 1 - top) / height];
  return { width, height, box };
}

/** The smallest around both. */
export function around([x, y, width, height]: Box, [otherX, otherY, otherWidth, otherHeight]: Box): Box {
  const [left, top] = [Math.min(x, otherX), Math.min(y, otherY)];
  return [left, top, Math.max(x + width, otherX + otherWidth) - left, Math.max(y + height, otherY + otherHeight) - top];
}

/** By `margin` of its sides on each side, as far as the image reaches. */
export function widened([x, y, width, height]: Box, margin: number): Box {
  const along = (from: number, length: number): readonly [number, number] => {
    const first = Math.max(0, from - margin * length);
    return [first, Math.min(1, from + length + margin * length) - first];
  };
  const [[left, across], [top, down]] = [along(x, width), along(y, height)];
  return margin === 0 ? [x, y, width, height] : [left, top, across, down];
}
