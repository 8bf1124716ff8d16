import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { FolderBlobStore } from '../../../blob/folder.js';
import { encodeManifest, makeManifest } from '../../../proto/manifest.js';
import type { BlobId, DataFile, DataManifest, Part } from '../../../proto/work.js';
import { decodeImage, type PixelShape } from '../../../worker/data/decode.js';
import { decoderVersion } from '../../../worker/data/decoder-version.js';
import { BoxCache } from '../../../worker/data/box-cache.js';
import { openImageSource } from '../../../worker/data/image-source.js';
import { PackFolder } from '../../../worker/data/packs.js';
import { PixelCache, type PixelTable } from '../../../worker/data/pixel-cache.js';
import { partIndices } from '../../../worker/data/pixel-table.js';
import { jpeg, png, temporaryFolder } from '../../support/images.js';

interface Image {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly label: number;
  readonly part: Part;
}

interface Box {
  readonly home: string;
  readonly blobs: FolderBlobStore;
  readonly packs: PackFolder;
  readonly cache: PixelCache;
}

const SHAPE: PixelShape = { height: 8, width: 6, channels: 1, resize: 'stretch' };
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

function box(t: TestContext): Box {
  const home = temporaryFolder(t);
  const blobs = new FolderBlobStore(join(home, 'blobs'));
  const cache = new PixelCache(join(home, 'pixels'));
  t.after(() => cache.close());
  return { home, blobs, packs: new PackFolder(join(home, 'packs'), blobs), cache };
}

/** One pack per `perPack` images, in the order given. */
async function store(blobs: FolderBlobStore, images: readonly Image[], perPack = 3): Promise<DataManifest> {
  const packs: BlobId[] = [];
  const files: DataFile[] = [];
  for (let from = 0; from < images.length; from += perPack) {
    let offset = 0;
    const group = images.slice(from, from + perPack);
    for (const { name, bytes, label, part } of group) {
      files.push({ name, digest: sha256(bytes), label, part, pack: packs.length, offset, bytes: bytes.length });
      offset += bytes.length;
    }
    packs.push((await blobs.put(Buffer.concat(group.map((image) => image.bytes)))).id);
  }
  return makeManifest(['a', 'b'], packs, files);
}

async function eight(): Promise<Image[]> {
  const parts: readonly Part[] = ['train', 'val', 'test', 'train'];
  return Promise.all(
    Array.from({ length: 8 }, async (_, index) => ({
      name: `${index % 2 === 0 ? 'a' : 'b'}/${index}`,
      bytes: index % 3 === 0 ? await jpeg(index, 20, 16) : await png(index, 14 + index, 11),
      label: index % 2,
      part: parts[index % 4] ?? 'train',
    })),
  );
}

async function assertPixels(table: PixelTable, manifest: DataManifest, images: readonly Image[], shape: PixelShape): Promise<void> {
  for (const residentBytes of [0, undefined]) {
    const source = openImageSource(table, residentBytes === undefined ? {} : { residentBytes });
    const size = shape.height * shape.width * shape.channels;
    const into = new Uint8Array(2 * size);
    for (const [index, file] of manifest.files.entries()) {
      const bytes = images.find((image) => sha256(image.bytes) === file.digest)?.bytes ?? new Uint8Array();
      const other = (index + 3) % source.count;
      source.read(Int32Array.of(other, index), into);
      assert.deepEqual([...into.subarray(size)], [...(await decodeImage(bytes, shape))], `${file.name}, resident ${residentBytes}`);
      assert.equal(source.labels[index], file.label);
    }
    source.close();
  }
}

test('every image of a data set is found at its place, in manifest order', async (t) => {
  const { blobs, packs, cache } = box(t);
  const images = await eight();
  const manifest = await store(blobs, images);
  const seen: string[] = [];
  const table = await cache.ensure(manifest, SHAPE, packs, { onProgress: (done, total) => seen.push(`${done}/${total}`) });
  assert.deepEqual(JSON.parse(JSON.stringify(table)), table);
  assert.deepEqual([seen[0], seen.at(-1)], ['0/8', '8/8']);
  await assertPixels(table, manifest, images, SHAPE);
  for (const part of ['train', 'val', 'test'] as const) {
    const expected = manifest.files.flatMap((file, index) => (file.part === part ? [index] : []));
    assert.deepEqual([...partIndices(table, part)], expected);
  }
});

test('an image is decoded once for all data sets, and once per shape', async (t) => {
  const { home, blobs, packs, cache } = box(t);
  const images = await eight();
  const first = await store(blobs, images.slice(0, 5));
  const both = await store(blobs, images);
  await cache.ensure(first, SHAPE, packs);
  const decoded: number[] = [];
  const table = await cache.ensure(both, SHAPE, packs, { onProgress: (done) => decoded.push(done) });
  assert.deepEqual(decoded, [5, 6, 7, 8]);
  await assertPixels(table, both, images, SHAPE);
  const again: number[] = [];
  await cache.ensure(both, SHAPE, packs, { onProgress: (done) => again.push(done) });
  assert.deepEqual(again, []);
  const rgb: PixelShape = { height: 5, width: 5, channels: 3, resize: 'crop' };
  await assertPixels(await cache.ensure(both, rgb, packs), both, images, rgb);
  assert.deepEqual(
    readdirSync(join(home, 'pixels', decoderVersion())).filter((name) => name.endsWith('.pixels')),
    ['5x5x3-crop.pixels', '8x6x1-stretch.pixels'],
  );
});

test('calls at the same time share the work, and a later process takes it over', async (t) => {
  const { home, blobs, packs, cache } = box(t);
  const images = await eight();
  const manifest = await store(blobs, images);
  const tables = await Promise.all([1, 2, 3].map(() => cache.ensure(manifest, SHAPE, packs)));
  assert.deepEqual(tables[1], tables[0]);
  assert.equal(statSync(tables[0]?.path ?? '').size, 8 * 8 * 6);
  await cache.close();
  const later = new PixelCache(join(home, 'pixels'));
  t.after(() => later.close());
  const progress: number[] = [];
  assert.deepEqual(await later.ensure(manifest, SHAPE, packs, { onProgress: (done) => progress.push(done) }), tables[0]);
  assert.deepEqual(progress, []);
});

test('copies of an image share a slot', async (t) => {
  const { blobs, packs, cache } = box(t);
  const bytes = await png(4);
  const manifest = await store(blobs, [
    { name: 'a/x', bytes, label: 0, part: 'train' },
    { name: 'b/y', bytes, label: 1, part: 'val' },
  ]);
  assert.deepEqual((await cache.ensure(manifest, SHAPE, packs)).slots, [0, 0]);
});

test('a file that cannot be decoded is a DataError that names it, and the others can still be had', async (t) => {
  const { blobs, packs, cache } = box(t);
  const images = await eight();
  const bad: Image = { name: 'a/broken.png', bytes: (await png(50, 40, 40)).subarray(0, 80), label: 0, part: 'train' };
  const manifest = await store(blobs, [...images, bad]);
  await assert.rejects(cache.ensure(manifest, SHAPE, packs), { code: 'DataError', message: /^a\/broken\.png cannot be decoded: damaged or cut short/ });
  const whole = await store(blobs, images);
  await assertPixels(await cache.ensure(whole, SHAPE, packs), whole, images, SHAPE);
});

test('a pack that went bad on this disk is fetched once more', async (t) => {
  const { home, blobs, packs, cache } = box(t);
  const images = await eight();
  const manifest = await store(blobs, images, 8);
  await (await packs.open(manifest.packs[0] ?? '')).close();
  const path = join(home, 'packs', manifest.packs[0] ?? '');
  writeFileSync(path, Buffer.alloc(statSync(path).size, 7));
  await assertPixels(await cache.ensure(manifest, SHAPE, packs), manifest, images, SHAPE);
  assert.deepEqual(readdirSync(join(home, 'packs')), manifest.packs);
});

test('a manifest that promises other bytes than its pack holds is a DataError', async (t) => {
  const { blobs, packs, cache } = box(t);
  const manifest = await store(blobs, await eight());
  const files = manifest.files.map((file, index) => (index === 2 ? { ...file, offset: file.offset + 1 } : file));
  await assert.rejects(cache.ensure({ ...manifest, files }, SHAPE, packs), { code: 'DataError', message: /is not what the manifest says/ });
});

test('an abort ends the decoding, and what was decoded counts next time', async (t) => {
  const { blobs, packs, cache } = box(t);
  const manifest = await store(blobs, await eight(), 2);
  const stop = new AbortController();
  const aborted = cache.ensure(manifest, SHAPE, packs, { signal: stop.signal, onProgress: (done) => done === 5 && stop.abort(new Error('paused')) });
  await assert.rejects(aborted, /paused/);
  const progress: number[] = [];
  await cache.ensure(manifest, SHAPE, packs, { onProgress: (done) => progress.push(done) });
  assert.ok((progress[0] ?? 0) >= 4, `began at ${progress[0]}`);
});

test('a manifest is fetched, checked and read', async (t) => {
  const { blobs, packs } = box(t);
  const manifest = await store(blobs, await eight());
  const { id } = await blobs.put(encodeManifest(manifest));
  assert.deepEqual(await packs.manifest(id), manifest);
  const wrong = await blobs.put(encodeManifest({ ...manifest, digest: '0'.repeat(64) }));
  await assert.rejects(packs.manifest(wrong.id), { code: 'DataError', message: /its digest is/ });
});

test('a pixel file that is gone or too short is the fault of its box', async (t) => {
  const { blobs, packs, cache } = box(t);
  const manifest = await store(blobs, await eight());
  const table = await cache.ensure(manifest, SHAPE, packs);
  assert.throws(() => openImageSource({ ...table, path: `${table.path}.gone` }), { code: 'PixelsUnreadable', message: /cannot be opened/ });
  assert.throws(() => openImageSource({ ...table, slots: table.slots.map((slot) => slot + 5) }), { code: 'PixelsUnreadable', message: /end before slot/ });
  const source = openImageSource(table);
  assert.throws(() => source.read(Int32Array.of(8), new Uint8Array(48)), /image 8 of 8/);
});

test('a data set that is larger than the limit is decoded all the same: packs come and go', async (t) => {
  const { home, blobs } = box(t);
  const images = await eight();
  const manifest = await store(blobs, images, 2);
  const packBytes = images.reduce((sum, { bytes }) => sum + bytes.length, 0);
  const pixelBytes = 8 * (8 * 6 + 65);
  const over: number[] = [];
  // Room for the pixels and the largest pack: not for all packs.
  const limitBytes = pixelBytes + Math.max(...[0, 2, 4, 6].map((from) => images[from]!.bytes.length + images[from + 1]!.bytes.length));
  assert.ok(limitBytes < pixelBytes + packBytes);
  const cache = new BoxCache({ limitBytes, onOver: (bytes) => over.push(bytes) });
  const packs = new PackFolder(join(home, 'packs'), blobs, cache);
  const pixels = new PixelCache(join(home, 'pixels'), cache);
  t.after(() => pixels.close());
  for (const shelf of [packs, pixels]) cache.add(shelf);

  const table = await pixels.ensure(manifest, SHAPE, packs);
  assert.deepEqual(over, []);
  assert.equal(table.slots.length, 8);
  assert.ok(readdirSync(join(home, 'packs')).length < 4);
  await cache.makeRoom();
  assert.ok(cache.bytes <= limitBytes, `${cache.bytes} of ${limitBytes}`);

  // Another size takes the room of the first, which is decoded again when it is asked for.
  await pixels.ensure(manifest, { ...SHAPE, width: 5 }, packs);
  assert.deepEqual((await pixels.list()).map(({ path }) => basename(path)), ['8x5x1-stretch.pixels']);
  const again = await pixels.ensure(manifest, SHAPE, packs);
  assert.deepEqual([...again.slots].sort(), [0, 1, 2, 3, 4, 5, 6, 7]);
});
