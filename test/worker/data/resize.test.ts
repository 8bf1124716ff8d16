import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { packageRoot } from '../../../proto/package-root.js';
import type { PixelShape } from '../../../worker/data/decode.js';
import type { Raster } from '../../../worker/data/raster.js';
import { resize, resizeKernels } from '../../../worker/data/resize.js';

const size = fc.integer({ min: 1, max: 90 });
const shapes = fc.record({ height: size, width: size, channels: fc.constantFrom(1, 3), resize: fc.constantFrom('stretch', 'pad', 'crop') }) as fc.Arbitrary<PixelShape>;

function flat(width: number, height: number, colour: readonly number[]): Raster {
  const pixels = Uint8Array.from({ length: width * height * colour.length }, (_, at) => colour[at % colour.length] ?? 0);
  return { width, height, channels: colour.length === 1 ? 1 : 3, pixels };
}

test('one colour stays one colour at every size, and what is padded is black', () => {
  fc.assert(
    fc.property(size, size, shapes, fc.array(fc.integer({ min: 1, max: 255 }), { minLength: 3, maxLength: 3 }), (width, height, shape, colour) => {
      const pixels = resize(flat(width, height, colour), shape);
      // By Pillow's documentation of convert('L'): L = R * 299/1000 + G * 587/1000 + B * 114/1000.
      const luma = Math.round((colour[0]! * 299 + colour[1]! * 587 + colour[2]! * 114) / 1000);
      const expected = shape.channels === 3 ? colour : [luma];
      assert.equal(pixels.length, shape.height * shape.width * shape.channels);
      let shown = 0;
      for (let at = 0; at < pixels.length; at += shape.channels) {
        const pixel = [...pixels.subarray(at, at + shape.channels)];
        if (pixel.every((value) => value === 0)) continue;
        shown += 1;
        // The thousandths are rounded to 16 bits: one step where they meet a half.
        pixel.forEach((value, channel) => assert.ok(Math.abs(value - expected[channel]!) <= (shape.channels === 1 ? 1 : 0), `${String(pixel)} for ${String(expected)}`));
      }
      if (shape.resize !== 'pad') assert.equal(shown, shape.height * shape.width);
      assert.ok(shown > 0);
    }),
  );
});

test('gray in one channel and gray in three give the same pixels', () => {
  fc.assert(
    fc.property(size, size, shapes, fc.integer(), (width, height, shape, seed) => {
      const gray = Uint8Array.from({ length: width * height }, (_, at) => (Math.imul(at + seed, 2654435761) >>> 24) & 255);
      const tripled = Uint8Array.from({ length: width * height * 3 }, (_, at) => gray[Math.floor(at / 3)]!);
      assert.deepEqual(resize({ width, height, channels: 3, pixels: tripled }, shape), resize({ width, height, channels: 1, pixels: gray }, shape));
    }),
  );
});

test('an image of the wanted size comes out as it is, also one taken in many strips', () => {
  for (const [width, height] of [[1, 1], [100, 100], [2000, 301], [3, 70_001]] as const) {
    const pixels = Uint8Array.from({ length: width * height }, (_, at) => (Math.imul(at, 2654435761) >>> 24) & 255);
    const out = resize({ width, height, channels: 1, pixels }, { width, height, channels: 1, resize: 'stretch' });
    assert.ok(Buffer.compare(out, pixels) === 0, `${width} x ${height}`);
  }
});

test('kernels.wasm was built from the C sources beside it', () => {
  const folder = join(packageRoot(), 'worker/data/wasm/kernels');
  const hash = createHash('sha256');
  for (const name of readdirSync(folder).sort()) hash.update(`${name}\n`).update(readFileSync(join(folder, name)));
  const [section] = WebAssembly.Module.customSections(new WebAssembly.Module(new Uint8Array(resizeKernels())), 'sources');
  assert.equal(Buffer.from(section ?? new ArrayBuffer(0)).toString('hex'), hash.digest('hex'), 'run tools/build-kernels.sh worker/data/wasm and commit kernels.wasm');
});
