import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import sharp from 'sharp';
import { packageRoot } from '../../../proto/package-root.js';
import { decodeGrayJpeg, grayJpegPlane, isGrayJpeg } from '../../../worker/data/gray-jpeg/gray-jpeg.js';
import { checkImage, decodeImage } from '../../../worker/data/decode.js';
import { picture } from '../../support/images.js';

const FITS = { stretch: 'fill', pad: 'contain', crop: 'cover' } as const;
const XRAYS = join(packageRoot(), '..', 'shared', 'data', 'chest-xray-pneumonia');

/** As libvips decodes it, which uses libjpeg-turbo: an implementation that owes ours nothing. */
async function reference(file: Uint8Array): Promise<Buffer> {
  return sharp(file).greyscale().raw().toBuffer();
}

function grayFile(width: number, height: number, quality: number): Promise<Buffer> {
  return picture(width, height, width + quality).toColourspace('b-w').jpeg({ quality }).toBuffer();
}

async function distance(file: Uint8Array, height: number, width: number, resize: keyof typeof FITS): Promise<number> {
  const ours = decodeGrayJpeg(file, { height, width, resize });
  assert.ok(ours !== null);
  const theirs = await sharp(file).greyscale().resize(width, height, { fit: FITS[resize], background: '#000000', fastShrinkOnLoad: false }).raw().toBuffer();
  assert.equal(ours.length, theirs.length);
  return ours.reduce((sum, value, at) => sum + Math.abs(value - (theirs[at] ?? 0)), 0) / ours.length;
}

test('gray JPEG files of any size and quality decode to the pixels of libjpeg, bit for bit', async () => {
  for (const [width, height] of [[8, 8], [1, 1], [17, 9], [200, 133], [64, 250]] as const) {
    for (const quality of [5, 50, 90, 100]) {
      const file = await grayFile(width, height, quality);
      const plane = grayJpegPlane(file);
      assert.ok(plane !== null, `${width} x ${height} at ${quality}`);
      assert.deepEqual([plane.width, plane.height], [width, height]);
      assert.ok((await reference(file)).equals(plane.pixels), `${width} x ${height} at ${quality}`);
    }
  }
});

test('a gray image saved in three channels gives the pixels of its gray', async () => {
  const gray = await picture(90, 70, 3).greyscale().raw().toBuffer();
  const tripled = Buffer.from([...gray].flatMap((value) => [value, value, value]));
  for (const chromaSubsampling of ['4:4:4', '4:2:0']) {
    const file = await sharp(tripled, { raw: { width: 90, height: 70, channels: 3 } }).jpeg({ quality: 92, chromaSubsampling }).toBuffer();
    assert.equal((await sharp(file).metadata()).channels, 3);
    const plane = grayJpegPlane(file);
    assert.ok(plane !== null && (await reference(file)).equals(plane.pixels), chromaSubsampling);
    const pixels = await decodeImage(file, { height: 20, width: 20, channels: 3, resize: 'crop' });
    assert.ok(pixels.every((value, at) => value === pixels[at - (at % 3)]));
  }
});

test('stretch, pad and crop are within one level of libvips on average, on an image of hard edges throughout', async () => {
  for (const [width, height] of [[300, 200], [133, 257], [256, 256]] as const) {
    const file = await grayFile(width, height, 90);
    for (const resize of ['stretch', 'pad', 'crop'] as const) {
      // Ratios below 4, from which on libvips first averages blocks of pixels and drops odd rows.
      for (const [rows, columns] of [[100, 100], [70, 80], [66, 91]] as const) {
        const mean = await distance(file, rows, columns, resize);
        assert.ok(mean < 1, `${width} x ${height} to ${columns} x ${rows}, ${resize}: off by ${mean} on average`);
      }
    }
  }
});

test('a constant image stays what it is', async () => {
  const file = await sharp({ create: { width: 211, height: 190, channels: 3, background: '#c8c8c8' } }).toColourspace('b-w').jpeg().toBuffer();
  const level = (await reference(file))[0];
  const pixels = decodeGrayJpeg(file, { height: 33, width: 47, resize: 'stretch' });
  assert.ok(pixels?.every((value) => value === level) === true);
});

test('what is coloured, progressive, tagged, too large or to be enlarged is left to libvips', async () => {
  const image = picture(64, 48, 5);
  const gray = image.clone().toColourspace('b-w');
  const files = {
    coloured: await sharp({ create: { width: 64, height: 48, channels: 3, background: '#c08040' } }).jpeg().toBuffer(),
    progressive: await gray.clone().jpeg({ progressive: true }).toBuffer(),
    turned: await gray.clone().withMetadata({ orientation: 6 }).jpeg().toBuffer(),
    large: await sharp({ create: { width: 1001, height: 1000, channels: 3, background: '#808080' } }).toColourspace('b-w').jpeg().toBuffer(),
    png: await gray.clone().png().toBuffer(),
  };
  for (const [name, file] of Object.entries(files)) {
    assert.equal(isGrayJpeg(file), false, name);
    await checkImage(file);
  }
  assert.equal(decodeGrayJpeg(await gray.clone().jpeg().toBuffer(), { height: 49, width: 20, resize: 'stretch' }), null);
});

test('no file that is cut short is taken, and damage neither crashes nor harms the next file', async () => {
  const file = await grayFile(120, 90, 80);
  for (let length = 0; length < file.length; length += 1) assert.equal(isGrayJpeg(file.subarray(0, length)), false, `${length} of ${file.length} bytes`);
  const whole = await reference(file);
  for (let at = 2; at < file.length; at += 3) {
    const damaged = Buffer.from(file);
    damaged[at] = (damaged[at] ?? 0) ^ (1 + (at % 255));
    isGrayJpeg(damaged);
  }
  assert.ok(whole.equals(grayJpegPlane(file)?.pixels ?? new Uint8Array()));
});

test('real X-rays decode bit for bit and resize within a quarter of a level', { skip: existsSync(XRAYS) ? false : `${XRAYS} is not there` }, async () => {
  const files = readdirSync(XRAYS, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.jpg') || name.endsWith('.jpeg')).toSorted();
  const some = files.filter((_, index) => index % 60 === 0);
  assert.ok(some.length > 10);
  let sum = 0;
  let resized = 0;
  for (const name of some) {
    const file = readFileSync(join(XRAYS, name));
    const plane = grayJpegPlane(file);
    assert.ok(plane !== null && (await reference(file)).equals(plane.pixels), name);
    if (Math.min(plane.height, plane.width) < 100) continue;
    sum += await distance(file, 100, 100, 'stretch');
    resized += 1;
  }
  assert.ok(sum / resized < 0.25, `off by ${sum / resized} on average`);
});

test('the decoder was built from the source beside it', () => {
  const folder = join(packageRoot(), 'worker', 'data', 'gray-jpeg');
  const [built] = WebAssembly.Module.customSections(new WebAssembly.Module(readFileSync(join(folder, 'gray-jpeg.wasm'))), 'sources');
  const digest = createHash('sha256').update(readFileSync(join(folder, 'gray-jpeg.c'))).digest();
  assert.ok(built !== undefined && digest.equals(Buffer.from(built)), 'gray-jpeg.c has changed: run tools/build-decoder.sh');
});
