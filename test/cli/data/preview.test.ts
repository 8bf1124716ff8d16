import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import sharp from 'sharp';
import { previewData, type Preview } from '../../../cli/data/preview.js';
import { classFolders, temporaryFolder, writeTree } from '../../support/images.js';
import { FolderBlobStore } from '../../../blob/folder.js';
import { prepareDataset } from '../../../cli/data/prepare.js';
import { readImageSweep } from '../../../cli/data/read-sweep.js';
import { decodeManifest } from '../../../proto/manifest.js';
import { decodeImage } from '../../../worker/data/decode.js';
import type { ImageSource } from '../../../worker/engine/engine.js';
import { stepSettings } from '../../../worker/train/step-settings.js';
import { imageSettings } from '../../support/settings.js';
import { compiled, range, sequential, training } from '../../worker/engine/support.js';
import { trawl } from '../trawl.js';

const preview = (root: string, out: string | null = null): Promise<Preview> =>
  previewData({ file: join(root, 'sweep.yaml'), out, cacheDir: join(root, 'cache'), onProgress: () => undefined, signal: new AbortController().signal });

async function place(t: TestContext, text: string): Promise<string> {
  const root = temporaryFolder(t);
  await classFolders(join(root, 'images'), ['a', 'b'], 3);
  writeTree(root, { 'sweep.yaml': text });
  return root;
}

test('a contact sheet shows each class as the first trial sees it', async (t) => {
  const root = await place(t, 'data: {path: ./images, resize: pad}\nspace: {imageSize: [40, 80]}\n');
  const { file: path, ...rest } = await preview(root);
  assert.equal(path, join(root, 'sweep-preview.png'));
  assert.deepEqual(rest, { input: { height: 40, width: 40, channels: 1, resize: 'pad' }, augment: null, classes: { a: { shown: 3, images: 3 }, b: { shown: 3, images: 3 } } });
  const { data, info } = await sharp(path).raw().toBuffer({ resolveWithObject: true });
  const grey = (x: number, y: number): number => data[(y * info.width + x) * info.channels] ?? -1;
  // Images of 12 x 10 padded to 40 x 40 are 40 x 33 with 3 or 4 black rows above, each shown as 4 x 4 pixels.
  const top = 8 + 24 + 24;
  assert.equal(grey(8 + 80, top + 4), 0, 'the border that pad adds');
  assert.ok(grey(8 + 80, top + 80) > 0, 'the image itself');
});

test('a contact sheet shows the images that are in the sweep, not those that perClass leaves out', async (t) => {
  const { classes } = await preview(await place(t, 'data: {path: ./images, perClass: 2}\n'));
  assert.deepEqual(classes, { a: { shown: 2, images: 2 }, b: { shown: 2, images: 2 } });
});

test('a file with mistakes and a folder that cannot be swept are one line each', async (t) => {
  await assert.rejects(preview(await place(t, 'data: ./images\nspace: {imageSize: -1}\n')), { code: 'BadInput', message: /sweep\.yaml:2:20: space\.imageSize/ });
  await assert.rejects(preview(await place(t, 'data: ./nowhere\n')), { code: 'BadInput', message: /sweep\.yaml:1:7: data: found no such folder: .*nowhere, expected/ });
});

test('a sheet is not written under the name of another format', async (t) => {
  const root = await place(t, 'data: ./images\n');
  await assert.rejects(preview(root, join(root, 'x.jpg')), { code: 'BadInput', message: /--out: found .*x\.jpg, expected a name that ends in \.png/ });
});

test('a place that nothing can be written to is one line, and so is a folder in the place of a sweep file', async (t) => {
  const root = await place(t, 'data: ./images\n');
  await assert.rejects(preview(root, join(root, 'nowhere', 'x.png')), { code: 'BadInput', message: /x\.png: found no folder .*nowhere, expected one to write into .*; write it elsewhere with --out FILE\.png/ });
  const options = { out: null, cacheDir: join(root, 'cache'), onProgress: () => undefined, signal: new AbortController().signal };
  await assert.rejects(previewData({ ...options, file: join(root, 'images') }), { code: 'BadInput', message: /images: found a folder, expected a sweep file; trawl init .*images writes one$/ });
});

test('--json says where the sheet is and what it shows', async (t) => {
  const root = await place(t, 'data: ./images\nspace: {imageSize: 20}\n');
  const { code, stdout, stderr } = await trawl(['data', 'preview', 'sweep.yaml', '--json', '--home', 'home'], { cwd: root });
  assert.equal(code, 0, stderr);
  const document = JSON.parse(stdout) as Preview;
  assert.deepEqual([document.file, document.input.height, document.classes.a], [join(root, 'sweep-preview.png'), 20, { shown: 3, images: 3 }]);
});

/** Tiles of 20 x 20 pixels, shown 8 times as large, in rows of `columns`: gray, [20 * 20] each. */
async function tilesOf(path: string, count: number, columns: number): Promise<Uint8Array[]> {
  const { data, info } = await sharp(path).raw().toBuffer({ resolveWithObject: true });
  return Array.from({ length: count }, (_, tile) => {
    const [left, top] = [8 + (tile % columns) * 168, 56 + Math.floor(tile / columns) * (160 + 11 + 3 + 8)];
    return Uint8Array.from({ length: 400 }, (_unused, at) => data[((top + Math.floor(at / 20) * 8 + 4) * info.width + left + (at % 20) * 8 + 4) * info.channels] ?? 0);
  });
}

const sourceOf = (pictures: readonly Uint8Array[], labels: readonly number[]): ImageSource => ({
  count: pictures.length, height: 20, width: 20, channels: 1, labels: Uint16Array.from(labels),
  read: (indices, into) => indices.forEach((index, position) => into.set(pictures[index] ?? [], position * 400)),
});

test('where a sweep augments, each image stands beside what training makes of it', async (t) => {
  const root = temporaryFolder(t);
  await classFolders(join(root, 'images'), ['a', 'b'], 12);
  // Flips alone give whole numbers, so that pixels of a picture are all that the network gets.
  writeTree(root, { 'sweep.yaml': 'data: {path: ./images}\nseed: 5\nspace: {imageSize: [20], augment: [null, {flip: both}]}\n' });
  const { file, augment, classes } = await preview(root);
  assert.equal(augment?.flip, 'both');
  assert.deepEqual(classes, { a: { shown: 6, images: 12 }, b: { shown: 6, images: 12 } });
  const tiles = await tilesOf(file, 18, 9);

  const { spec, data } = await readImageSweep(join(root, 'sweep.yaml'));
  const blobs = new FolderBlobStore(join(root, 'blobs'));
  const { manifest } = await prepareDataset({ base: root, spec: data, seed: spec.seed, blobs, cacheDir: join(root, 'cache') });
  const { files } = decodeManifest(Buffer.concat(await (await blobs.open(manifest)).toArray()));
  const input = { height: 20, width: 20, channels: 1, resize: 'stretch', normalisation: 'scale' } as const;
  const pictures = await Promise.all(files.map(async ({ name }) => decodeImage(readFileSync(join(root, 'images', name)), input)));
  const indices = Int32Array.from({ length: 6 }, (_, image) => pictures.findIndex((picture) => Buffer.compare(picture, tiles[3 * image] ?? new Uint8Array()) === 0));
  for (const index of indices) assert.deepEqual([files[index]?.part, files[index]?.label], ['train', 0]);

  const topology = sequential([20, 20, 1], ['Flatten', {}], ['Dense', { units: 2 }]);
  const set = sourceOf(pictures, files.map(({ label }) => label));
  const options = training(2, { maxBatch: 6, augments: true });
  for (const epoch of [0, 1]) {
    const settings = imageSettings({ augment, dataSeed: spec.seed });
    const given = stepSettings({ replicate: 0, input }, settings, epoch, 0, indices, 0.01, indices);
    const trained = (await compiled(topology, set, options)).step(indices, given);
    const seen = sourceOf(Array.from(indices, (_, image) => tiles[3 * image + 1 + epoch] ?? new Uint8Array()), [0, 0, 0, 0, 0, 0]);
    const shown = (await compiled(topology, seen, options)).step(range(6), { ...given, augment: null });
    assert.deepEqual(shown, trained, `epoch ${epoch}`);
    assert.notDeepEqual((await compiled(topology, set, options)).step(indices, { ...given, augment: null }), trained, 'it augments');
  }
});

test('a sweep whose augmentation does nothing is shown without it', async (t) => {
  const root = await place(t, 'data: ./images\nspace: {imageSize: 20, augment: {fill: wrap}}\n');
  const { augment, classes } = await preview(root);
  assert.deepEqual([augment, classes.a], [null, { shown: 3, images: 3 }]);
});
