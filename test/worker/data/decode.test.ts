import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32, deflateSync } from './png-parts.js';
import sharp from 'sharp';
import { MAX_IMAGE_PIXELS, UnreadableImageError, checkImage, decodeImage, type PixelShape } from '../../../worker/data/decode.js';
import { jpeg, picture, png } from '../../support/images.js';

const GRAY: PixelShape = { height: 1, width: 256, channels: 1, resize: 'stretch' };
const RGB: PixelShape = { ...GRAY, channels: 3 };

/** Values 0..255, one pixel each. */
const ramp = Buffer.from(Array.from({ length: 256 }, (_, value) => value));
const tripled = Buffer.from([...ramp].flatMap((value) => [value, value, value]));

async function fails(bytes: Uint8Array, why: RegExp): Promise<void> {
  await assert.rejects(checkImage(bytes), (error: unknown) => error instanceof UnreadableImageError && why.test(error.message));
  await assert.rejects(decodeImage(bytes, GRAY), (error: unknown) => error instanceof UnreadableImageError && why.test(error.message));
}

test('gray and R = G = B files give the same pixels, in gray and in RGB', async () => {
  const gray = await sharp(ramp, { raw: { width: 256, height: 1, channels: 1 } }).png().toBuffer();
  const rgb = await sharp(tripled, { raw: { width: 256, height: 1, channels: 3 } }).png().toBuffer();
  for (const file of [gray, rgb]) {
    assert.deepEqual([...(await decodeImage(file, GRAY))], [...ramp]);
    assert.deepEqual([...(await decodeImage(file, RGB))], [...tripled]);
  }
});

test('16 bits become 8 by their upper half', async () => {
  const wide = Uint16Array.from(ramp, (value) => value * 257);
  const gray = await sharp(wide, { raw: { width: 256, height: 1, channels: 1 } }).toColourspace('grey16').png().toBuffer();
  assert.equal((await sharp(gray).metadata()).depth, 'ushort');
  assert.deepEqual([...(await decodeImage(gray, GRAY))], [...ramp]);
  assert.deepEqual([...(await decodeImage(gray, RGB))], [...tripled]);
});

test('alpha is flattened on black, also beside gray and 16 bits', async () => {
  const half = Buffer.from([...ramp].flatMap((value) => [value, 128]));
  const gray = await sharp(half, { raw: { width: 256, height: 1, channels: 2 } }).png().toBuffer();
  const pixels = await decodeImage(gray, GRAY);
  // By hand: 200 * 128 / 255 = 100.4.
  assert.equal(pixels[200], 100);
  assert.equal(pixels.length, 256);
  const clear = await sharp({ create: { width: 4, height: 4, channels: 4, background: { r: 255, g: 255, b: 255, alpha: 0 } } }).png().toBuffer();
  assert.deepEqual([...(await decodeImage(clear, { height: 1, width: 2, channels: 3, resize: 'stretch' }))], [0, 0, 0, 0, 0, 0]);
});

test('a region is cut out before the resize: what lies outside leaves no trace, and its bounds go to the nearest pixel', async () => {
  // 8 x 4, each pixel its own value; the right half of the lower three rows.
  const pixels = Buffer.from(Array.from({ length: 32 }, (_, at) => 8 * at));
  const file = await sharp(pixels, { raw: { width: 8, height: 4, channels: 1 } }).png().toBuffer();
  const region = { height: 3, width: 4, channels: 1, resize: 'stretch', crop: { box: [0.5, 0.25, 0.5, 0.75] } } as const;
  assert.deepEqual([...(await decodeImage(file, region))], [12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31].map((at) => 8 * at));
  // 0.55 * 8 = 4.4 and 0.95 * 8 = 7.6; 0.3 * 4 = 1.2 and 0.9 * 4 = 3.6.
  assert.deepEqual(await decodeImage(file, { ...region, crop: { box: [0.55, 0.3, 0.4, 0.6] } }), await decodeImage(file, region));
  const smallest = { ...region, height: 1, width: 1, crop: { box: [0.999, 0.999, 0.0001, 0.0001] } } as const;
  assert.deepEqual([...(await decodeImage(file, smallest))], [8 * 31]);
  // Resized as a file that holds the region alone.
  const alone = await sharp(pixels, { raw: { width: 8, height: 4, channels: 1 } }).extract({ left: 4, top: 1, width: 4, height: 3 }).png().toBuffer();
  for (const resize of ['stretch', 'pad', 'crop'] as const) {
    const shape: PixelShape = { height: 7, width: 5, channels: 3, resize };
    assert.deepEqual(await decodeImage(file, { ...shape, crop: region.crop }), await decodeImage(alone, shape), resize);
  }
});

test('the orientation that EXIF tells is applied before the resize', async () => {
  // Left half black, right half white; orientation 6 turns it clockwise, so black comes to lie above.
  const pixels = Buffer.from(Array.from({ length: 32 * 16 }, (_, at) => (at % 32 < 16 ? 0 : 255)));
  const turned = await sharp(pixels, { raw: { width: 32, height: 16, channels: 1 } }).withMetadata({ orientation: 6 }).png().toBuffer();
  const [top, bottom] = await decodeImage(turned, { height: 2, width: 1, channels: 1, resize: 'stretch' });
  assert.ok((top ?? 255) < 60 && (bottom ?? 0) > 195, `top ${top}, bottom ${bottom}`);
});

test('stretch distorts, pad adds black, crop cuts the centre', async () => {
  const wide = await sharp({ create: { width: 40, height: 20, channels: 3, background: '#ffffff' } })
    .composite([{ input: { create: { width: 4, height: 20, channels: 3, background: '#000000' } }, left: 0, top: 0 }])
    .png()
    .toBuffer();
  const at = async (resize: PixelShape['resize']): Promise<number[][]> => {
    const pixels = [...(await decodeImage(wide, { height: 8, width: 8, channels: 1, resize }))];
    return Array.from({ length: 8 }, (_, row) => pixels.slice(row * 8, row * 8 + 8));
  };
  const stretched = await at('stretch');
  assert.ok((stretched[0]?.[0] ?? 255) < 80 && stretched[0]?.[7] === 255 && stretched[7]?.[7] === 255, JSON.stringify(stretched));
  const padded = await at('pad');
  assert.deepEqual(padded[0], [0, 0, 0, 0, 0, 0, 0, 0]);
  assert.equal(padded[3]?.[6], 255);
  // The black tenth on the left ends six columns before the central square begins.
  const cropped = (await at('crop')).flat();
  assert.ok(Math.min(...cropped) > 240, JSON.stringify(cropped));
});

test('JPEG, PNG, WebP, TIFF, GIF, AVIF and CMYK files are read', async () => {
  const image = picture(32, 24, 3);
  const files = await Promise.all([
    image.clone().jpeg().toBuffer(),
    image.clone().png().toBuffer(),
    image.clone().webp().toBuffer(),
    image.clone().tiff().toBuffer(),
    image.clone().gif().toBuffer(),
    image.clone().avif().toBuffer(),
    image.clone().toColourspace('cmyk').jpeg().toBuffer(),
  ]);
  for (const file of files) {
    await checkImage(file);
    assert.equal((await decodeImage(file, { height: 9, width: 7, channels: 3, resize: 'pad' })).length, 9 * 7 * 3);
  }
});

test('equal bytes give equal pixels every time', async () => {
  const file = await jpeg(5, 200, 150);
  const shape: PixelShape = { height: 64, width: 64, channels: 1, resize: 'crop' };
  const [first, ...others] = await Promise.all(Array.from({ length: 6 }, () => decodeImage(file, shape)));
  for (const other of others) assert.deepEqual(other, first);
});

test('what is cut short, empty or no image is told apart', async () => {
  const whole = { jpeg: await jpeg(1, 64, 64), png: await png(1, 64, 64) };
  for (const file of Object.values(whole)) {
    await fails(file.subarray(0, Math.floor(file.length * 0.6)), /damaged or cut short/);
  }
  await fails(whole.jpeg.subarray(0, whole.jpeg.length - 20), /damaged or cut short/);
  await fails(Buffer.alloc(0), /empty file/);
  await fails(Buffer.from('label,file\n'), /not an image in a known format/);
  await fails(Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'), /not an image in a known format/);
});

test('a header that promises too many pixels is refused before memory is taken', async () => {
  const chunk = (kind: string, body: Buffer): Buffer => {
    const named = Buffer.concat([Buffer.from(kind, 'latin1'), body]);
    const ends = Buffer.alloc(8);
    ends.writeUInt32BE(body.length, 0);
    ends.writeUInt32BE(crc32(named), 4);
    return Buffer.concat([ends.subarray(0, 4), named, ends.subarray(4)]);
  };
  const header = Buffer.from([0, 1, 0x86, 0xa0, 0, 1, 0x86, 0xa0, 8, 0, 0, 0, 0]);
  assert.ok(header.readUInt32BE(0) * header.readUInt32BE(4) > MAX_IMAGE_PIXELS);
  const signature = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);
  const file = Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', deflateSync(Buffer.alloc(64))), chunk('IEND', Buffer.alloc(0))]);
  const before = process.memoryUsage().rss;
  await fails(file, /larger than 100 million pixels/);
  assert.ok(process.memoryUsage().rss - before < 64 * 2 ** 20);
});
