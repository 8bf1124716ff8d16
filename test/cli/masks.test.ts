/** A sweep over what masks leave of images, with the real program: from the masks to predictions. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import sharp from 'sharp';
import { temporaryFolder, writeTree } from '../support/images.js';
import { readDocument, type RunDocument } from './run-document.js';
import { trawl, type Ended } from './trawl.js';

const SIDE = 24;
/** Of the window in an image: it says the class, and all around it is noise of the other. */
const WINDOW = 8;
let folder: string;
let document: RunDocument;

const gray = (pixels: Uint8Array): Promise<Buffer> => sharp(pixels, { raw: { width: SIDE, height: SIDE, channels: 1 } }).png().toBuffer();

/** The window is bright for class b, and what is around it is bright for class a. */
function image(isB: boolean, left: number, top: number, seed: number): Uint8Array {
  return Uint8Array.from({ length: SIDE * SIDE }, (_, at) => (inWindow(at, left, top) === isB ? 200 : 30) + ((at * 31 + seed * 17) % 23));
}

const inWindow = (at: number, left: number, top: number): boolean => at % SIDE >= left && at % SIDE < left + WINDOW && Math.floor(at / SIDE) >= top && Math.floor(at / SIDE) < top + WINDOW;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'trawl-masks-'));
  for (let index = 0; index < 16; index += 1) {
    for (const name of ['a', 'b']) {
      const [left, top] = [(index * 5) % (SIDE - WINDOW), (index * 7) % (SIDE - WINDOW)];
      const mask = Uint8Array.from({ length: SIDE * SIDE }, (_, at) => Number(inWindow(at, left, top)));
      writeTree(folder, { [`images/${name}/${name}${index}.png`]: await gray(image(name === 'b', left, top, index)), [`masks/${name}${index}.png`]: await gray(mask) });
    }
  }
  const file = join(folder, 'cut.yaml');
  writeFileSync(file, 'name: cut\ndata: {path: ./images, split: {val: 0.25, test: 0.25}, positive: b, crop: {masks: ./masks}}\nmodel: garth-cnn\nspace: {imageSize: 16, filters: [[2, 3, 4]], fcWidth: 6, epochs: 4, batch: 8, lr: 0.01, dropout: 0}\n');
  const run = await trawl(['run', file, '--home', join(folder, 'home'), '--slots', '1', '--engine', 'wasm', '--json']);
  assert.equal(run.code, 0, run.stderr);
  document = readDocument(run.stdout);
});
after(() => rmSync(folder, { recursive: true, force: true }));

const predict = (...args: string[]): Promise<Ended> => trawl(['predict', document.bundle ?? assert.fail('no bundle'), join(folder, 'images'), '--json', ...args]);

test('a sweep trains on what masks leave, and its bundle predicts images by masks of theirs', async () => {
  assert.deepEqual(document.trials.map(({ state }) => state), ['completed']);
  // The bundle has checked itself on images of its own when it was written.
  const { code, stdout, stderr } = await predict('--masks', join(folder, 'masks'));
  assert.equal(code, 0, stderr);
  const predictions = JSON.parse(stdout) as { readonly file: string; readonly class: string }[];
  assert.equal(predictions.length, 32);
  // Two flat images, one dark and one bright, are told apart by any network that sees them alone.
  for (const prediction of predictions) assert.ok(prediction.file.endsWith('.png') && prediction.file.includes(`/${prediction.class}/`), JSON.stringify(prediction));
});

test('without masks the bundle says what it needs; an image whose mask is missing is named and the rest is predicted', async (t) => {
  const none = await predict();
  assert.equal(none.code, 2);
  assert.match(none.stderr, /found no masks, expected --masks DIR, a folder of masks with the base names of the images/);
  const gone = await predict('--masks', join(folder, 'nowhere'));
  assert.equal(gone.code, 2);
  assert.match(gone.stderr, /^--masks: found no such folder: .*nowhere, expected a folder of masks with the base names of the images\n$/);
  const few = temporaryFolder(t);
  writeTree(few, { 'a0.png': await gray(Uint8Array.from({ length: SIDE * SIDE }, (_, at) => Number(inWindow(at, 0, 0)))) });
  const some = await predict('--masks', few);
  assert.equal(some.code, 0, some.stderr);
  assert.equal((JSON.parse(some.stdout) as unknown[]).length, 1);
  assert.match(some.stderr, /b15\.png: no mask in .* has its name/);
});

test('masks that are missing end the run with exit 2 and make nothing', async (t) => {
  const home = join(temporaryFolder(t), 'home');
  const file = join(folder, 'wrong.yaml');
  writeTree(folder, { 'others/a99.png': 'x' });
  writeFileSync(file, 'name: wrong\ndata: {path: ./images, crop: {masks: ./others}}\nspace: {imageSize: 16, epochs: 1}\n');
  const { code, stderr } = await trawl(['run', file, '--home', home]);
  assert.equal(code, 2, stderr);
  assert.match(stderr, /wrong\.yaml:2:38: data\.crop\.masks: found 32 images of 32 without a mask in .*others that can be used: a\/a0\.png \(no mask has its name\)/);
  assert.equal(existsSync(home), false);
});
