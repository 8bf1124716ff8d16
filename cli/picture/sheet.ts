/** A contact sheet: pictures in rows with captions, under headings, as one PNG. */
import { ADVANCE, Canvas, FAINT, INK, type Picture, TILE } from './canvas.js';
import { GLYPH_HEIGHT } from './font.js';

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
const GAP = 8;
const LINE = GLYPH_HEIGHT + 3;
const HEADING_SCALE = 2;
/** Room for a title. */
const NARROWEST = 960;

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
  return canvas.png();
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
