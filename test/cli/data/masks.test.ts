import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { test, type TestContext } from 'node:test';
import fc from 'fast-check';
import sharp, { type Sharp } from 'sharp';
import { FolderBlobStore } from '../../../blob/folder.js';
import { prepareDataset } from '../../../cli/data/prepare.js';
import { DataProblem } from '../../../cli/data/problem.js';
import type { DataSpec, DataSummary } from '../../../coordinator/sweep/spec.js';
import { decodeManifest } from '../../../proto/manifest.js';
import type { Box, DataManifest } from '../../../proto/work.js';
import { decodeImage, readMask } from '../../../worker/data/decode.js';
import { openImageSource } from '../../../worker/data/image-source.js';
import { widened } from '../../../worker/data/mask.js';
import { PackFolder } from '../../../worker/data/packs.js';
import { PixelCache } from '../../../worker/data/pixel-cache.js';
import { png, temporaryFolder, writeTree } from '../../support/images.js';

const WHOLE: DataSpec = { path: 'images', split: { val: 0.5, test: null, merge: false, seed: 0 }, label: null, labels: null, classes: null, perClass: null, dedupe: false, groupBy: null, positive: null, channels: 'gray', resize: 'stretch', normalisation: null, maxRejected: 0 };
const SPEC: DataSpec = { ...WHOLE, crop: { masks: 'masks', margin: 0 } };
/** Of the images that are made here. */
const [WIDTH, HEIGHT] = [12, 10];

type Rectangle = readonly [left: number, top: number, width: number, height: number];

/** Gray, `value` within the rectangle and 0 elsewhere. */
function mask([left, top, width, height]: Rectangle, { value = 255, size = [WIDTH, HEIGHT] as readonly [number, number] } = {}): Sharp {
  const pixels = Buffer.alloc(size[0] * size[1]);
  for (let y = top; y < top + height; y += 1) pixels.fill(value, y * size[0] + left, y * size[0] + left + width);
  return sharp(pixels, { raw: { width: size[0], height: size[1], channels: 1 } });
}

const shares = ([left, top, width, height]: Rectangle): Box => [left / WIDTH, top / HEIGHT, width / WIDTH, height / HEIGHT];

interface Place {
  readonly root: string;
  readonly blobs: FolderBlobStore;
  readonly prepare: (change?: Partial<DataSpec>) => Promise<DataSummary>;
  readonly boxes: (summary: DataSummary) => Promise<{ readonly [name: string]: Box | undefined }>;
  readonly manifest: (summary: DataSummary) => Promise<DataManifest>;
}

/** Two classes of two images each, no masks. */
async function place(t: TestContext): Promise<Place> {
  const root = temporaryFolder(t);
  writeTree(root, { 'images/A/a0.png': await png(0), 'images/A/a1.png': await png(1), 'images/B/b0.png': await png(2), 'images/B/b1.png': await png(3) });
  const blobs = new FolderBlobStore(join(root, 'blobs'));
  const manifest = async (summary: DataSummary): Promise<DataManifest> => decodeManifest(await buffer(await blobs.open(summary.manifest)));
  return {
    ...{ root, blobs, manifest },
    prepare: (change = {}) => prepareDataset({ base: root, cacheDir: join(root, 'cache'), blobs, seed: 0, spec: { ...SPEC, ...change } }),
    boxes: async (summary) => Object.fromEntries((await manifest(summary)).files.map(({ name, box }) => [name, box])),
  };
}

const FOUR: readonly Rectangle[] = [[0, 0, 12, 10], [3, 2, 4, 5], [11, 9, 1, 1], [2, 0, 9, 10]];

async function fourMasks(root: string): Promise<void> {
  const [whole, middle, corner, wide] = await Promise.all(FOUR.map((rectangle, index) => mask(rectangle, { value: [255, 1, 128, 2][index]! }).png().toBuffer()));
  writeTree(root, { 'masks/a0.png': whole!, 'masks/deeper/a1_mask.png': middle!, 'masks/B/b0.png': corner!, 'masks/b1.png': wide! });
}

test('each image gets the bounding box of what is not 0 in its mask, found by its base name', async (t) => {
  const at = await place(t);
  await fourMasks(at.root);
  const found = await at.prepare();
  assert.deepEqual(await at.boxes(found), { 'A/a0.png': shares(FOUR[0]!), 'A/a1.png': shares(FOUR[1]!), 'B/b0.png': shares(FOUR[2]!), 'B/b1.png': shares(FOUR[3]!) });
  assert.deepEqual(found.rejected, []);
});

test('the data set is another one with masks, with other masks and with a margin, and the same one with the same', async (t) => {
  const at = await place(t);
  await fourMasks(at.root);
  const digestOf = async (change: Partial<DataSpec> = {}): Promise<string> => (await at.prepare(change)).digest;
  const first = await digestOf();
  const margin = await digestOf({ crop: { masks: 'masks', margin: 0.1 } });
  const none = (await prepareDataset({ base: at.root, cacheDir: join(at.root, 'cache'), blobs: at.blobs, seed: 0, spec: WHOLE })).digest;
  assert.equal(await digestOf(), first);
  writeTree(at.root, { 'masks/a0.png': await mask([0, 0, 11, 10]).png().toBuffer() });
  const changed = await digestOf();
  assert.equal(new Set([first, margin, none, changed]).size, 4);
});

test('masks of one image in several folders count together, and images of one name take those of their own folder', async (t) => {
  const at = await place(t);
  for (const [from, to] of [['A/a0', 'A/1'], ['B/b0', 'B/1']] as const) {
    copyFileSync(join(at.root, `images/${from}.png`), join(at.root, `images/${to}.png`));
    rmSync(join(at.root, `images/${from}.png`));
  }
  const [left, right] = await Promise.all([mask([1, 1, 3, 6]).png().toBuffer(), mask([7, 2, 4, 7]).png().toBuffer()]);
  const [one, other] = await Promise.all([mask([0, 0, 1, 1]).png().toBuffer(), mask([5, 5, 2, 2]).png().toBuffer()]);
  writeTree(at.root, { 'masks/left/a1.png': left, 'masks/right/a1.png': right, 'masks/b1.png': one, 'masks/A/1.png': one, 'masks/B/1.png': other });
  const boxes = await at.boxes(await at.prepare());
  assert.deepEqual(boxes['A/1.png'], shares([0, 0, 1, 1]));
  assert.deepEqual(boxes['B/1.png'], shares([5, 5, 2, 2]));
  assert.deepEqual(boxes['A/a1.png']?.map((share, axis) => Math.round(share * [WIDTH, HEIGHT][axis % 2]!)), [1, 1, 10, 8]);
  rmSync(join(at.root, 'masks/A'), { recursive: true });
  await assert.rejects(at.prepare(), /A\/1\.png \(no mask has its name in a folder of the same name, and 1 other image is called 1 too\)/);
});

test('masks of another scale are taken as shares and told of; one of another shape is refused by its sizes', async (t) => {
  const at = await place(t);
  await fourMasks(at.root);
  writeTree(at.root, { 'masks/b1.png': await mask([4, 0, 18, 20], { size: [24, 20] }).png().toBuffer() });
  const found = await at.prepare();
  assert.deepEqual((await at.boxes(found))['B/b1.png'], shares(FOUR[3]!));
  assert.match(found.warnings.join('\n'), /1 mask of another size than its image, of the same shape: taken as shares of the sides \(B\/b1\.png\)/);
  writeTree(at.root, { 'masks/b1.png': await mask([0, 0, 1, 1], { size: [10, 10] }).png().toBuffer() });
  await assert.rejects(at.prepare(), /B\/b1\.png \(its mask b1\.png is 10 x 10, and it 12 x 10\)/);
});

test('images whose mask is missing, empty or no image are left out by name as far as maxRejected allows, and refused past it', async (t) => {
  const at = await place(t);
  await fourMasks(at.root);
  for (const name of ['A/a2', 'B/b2', 'B/b3']) writeTree(at.root, { [`images/${name}.png`]: await png(name.charCodeAt(2) + name.charCodeAt(0)) });
  writeTree(at.root, { 'masks/b2.png': await mask([0, 0, 0, 0]).png().toBuffer(), 'masks/b3.png': 'x' });
  const found = await at.prepare({ maxRejected: 0.5 });
  assert.equal(found.images, 4);
  assert.deepEqual(found.rejected, [
    { file: 'A/a2.png', why: 'no mask has its name' },
    { file: 'B/b2.png', why: 'its mask b2.png is empty' },
    { file: 'B/b3.png', why: 'its mask b3.png is no readable image: not an image in a known format (JPEG, PNG, WebP, TIFF, GIF, AVIF)' },
  ]);
  await assert.rejects(at.prepare({ maxRejected: 0.4 }), (error) => {
    assert.ok(error instanceof DataProblem);
    assert.equal(error.code, 'BadMasks');
    assert.deepEqual(error.problem.path, ['data', 'crop', 'masks']);
    assert.match(error.message, /^data\.crop\.masks: found 3 images of 7 without a mask in .*masks that can be used: A\/a2\.png \(no mask has its name\), .*, expected at most 40 % of images without one; add or mend masks, or raise data\.maxRejected/);
    return true;
  });
});

test('a folder of masks that is not there, that is a file, or that lies among the classes, is refused in one line', async (t) => {
  const at = await place(t);
  const refused = (change: Partial<DataSpec>, message: RegExp): Promise<void> => assert.rejects(at.prepare(change), (error) => error instanceof DataProblem && error.code === 'BadMasks' && message.test(error.message));
  await refused({}, /found no such folder: .*masks, expected a folder of masks with the base names of the images/);
  await refused({ crop: { masks: 'images/A/a0.png', margin: 0 } }, /found a file, not a folder/);
  await fourMasks(join(at.root, 'images'));
  await refused({ crop: { masks: 'images/masks', margin: 0 } }, /found .*images\/masks, of which 2 files are taken for images too \(masks\/a0\.png, masks\/b1\.png\), expected a folder beside that of the images/);
});

test('where images and masks lie in one tree, as published sets have them, images are not their own masks', async (t) => {
  const at = await place(t);
  await fourMasks(at.root);
  for (const name of ['a0', 'a1', 'b0', 'b1']) {
    const folder = name.startsWith('a') ? 'A' : 'B';
    mkdirSync(join(at.root, `set/${folder}/images`), { recursive: true });
    copyFileSync(join(at.root, `images/${folder}/${name}.png`), join(at.root, `set/${folder}/images/${name}.png`));
    writeTree(at.root, { [`set/${folder}/masks/${name}.png`]: await mask(FOUR[1]!).png().toBuffer() });
  }
  const found = await at.prepare({ path: 'set', label: '^([^/]+)/images/', crop: { masks: 'set', margin: 0 } });
  assert.deepEqual(Object.values(await at.boxes(found)), [1, 2, 3, 4].map(() => shares(FOUR[1]!)));
});

test('copies of one image with different masks are cut out around them all, and told of', async (t) => {
  const at = await place(t);
  await fourMasks(at.root);
  copyFileSync(join(at.root, 'images/A/a1.png'), join(at.root, 'images/A/a2.png'));
  writeTree(at.root, { 'masks/a2.png': await mask([6, 6, 3, 3]).png().toBuffer() });
  const found = await at.prepare();
  const boxes = await at.boxes(found);
  assert.deepEqual(boxes['A/a1.png'], boxes['A/a2.png']);
  // By hand: columns 3 to 8, rows 2 to 8.
  assert.deepEqual(boxes['A/a1.png']?.map((share, axis) => Math.round(share * [WIDTH, HEIGHT][axis % 2]!)), [3, 2, 6, 7]);
  assert.match(found.warnings.join('\n'), /1 image that is there several times with different masks/);
});

test('copies of one image with the same mask have its box to the last bit, and nothing is told of them', async (t) => {
  const at = await place(t);
  await fourMasks(at.root);
  // 7 / 12 + 4 / 12 - 7 / 12 is not 4 / 12.
  const same = await mask([7, 2, 4, 5]).png().toBuffer();
  for (const copy of ['a1', 'a2', 'a3']) writeTree(at.root, { [`masks/${copy}.png`]: same });
  rmSync(join(at.root, 'masks/deeper'), { recursive: true });
  for (const copy of ['a2', 'a3']) copyFileSync(join(at.root, 'images/A/a1.png'), join(at.root, `images/A/${copy}.png`));
  const found = await at.prepare();
  assert.deepEqual((await at.boxes(found))['A/a3.png'], shares([7, 2, 4, 5]));
  assert.doesNotMatch(found.warnings.join('\n'), /different masks/);
});

test('a worker decodes what the mask leaves, and keeps it apart from the same file under another mask', async (t) => {
  const at = await place(t);
  await fourMasks(at.root);
  const packs = new PackFolder(join(at.root, 'packs'), at.blobs);
  const cache = new PixelCache(join(at.root, 'pixels'));
  t.after(() => cache.close());
  const input = { height: 5, width: 5, channels: 1, resize: 'stretch' } as const;
  const seen = async (summary: DataSummary, margin: number): Promise<void> => {
    const manifest = await at.manifest(summary);
    const table = await cache.ensure(manifest, { ...input, crop: { masks: { margin } } }, packs);
    const source = openImageSource(table);
    for (const [index, file] of manifest.files.entries()) {
      const pixels = new Uint8Array(25);
      source.read(Int32Array.of(index), pixels);
      const bytes = await sharp(join(at.root, 'images', file.name)).png().toBuffer();
      assert.deepEqual(pixels, await decodeImage(bytes, { ...input, crop: { box: file.box! } }), file.name);
    }
    source.close();
  };
  await seen(await at.prepare(), 0);
  await seen(await at.prepare({ crop: { masks: 'masks', margin: 0.25 } }), 0.25);
  const bare = await at.manifest(await prepareDataset({ base: at.root, cacheDir: join(at.root, 'cache'), blobs: at.blobs, seed: 0, spec: WHOLE }));
  await assert.rejects(cache.ensure(bare, { ...input, crop: { masks: { margin: 0 } } }, packs), /is to be cut out by its mask, and its data set has none/);
});

test('a JPEG mask loses the grey that compression leaves around it', async () => {
  const side = 64;
  const found = await readMask(await mask([16, 24, 24, 16], { size: [side, side] }).jpeg({ quality: 60 }).toBuffer());
  assert.deepEqual(found, { width: side, height: side, box: [16 / side, 24 / side, 24 / side, 16 / side] });
});

test('a margin widens a box by shares of its sides and never past the image', () => {
  assert.deepEqual(widened([0.25, 0.5, 0.5, 0.25], 0.5), [0, 0.375, 1, 0.5]);
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(share, share, share, share, share, (x, y, width, height, margin) => {
      const box: Box = [x, y, Math.min(width, 1 - x), Math.min(height, 1 - y)];
      const [left, top, across, down] = widened(box, margin);
      assert.ok(left >= 0 && top >= 0 && left + across <= 1 + 1e-12 && top + down <= 1 + 1e-12, `${left} ${top} ${across} ${down}`);
      assert.ok(left <= x && top <= y && across >= box[2] - 1e-12 && down >= box[3] - 1e-12);
      assert.deepEqual(widened(box, 0), box);
    }),
  );
});
