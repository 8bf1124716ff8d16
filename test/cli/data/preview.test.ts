import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import sharp from 'sharp';
import { previewData } from '../../../cli/data/preview.js';
import { classFolders, temporaryFolder, writeTree } from '../../support/images.js';

const preview = (root: string, out: string | null = null): Promise<string> =>
  previewData({ file: join(root, 'sweep.yaml'), out, cacheDir: join(root, 'cache'), onProgress: () => undefined, signal: new AbortController().signal });

async function place(t: TestContext, text: string): Promise<string> {
  const root = temporaryFolder(t);
  await classFolders(join(root, 'images'), ['a', 'b'], 3);
  writeTree(root, { 'sweep.yaml': text });
  return root;
}

test('a contact sheet shows each class as the first trial sees it', async (t) => {
  const root = await place(t, 'data: {path: ./images, resize: pad}\nspace: {imageSize: [40, 80]}\n');
  const path = await preview(root);
  assert.equal(path, join(root, 'sweep-preview.png'));
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
