/** A contact sheet: pictures in rows with captions, under headings, as one PNG. */
import sharp from 'sharp';
import { GLYPH_HEIGHT, GLYPH_WIDTH, glyphsOf } from './font.js';

export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  /** Uint8 [height, width, channels]. */
  readonly pixels: Uint8Array;
}

export interface Tile {
  readonly picture: Picture;
  /** Lines below it; what is too long loses its middle. */
  readonly caption: readonly string[];
}

export interface Section {
  readonly heading: string;
  readonly tiles: readonly Tile[];
}

const COLUMNS = 8;
export const TILE = 160;
const GAP = 8;
const ADVANCE = GLYPH_WIDTH + 1;
const LINE = GLYPH_HEIGHT + 3;
const HEADING_SCALE = 2;
/** Room for a title. */
const NARROWEST = 960;
const PAPER = 24;
const INK = 230;
const FAINT = 160;

/** PNG bytes. Pictures are enlarged by whole pixels, so that what is seen is what there is. */
export async function renderSheet(title: string, sections: readonly Section[]): Promise<Buffer> {
  const columns = Math.max(1, Math.min(COLUMNS, Math.max(...sections.map((section) => section.tiles.length))));
  const width = Math.max(columns * (TILE + GAP) + GAP, NARROWEST);
  const heights = sections.map((section) => headingHeight() + Math.ceil(section.tiles.length / columns) * rowHeight(section));
  const canvas = new Canvas(width, GAP + headingHeight() + heights.reduce((sum, height) => sum + height, 0) + GAP);
  canvas.text(fit(title, width - 2 * GAP, HEADING_SCALE), GAP, GAP, HEADING_SCALE, INK);
  let top = GAP + headingHeight();
  for (const [index, section] of sections.entries()) {
    drawSection(canvas, section, top, columns);
    top += heights[index] ?? 0;
  }
  return sharp(canvas.pixels, { raw: { width: canvas.width, height: canvas.height, channels: 3 } }).png().toBuffer();
}

function drawSection(canvas: Canvas, section: Section, top: number, columns: number): void {
  canvas.text(fit(section.heading, canvas.width - 2 * GAP, HEADING_SCALE), GAP, top, HEADING_SCALE, FAINT);
  for (const [index, tile] of section.tiles.entries()) {
    const left = GAP + (index % columns) * (TILE + GAP);
    const y = top + headingHeight() + Math.floor(index / columns) * rowHeight(section);
    canvas.picture(tile.picture, left, y);
    for (const [line, text] of tile.caption.entries()) canvas.text(fit(text, TILE, 1), left, y + TILE + 3 + line * LINE, 1, line === 0 ? INK : FAINT);
  }
}

function headingHeight(): number {
  return HEADING_SCALE * GLYPH_HEIGHT + GAP;
}

function rowHeight(section: Section): number {
  const lines = Math.max(0, ...section.tiles.map((tile) => tile.caption.length));
  return TILE + lines * LINE + 3 + GAP;
}

/** Without its middle where it is too wide: the ends of file names tell them apart. */
export function fit(text: string, width: number, scale: number): string {
  const most = Math.floor(width / (ADVANCE * scale));
  const characters = Array.from(text);
  if (characters.length <= most) return text;
  const head = Math.floor((most - 2) / 2);
  return `${characters.slice(0, head).join('')}..${characters.slice(characters.length - (most - 2 - head)).join('')}`;
}

class Canvas {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;

  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    this.pixels = new Uint8Array(width * height * 3).fill(PAPER);
  }

  text(text: string, left: number, top: number, scale: number, grey: number): void {
    for (const [index, glyph] of glyphsOf(text).entries()) {
      for (let column = 0; column < GLYPH_WIDTH; column += 1) {
        for (let row = 0; row < GLYPH_HEIGHT; row += 1) {
          if ((((glyph[column] ?? 0) >> row) & 1) === 1) this.#square(left + (index * ADVANCE + column) * scale, top + row * scale, scale, grey);
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

  #square(left: number, top: number, side: number, grey: number): void {
    for (let y = top; y < Math.min(top + side, this.height); y += 1) {
      for (let x = left; x < Math.min(left + side, this.width); x += 1) this.pixels.fill(grey, (y * this.width + x) * 3, (y * this.width + x) * 3 + 3);
    }
  }
}
