import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import sharp from 'sharp';
import { previewData, type Preview } from '../../../cli/data/preview.js';
import { classFolders, temporaryFolder, writeTree } from '../../support/images.js';
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
  assert.deepEqual(rest, { input: { height: 40, width: 40, channels: 1, resize: 'pad' }, classes: { a: { shown: 3, images: 3 }, b: { shown: 3, images: 3 } } });
  const { data, info } = await sharp(path).raw().toBuffer({ resolveWithObject: true });
  const grey = (x: number, y: number): number => data[(y * info.width + x) * info.channels] ?? -1;
  // Images of 12 x 10 padded to 40 x 40 are 40 x 33 with 3 or 4 black rows above, each shown as 4 x 4 pixels.
  const top = 8 + 24 + 24;
  assert.equal(grey(8 + 80, top + 4), 0, 'the border that pad adds');
  assert.ok(grey(8 + 80, top + 80) > 0, 'the image itself');
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
