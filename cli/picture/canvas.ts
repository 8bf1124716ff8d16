import sharp from 'sharp';
import { GLYPH_HEIGHT, GLYPH_WIDTH, glyphsOf } from './font.js';

export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  /** Uint8 [height, width, channels]. */
  readonly pixels: Uint8Array;
}

/** Red, green and blue, 0 to 255. */
export type Ink = readonly [number, number, number];

export const INK: Ink = [230, 230, 230];
export const FAINT: Ink = [160, 160, 160];
const PAPER = 24;

/** Width and height of what a picture is drawn into. */
export const TILE = 160;
/** From one character to the next, at scale 1. */
export const ADVANCE = GLYPH_WIDTH + 1;

/** RGB pixels to draw on. */
export class Canvas {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;

  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    this.pixels = new Uint8Array(width * height * 3).fill(PAPER);
  }

  text(text: string, left: number, top: number, scale: number, ink: Ink): void {
    for (const [index, glyph] of glyphsOf(text).entries()) {
      for (let column = 0; column < GLYPH_WIDTH; column += 1) {
        for (let row = 0; row < GLYPH_HEIGHT; row += 1) {
          if ((((glyph[column] ?? 0) >> row) & 1) === 1) this.rectangle(left + (index * ADVANCE + column) * scale, top + row * scale, scale, scale, ink);
        }
      }
    }
  }

  /** Into a tile, enlarged by the largest whole factor that fits, else made smaller. */
  picture(picture: Picture, left: number, top: number): void {
    const longest = Math.max(picture.width, picture.height);
    const scale = longest <= TILE ? Math.floor(TILE / longest) : TILE / longest;
    const [width, height] = [Math.floor(picture.width * scale), Math.floor(picture.height * scale)];
    for (let y = 0; y < height; y += 1) {
      for (let x = 0; x < width; x += 1) {
        const from = (Math.floor(y / scale) * picture.width + Math.floor(x / scale)) * picture.channels;
        const to = ((top + y) * this.width + left + x) * 3;
        for (let channel = 0; channel < 3; channel += 1) this.pixels[to + channel] = picture.pixels[from + (picture.channels === 1 ? 0 : channel)] ?? 0;
      }
    }
  }

  /** Filled; what lies beyond the edges is left out. */
  rectangle(left: number, top: number, width: number, height: number, ink: Ink): void {
    const [x, y] = [Math.max(0, Math.round(left)), Math.max(0, Math.round(top))];
    const [right, bottom] = [Math.min(this.width, Math.round(left) + width), Math.min(this.height, Math.round(top) + height)];
    for (let row = y; row < bottom; row += 1) {
      for (let column = x; column < right; column += 1) this.pixels.set(ink, (row * this.width + column) * 3);
    }
  }

  /** A straight line of `thickness` pixels, both ends included. */
  line(fromX: number, fromY: number, toX: number, toY: number, thickness: number, ink: Ink): void {
    const steps = Math.max(1, Math.ceil(Math.max(Math.abs(toX - fromX), Math.abs(toY - fromY))));
    for (let step = 0; step <= steps; step += 1) {
      const [x, y] = [fromX + ((toX - fromX) * step) / steps, fromY + ((toY - fromY) * step) / steps];
      this.rectangle(x - (thickness - 1) / 2, y - (thickness - 1) / 2, thickness, thickness, ink);
    }
  }

  png(): Promise<Buffer> {
    return sharp(this.pixels, { raw: { width: this.width, height: this.height, channels: 3 } }).png().toBuffer();
  }
}
