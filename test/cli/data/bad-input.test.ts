/** Folders and files as they are found on other people's disks. */
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync, readdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { scanFolder, type Scan, type ScanOptions } from '../../../cli/data/scan.js';
import { imagesIn } from '../../../cli/predict/images.js';
import { npy, npz } from '../../support/arrays.js';
import { classFolders, png, temporaryFolder, writeTree } from '../../support/images.js';
import { asOrdinaryUser } from '../../support/ordinary-user.js';
import { readDocument } from '../run-document.js';
import { trawl } from '../trawl.js';

interface Place {
  readonly root: string;
  readonly images: string;
  scan(more?: Partial<ScanOptions>): Promise<Scan>;
}

async function place(t: TestContext): Promise<Place> {
  const root = temporaryFolder(t);
  const images = join(root, 'images');
  await classFolders(images, ['a', 'b'], 4);
  mkdirSync(join(root, 'cache'));
  return { root, images, scan: (more = {}) => asOrdinaryUser(root, () => scanFolder({ folder: images, cacheDir: join(root, 'cache'), maxRejected: 0.5, ...more })) };
}

const FORBIDDEN = { code: 'DataFolderMissing', message: /no permission to read .*, expected data that may be read; let yourself read it \(chmod -R u\+rX / };

test('files without permission are listed and the rest is taken; once they have it they are taken too', async (t) => {
  const at = await place(t);
  chmodSync(join(at.images, 'a', 'image0.png'), 0);
  const scan = await at.scan();
  assert.deepEqual(scan.rejected, [{ file: 'a/image0.png', why: 'no permission to read it' }]);
  assert.equal(scan.files.length, 7);
  chmodSync(join(at.images, 'a', 'image0.png'), 0o600);
  assert.deepEqual((await at.scan()).rejected, []);
});

test('a folder without permission, at the top or below, is one line and not a class that is missing', async (t) => {
  const at = await place(t);
  for (const path of [at.images, join(at.images, 'b')]) {
    const { mode } = statSync(path);
    chmodSync(path, 0);
    await assert.rejects(at.scan(), FORBIDDEN);
    await assert.rejects(at.scan({ label: '(image)' }), FORBIDDEN);
    chmodSync(path, mode);
  }
  assert.equal((await at.scan()).files.length, 8);
});

test('a table and arrays without permission are one line', async (t) => {
  const at = await place(t);
  const images = npy('|u1', [2, 1, 1], Buffer.from([1, 2]));
  const labels = npy('|u1', [2], Buffer.from([0, 1]));
  writeTree(at.root, { 'labels.csv': 'path,label\n', 'set.npz': npz({ images, labels }), 'images.npy': images, 'labels.npy': labels });
  for (const name of ['labels.csv', 'set.npz', 'images.npy']) chmodSync(join(at.root, name), 0);
  const table = { file: join(at.root, 'labels.csv'), path: 'path', label: 'label', group: null, part: null };
  await assert.rejects(at.scan({ labels: table }), { code: 'BadLabelsFile', message: /a file that cannot be read \(EACCES\)/ });
  await assert.rejects(at.scan({ folder: join(at.root, 'set.npz') }), FORBIDDEN);
  await assert.rejects(at.scan({ folder: join(at.root, 'images.npy'), labels: join(at.root, 'labels.npy') }), FORBIDDEN);
});

test('spaces, quotes, Unicode and characters of shells and patterns in names go from the folder to predictions', async (t) => {
  const folder = join(temporaryFolder(t), 'it\'s "my" data #1 [äö] 100%');
  mkdirSync(folder);
  const classes = ['no: finding, none', 'Pneumonie "schwer" \u{1FAC1}'];
  await classFolders(join(folder, 'x rays & co'), classes, 10);
  // As macOS writes names: letters and their accents apart.
  const odd = ["a b'c\"d.png", 'Ju\u0308rgen.png', '*[1]{2}?.png', '$HOME `id`.png', '-n.png', '%s\\n.png'];
  for (const [index, name] of odd.entries()) renameSync(join(folder, 'x rays & co', classes[index % 2] ?? '', `image${index}.png`), join(folder, 'x rays & co', classes[index % 2] ?? '', name));
  const file = 'my "sweep": é.yaml';
  writeFileSync(
    join(folder, file),
    `data: {path: './x rays & co', split: {val: 0.3, test: 0.2}, positive: 'Pneumonie "schwer" \u{1FAC1}'}\nmodel: garth-cnn\nspace: {imageSize: 12, filters: [[2, 3, 4]], fcWidth: 4, epochs: 1, batch: 8, lr: 0.01, dropout: 0}\nobjective: {maximize: val.auc, floors: {'val.recall[Pneumonie "schwer" \u{1FAC1}]': 0.5}}\n`,
  );
  const run = await trawl(['run', file, '--home', 'home of ünï', '--slots', '1', '--json'], { cwd: folder });
  assert.equal(run.code, 0, run.stderr);
  const document = readDocument(run.stdout);
  assert.deepEqual(document.data?.classes, Object.fromEntries(classes.map((name) => [name, 10])));
  assert.ok(document.bundle !== null);
  const expected = [...classes].sort().flatMap((name) => readdirSync(join(folder, 'x rays & co', name)).sort().map((image) => `x rays & co/${name}/${image}`));
  const predict = async (...images: string[]): Promise<{ file: string; class: string }[]> => {
    const { code, stdout, stderr } = await trawl(['predict', document.bundle ?? '', ...images, '--json'], { cwd: folder });
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout) as { file: string; class: string }[];
  };
  const all = await predict('./x rays & co');
  assert.deepEqual(all.map((one) => one.file.replace(/^\.\//, '')), expected);
  // Each named by itself: a name with characters of a pattern is that file.
  const named = await predict(...expected);
  assert.deepEqual(named.map((one) => one.class), all.map((one) => one.class));
  const csv = await trawl(['predict', document.bundle, `x rays & co/${classes[0] ?? ''}/a b'c"d.png`, '--csv'], { cwd: folder });
  assert.match(csv.stdout, /^file,class,"?.*\r?\n"x rays & co\/no: finding, none\/a b'c""d\.png",/);
  const preview = await trawl(['data', 'preview', file], { cwd: folder });
  assert.equal(preview.code, 0, preview.stderr);
  assert.ok(readFileSync(join(folder, preview.stdout.trim())).length > 0);
});

test('predict names what it may not read and does the rest', async (t) => {
  const at = await place(t);
  writeTree(at.root, { 'new/a.png': await png(1), 'new/b.npy': npy('|u1', [2, 1, 1], Buffer.from([1, 2])), 'new/c.npy': 'no array' });
  chmodSync(join(at.root, 'new', 'b.npy'), 0);
  const said: string[] = [];
  const files = ['a.png', 'b.npy', 'c.npy'].map((name) => join(at.root, 'new', name));
  await asOrdinaryUser(at.root, async () => {
    const { images, close } = await imagesIn(files, (line) => said.push(line));
    assert.deepEqual(images.map(({ name }) => name), files.slice(0, 1));
    await close();
  });
  assert.equal(said.length, 2);
  assert.match(said[0] ?? '', /b\.npy: found no permission to read/);
  assert.match(said[1] ?? '', /c\.npy: found a file that is no NumPy array/);
});
