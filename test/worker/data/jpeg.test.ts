import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import sharp, { type Sharp } from 'sharp';
import { MAX_IMAGE_PIXELS } from '../../../worker/data/decode.js';
import { jpegReader } from '../../../worker/data/jpeg.js';
import { readJpegHeader } from '../../../worker/data/jpeg-header.js';
import { readByLibvips } from '../../../worker/data/libvips.js';
import type { Raster } from '../../../worker/data/raster.js';
import { picture } from '../../support/images.js';

async function readJpeg(bytes: Uint8Array): Promise<Raster | null> {
  const raster = (await jpegReader())(bytes, MAX_IMAGE_PIXELS);
  return raster === null ? null : { ...raster, pixels: raster.pixels.slice() };
}

/** With its gray pixels written three times, as libvips gives them. */
function coloured({ width, height, channels, pixels }: Raster): { width: number; height: number; pixels: Buffer } {
  const rgb = channels === 3 ? Buffer.from(pixels) : Buffer.from(Array.from(pixels).flatMap((value) => [value, value, value]));
  return { width, height, pixels: rgb };
}

function rainbow(width: number, height: number): Sharp {
  const pixels = Buffer.from(Array.from({ length: width * height * 3 }, (_, at) => (at * 7 + Math.floor(at / 50) * 11) & 255));
  return sharp(pixels, { raw: { width, height, channels: 3 } });
}

/** With an EXIF segment of one entry: tag 0x0112, type SHORT, one value. */
function turnedBy(file: Buffer, orientation: number, order: 'little' | 'big' = 'little'): Buffer {
  const tiff =
    order === 'little'
      ? [0x49, 0x49, 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0]
      : [0x4d, 0x4d, 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0];
  const body = Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), Buffer.from(tiff)]);
  return Buffer.concat([file.subarray(0, 2), Buffer.from([0xff, 0xe1, 0, body.length + 2]), body, file.subarray(2)]);
}

test('libjpeg-turbo and libvips give the same pixels for every kind of file that both read', async () => {
  const files = await Promise.all([
    picture(33, 21, 1).toColourspace('b-w').jpeg({ quality: 92 }).toBuffer(),
    rainbow(33, 21).jpeg({ chromaSubsampling: '4:4:4' }).toBuffer(),
    rainbow(33, 21).jpeg({ chromaSubsampling: '4:2:0', quality: 60 }).toBuffer(),
    rainbow(64, 48).jpeg({ progressive: true }).toBuffer(),
    rainbow(64, 48).jpeg({ mozjpeg: true }).toBuffer(),
    ...[1, 2, 3, 4, 5, 6, 7, 8].map(async (orientation) => turnedBy(await rainbow(20, 12).jpeg().toBuffer(), orientation)),
  ]);
  for (const [index, file] of files.entries()) {
    const ours = await readJpeg(file);
    assert.ok(ours !== null, `file ${index} is not read`);
    assert.deepEqual(coloured(ours), coloured(await readByLibvips(file, MAX_IMAGE_PIXELS)), `file ${index}`);
  }
});

test('gray files have one channel, colour files three', async () => {
  assert.equal((await readJpeg(await picture(9, 8, 1).toColourspace('b-w').jpeg().toBuffer()))?.channels, 1);
  assert.equal((await readJpeg(await rainbow(9, 8).jpeg().toBuffer()))?.channels, 3);
});

test('what needs more than the library gives is left to libvips: four inks, profiles, other formats', async () => {
  assert.equal(await readJpeg(await rainbow(9, 8).toColourspace('cmyk').jpeg().toBuffer()), null);
  assert.equal(await readJpeg(await rainbow(9, 8).withIccProfile('p3').jpeg().toBuffer()), null);
  assert.equal(await readJpeg(await rainbow(9, 8).png().toBuffer()), null);
});

test('a file cut short anywhere is not read, and the next one is', async () => {
  const file = await rainbow(40, 30).jpeg().toBuffer();
  const whole = await readJpeg(file);
  for (let end = 0; end < file.length - 2; end += 37) {
    assert.equal(await readJpeg(file.subarray(0, end)), null, `cut at ${end} of ${file.length}`);
    assert.deepEqual(await readJpeg(file), whole);
  }
});

test('a header that promises too many pixels is left alone', async () => {
  const file = await rainbow(40, 30).jpeg().toBuffer();
  assert.equal((await jpegReader())(file, 40 * 30 - 1), null);
  assert.notEqual((await jpegReader())(file, 40 * 30), null);
});

test('headers tell size, components, orientation and profile; EXIF of either byte order', async () => {
  const plain = await rainbow(40, 30).jpeg().toBuffer();
  assert.deepEqual(readJpegHeader(plain), { width: 40, height: 30, components: 3, precision: 8, orientation: 1, profile: false });
  assert.equal(readJpegHeader(await rainbow(40, 30).withIccProfile('srgb').jpeg().toBuffer())?.profile, true);
  for (const order of ['little', 'big'] as const) {
    const turned = turnedBy(plain, 6, order);
    assert.equal(readJpegHeader(turned)?.orientation, 6);
    assert.equal((await sharp(turned).metadata()).orientation, 6);
    const raster = await readJpeg(turned);
    assert.deepEqual([raster?.width, raster?.height], [30, 40]);
  }
});

test('no bytes make the header reader fail', async () => {
  const plain = turnedBy(await rainbow(16, 16).jpeg().toBuffer(), 3);
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(plain.length - 1), fc.integer({ min: 0, max: 255 })), { maxLength: 8 }), fc.nat(plain.length), (changes, end) => {
      const file = Buffer.from(plain.subarray(0, end));
      for (const [at, value] of changes) if (at > 2 && at < file.length) file[at] = value;
      readJpegHeader(file);
    }),
    { numRuns: 2000 },
  );
});
