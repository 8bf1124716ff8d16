/** Decode, gray and resize against Pillow: every pixel the same. Digests and versions in resize.json, made by resize.py. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import sharp from 'sharp';
import { packageRoot } from '../../proto/package-root.js';
import { decodeImage, type PixelShape } from '../../worker/data/decode.js';

/** By channels, then by resize and size. */
type Digests = Readonly<Record<'1' | '3', { readonly [shape: string]: string }>>;

interface Expected {
  readonly files: { readonly [name: string]: Digests & { readonly file: string } };
  readonly pictures: { readonly [name: string]: Digests };
}

const expected = JSON.parse(readFileSync(join(packageRoot(), 'test/golden/resize.json'), 'utf8')) as Expected;

/** As `picture` of resize.py. */
function noise(width: number, height: number, channels: number): Buffer {
  let state = width * 10007 + height;
  const pixels = Buffer.alloc(width * height * channels);
  for (let at = 0; at < pixels.length; at += 1) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    pixels[at] = Math.floor((state / 2 ** 32) * 256);
  }
  return pixels;
}

async function assertAsPillow(bytes: Uint8Array, digests: Digests): Promise<void> {
  for (const channels of [1, 3] as const) {
    for (const [name, digest] of Object.entries(digests[channels])) {
      const [, resize, width, height] = /^(\w+) (\d+)x(\d+)$/.exec(name) ?? [];
      const shape: PixelShape = { width: Number(width), height: Number(height), channels, resize: resize as PixelShape['resize'] };
      const found = createHash('sha256').update(await decodeImage(bytes, shape)).digest('hex');
      assert.equal(found, digest, `${name} in ${channels} channels`);
    }
  }
}

for (const [name, { file, ...digests }] of Object.entries(expected.files)) {
  test(`JPEG, ${name}: the pixels are Pillow's`, () => assertAsPillow(Buffer.from(file, 'base64'), digests));
}

for (const [name, digests] of Object.entries(expected.pictures)) {
  test(`${name} as PNG: the pixels are Pillow's`, async () => {
    const [, mode, width, height] = /^(\w+) (\d+)x(\d+)$/.exec(name) ?? [];
    const channels = mode === 'L' ? 1 : 3;
    const raw = { width: Number(width), height: Number(height), channels } as const;
    await assertAsPillow(await sharp(noise(raw.width, raw.height, channels), { raw }).png().toBuffer(), digests);
  });
}
