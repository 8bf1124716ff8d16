import assert from 'node:assert/strict';
import { test } from 'node:test';
import sharp from 'sharp';
import { glyphsOf } from '../../../cli/picture/font.js';
import { TILE } from '../../../cli/picture/canvas.js';
import { fit, renderSheet } from '../../../cli/picture/sheet.js';

test('a sheet shows each picture enlarged by whole pixels in a grid under its heading', async () => {
  const picture = { width: 2, height: 1, channels: 1, pixels: Uint8Array.of(0, 255) } as const;
  const png = await renderSheet('title', [{ heading: 'A', tiles: Array.from({ length: 9 }, () => ({ picture, caption: ['x'] })) }]);
  const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
  assert.equal(info.width, 8 * (TILE + 8) + 8, 'eight columns');
  const grey = (x: number, y: number): number => data[(y * info.width + x) * info.channels] ?? -1;
  const top = 8 + 24 + 24;
  assert.deepEqual([grey(8, top), grey(8 + TILE / 2 - 1, top), grey(8 + TILE / 2, top), grey(8 + TILE - 1, top + TILE / 2 - 1)], [0, 0, 255, 255]);
  const second = top + TILE + 11 + 3 + 8;
  assert.equal(grey(8 + TILE - 1, second), 255, 'the ninth begins the second row');
});

test('every printable ASCII character has a glyph of its own, and others are marked', () => {
  const all = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index)).join('');
  const glyphs = glyphsOf(all).map((glyph) => Buffer.from(glyph).toString('hex'));
  assert.equal(new Set(glyphs).size, 95);
  assert.deepEqual(glyphsOf('é'), glyphsOf('e'));
  assert.deepEqual(glyphsOf('漢'), glyphsOf('?'));
});

test('what is too long loses its middle, so that the ends still tell files apart', () => {
  assert.equal(fit('abc', 100, 1), 'abc');
  assert.equal(fit('person1003_virus_1685.jpeg', 60, 1), 'pers..jpeg');
});
