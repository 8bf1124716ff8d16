import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import sharp, { type PngOptions } from 'sharp';
import { MAX_IMAGE_PIXELS, UnreadableImageError, checkImage } from '../../../worker/data/decode.js';
import { readByLibvips } from '../../../worker/data/libvips.js';
import { readPng, readPngHeader } from '../../../worker/data/png.js';
import { crc32 } from './png-parts.js';

function noise(width: number, height: number, channels: 1 | 2 | 3 | 4, seed = 1): Buffer {
  return Buffer.from(Array.from({ length: width * height * channels }, (_, at) => (Math.imul(at + seed * 977, 2654435761) >>> 24) & 255));
}

function pngOf(width: number, height: number, channels: 1 | 2 | 3 | 4, options: PngOptions = {}): Promise<Buffer> {
  const image = sharp(noise(width, height, channels), { raw: { width, height, channels } });
  return (channels < 3 ? image.toColourspace('b-w') : image).png(options).toBuffer();
}

/** The file with a chunk after its header. */
function withChunk(file: Buffer, kind: string, body: readonly number[]): Buffer {
  const named = Buffer.concat([Buffer.from(kind, 'latin1'), Buffer.from(body)]);
  const ends = Buffer.alloc(8);
  ends.writeUInt32BE(body.length, 0);
  ends.writeUInt32BE(crc32(named), 4);
  return Buffer.concat([file.subarray(0, 33), ends.subarray(0, 4), named, ends.subarray(4), file.subarray(33)]);
}

test('fast-png and libvips give the same pixels', async () => {
  for (const channels of [1, 3] as const) {
    for (const [width, height] of [[1, 1], [28, 28], [31, 17], [64, 50]] as const) {
      for (const options of [{}, { adaptiveFiltering: true }, { compressionLevel: 0 }] satisfies PngOptions[]) {
        const plain = await pngOf(width, height, channels, options);
        // A gamma of 1 / 1.0, which libvips does not apply either.
        for (const file of [plain, withChunk(plain, 'gAMA', [0, 1, 0x86, 0xa0])]) {
          const ours = readPng(file, MAX_IMAGE_PIXELS);
          assert.ok(ours !== null, `${width} x ${height} x ${channels} is not read`);
          assert.equal(ours.channels, channels);
          const theirs = await readByLibvips(file, MAX_IMAGE_PIXELS);
          const tripled = channels === 3 ? Buffer.from(ours.pixels) : Buffer.from(Array.from(ours.pixels).flatMap((value) => [value, value, value]));
          assert.deepEqual([ours.width, ours.height, tripled], [theirs.width, theirs.height, theirs.pixels]);
        }
      }
    }
  }
});

test('what is not plain or not small is left to libvips: alpha, palettes, 16 bits, interlacing, profiles, EXIF', async () => {
  const wide = sharp(Uint16Array.from(noise(9, 8, 1), (value) => value * 257), { raw: { width: 9, height: 8, channels: 1 } });
  const files = {
    'gray with alpha': await pngOf(9, 8, 2),
    'RGB with alpha': await pngOf(9, 8, 4),
    palette: await pngOf(9, 8, 3, { palette: true }),
    '16 bits': await wide.toColourspace('grey16').png().toBuffer(),
    interlaced: await pngOf(9, 8, 3, { progressive: true }),
    'a transparent colour': withChunk(await pngOf(9, 8, 1), 'tRNS', [0, 7]),
    profile: await sharp(noise(9, 8, 3), { raw: { width: 9, height: 8, channels: 3 } }).withIccProfile('p3').png().toBuffer(),
    EXIF: await sharp(noise(9, 8, 3), { raw: { width: 9, height: 8, channels: 3 } }).withMetadata({ orientation: 6 }).png().toBuffer(),
    'a large file': await pngOf(200, 200, 1, { compressionLevel: 0 }),
    'a large picture in a small file': await sharp({ create: { width: 600, height: 500, channels: 3, background: '#000000' } }).png().toBuffer(),
    JPEG: await sharp(noise(9, 8, 3), { raw: { width: 9, height: 8, channels: 3 } }).jpeg().toBuffer(),
  };
  for (const [name, file] of Object.entries(files)) {
    assert.equal(readPngHeader(file), null, name);
    assert.equal(readPng(file, MAX_IMAGE_PIXELS), null, name);
    await checkImage(file);
  }
});

test('a file cut short anywhere is refused', async () => {
  const file = await pngOf(28, 28, 1);
  // libvips needs no end chunk: 12 bytes.
  for (let end = 0; end < file.length - 12; end += 29) {
    assert.equal(readPng(file.subarray(0, end), MAX_IMAGE_PIXELS), null, `cut at ${end} of ${file.length}`);
    await assert.rejects(checkImage(file.subarray(0, end)), UnreadableImageError);
  }
});

test('no bytes make it fail', async () => {
  const plain = await pngOf(12, 9, 3);
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(plain.length - 1), fc.integer({ min: 0, max: 255 })), { maxLength: 6 }), fc.nat(plain.length), (changes, end) => {
      const file = Buffer.from(plain.subarray(0, end));
      for (const [at, value] of changes) if (at < file.length) file[at] = value;
      readPng(file, 10_000);
    }),
    { numRuns: 1000 },
  );
});
