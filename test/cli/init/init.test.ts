import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { imageSizes } from '../../../cli/init/design.js';
import { initSweep, sweepFileFor } from '../../../cli/init/init-sweep.js';
import { homeAt } from '../../../cli/home.js';
import { parseSweepFile } from '../../../coordinator/sweep/parse.js';
import type { SweepSpec } from '../../../coordinator/sweep/spec.js';
import { asOrdinaryUser } from '../../support/ordinary-user.js';
import { classFolders, png, temporaryFolder, writeTree } from '../../support/images.js';
import { prepareDataset } from '../../../cli/data/prepare.js';
import { FolderBlobStore } from '../../../blob/folder.js';
import { trawl } from '../trawl.js';

interface Place {
  readonly root: string;
  readonly folder: string;
  readonly lines: string[];
  init(file?: string | null): Promise<string>;
  run(): Promise<string>;
}

function place(t: TestContext, name = 'xray'): Place {
  const root = temporaryFolder(t);
  const folder = join(root, name);
  mkdirSync(folder);
  const lines: string[] = [];
  const options = { folder, home: homeAt(join(root, 'home')), onLine: (line: string) => void lines.push(line), onProgress: () => undefined, signal: new AbortController().signal };
  return { root, folder, lines, init: async (file = null) => (await initSweep({ ...options, file })).file, run: () => sweepFileFor(options) };
}

function specOf(file: string): SweepSpec {
  const parsed = parseSweepFile(readFileSync(file, 'utf8'), file);
  assert.ok('spec' in parsed, JSON.stringify(parsed));
  return parsed.spec;
}

test('what init writes parses, stands beside the folder, and says what was guessed', async (t) => {
  const at = place(t);
  await classFolders(at.folder, ['NORMAL', 'PNEUMONIA'], 8);
  const file = await at.init();
  assert.equal(file, join(at.root, 'xray.yaml'));
  assert.deepEqual(readdirSync(at.folder), ['NORMAL', 'PNEUMONIA'], 'nothing is written into the folder');
  const { name, trainable, budget, stop, sampler } = specOf(file);
  assert.ok(trainable.kind === 'image-classifier');
  assert.deepEqual([name, trainable.data.path, trainable.data.positive, trainable.data.split], ['xray', './xray', 'PNEUMONIA', { val: 0.15, test: 0.15, merge: false, seed: 0 }]);
  assert.deepEqual([budget.wallClockMs, stop?.restoreBest], [600_000, true]);
  assert.notEqual(sampler, 'grid', 'a cut by the clock must be fair');
  assert.match(at.lines.join('\n'), /16 images of 2 classes: NORMAL 8, PNEUMONIA 8\n.*positive class is taken to be PNEUMONIA, because/);
});

test('names with spaces, quotes and Unicode survive', async (t) => {
  const at = place(t, 'it\'s "quoted" ünï: #1');
  await classFolders(at.folder, ['no: tumor', 'Tümor "x" #2'], 8);
  const { name, trainable } = specOf(await at.init());
  assert.ok(trainable.kind === 'image-classifier');
  assert.deepEqual([name, trainable.data.path, trainable.data.positive], ['it\'s "quoted" ünï: #1', './it\'s "quoted" ünï: #1', 'Tümor "x" #2']);
});

test('given parts stay as they are', async (t) => {
  const at = place(t);
  for (const part of ['train', 'val', 'test']) await classFolders(join(at.folder, part), ['a', 'b'], 3);
  const { trainable } = specOf(await at.init());
  assert.ok(trainable.kind === 'image-classifier');
  assert.equal(trainable.data.split, null);
});

test('a group pattern that leaves a class without groups for every part is not used', async (t) => {
  const at = place(t);
  // Six groups of two in each class are enough for three parts; the class "few" has two groups only.
  for (let index = 0; index < 12; index += 1) writeTree(at.folder, { [`many/person${Math.floor(index / 2)}_${index}.png`]: await png(index) });
  for (let index = 0; index < 4; index += 1) writeTree(at.folder, { [`few/person${10 + Math.floor(index / 2)}_${index}.png`]: await png(50 + index) });
  const { trainable } = specOf(await at.init());
  assert.ok(trainable.kind === 'image-classifier');
  assert.equal(trainable.data.groupBy, null);
});

test('nothing is overwritten: not by init, and run takes only a file that was written for the folder', async (t) => {
  const at = place(t);
  await classFolders(at.folder, ['a', 'b'], 8);
  const file = await at.run();
  const text = readFileSync(file, 'utf8');
  await assert.rejects(at.init(), { code: 'BadInput', message: /xray\.yaml is there already/ });
  writeFileSync(file, text.replace('10m', '5m'));
  assert.equal(await at.run(), file);
  assert.equal(specOf(file).budget.wallClockMs, 300_000, 'edits are kept');
  writeFileSync(file, 'data: ./other\n');
  await assert.rejects(at.run(), { code: 'BadInput', message: /was not written for this folder/ });
  assert.equal(readFileSync(file, 'utf8'), 'data: ./other\n');
});

test('run does not take a file that was written for another folder of the same name', async (t) => {
  const at = place(t);
  await classFolders(at.folder, ['a', 'b'], 8);
  const other = join(at.root, 'elsewhere', 'xray');
  mkdirSync(other, { recursive: true });
  await classFolders(other, ['c', 'd'], 8);
  const options = { home: homeAt(join(at.root, 'home')), onLine: (line: string) => void at.lines.push(line), onProgress: () => undefined, signal: new AbortController().signal };
  const { file } = await initSweep({ ...options, folder: other, file: join(at.root, 'xray.yaml') });
  await assert.rejects(at.run(), { code: 'BadInput', message: /xray\.yaml is there already and was not written for this folder/ });
  symlinkSync(at.folder, join(at.root, 'link'));
  writeFileSync(file, readFileSync(file, 'utf8').replace('path: ./elsewhere/xray', 'path: ./link'));
  assert.equal(await at.run(), file, 'where the path is the folder it is taken');
  assert.doesNotMatch(at.lines.slice(0, -1).join('\n'), /using/);
});

test('a file inside the folder of images is refused', async (t) => {
  const at = place(t);
  await classFolders(at.folder, ['a', 'b'], 3);
  await assert.rejects(at.init(join(at.folder, 'a', 'sweep.yaml')), { code: 'BadInput', message: /inside the folder of images/ });
});

test('a folder of which many files cannot be read gets a sweep file that allows for them, and a warning', async (t) => {
  const at = place(t);
  await classFolders(at.folder, ['a', 'b'], 8);
  writeTree(at.folder, Object.fromEntries([1, 2, 3, 4].map((number) => [`a/broken${number}.png`, 'no image'])));
  const file = await at.init();
  const { trainable } = specOf(file);
  assert.ok(trainable.kind === 'image-classifier');
  // 4 of 20 files; exactly 0.2 would do, and 0.21 does whatever the rounding.
  assert.equal(trainable.data.maxRejected, 0.21);
  assert.match(readFileSync(file, 'utf8'), /maxRejected: 0\.21 .*# 4 of 20 files cannot be read/);
  assert.match(at.lines.join('\n'), /warning: 4 of 20 files cannot be read and are left out: a\/broken1\.png .*maxRejected: 0\.21/);
  const { images } = await prepareDataset({ base: at.root, spec: trainable.data, seed: 0, blobs: new FolderBlobStore(join(at.root, 'blobs')), cacheDir: join(at.root, 'cache') });
  assert.equal(images, 16);
});

test('a few unreadable files need no line, and all too many of them leave nothing to sweep', async (t) => {
  const at = place(t);
  await classFolders(at.folder, ['a', 'b'], 9);
  writeTree(at.folder, { 'a/broken.png': 'no image', 'b/broken.png': 'no image' });
  assert.doesNotMatch(readFileSync(await at.init(), 'utf8'), /maxRejected/);
  assert.match(at.lines.join('\n'), /warning: 2 of 20 files cannot be read/);
  const other = place(t);
  writeTree(other.folder, { 'a/broken.png': 'no image', 'b/broken.png': 'no image' });
  await assert.rejects(other.init(), { code: 'BadInput', message: /no readable image among 2 files/ });
});

test('a place that nothing can be written to is refused before any image is read', async (t) => {
  const at = place(t);
  await classFolders(at.folder, ['a', 'b'], 4);
  const progress: number[] = [];
  const options = { folder: at.folder, home: homeAt(join(at.root, 'home')), onLine: () => undefined, onProgress: (done: number) => void progress.push(done), signal: new AbortController().signal };
  const refused = (file: string, message: RegExp): Promise<void> => assert.rejects(initSweep({ ...options, file }), { code: 'BadInput', message });
  await refused(join(at.root, 'nowhere', 'x.yaml'), /x\.yaml: found no folder .*nowhere, expected one to write into \(mkdir -p .*nowhere\); write it elsewhere: trawl init .*xray FILE\.yaml$/);
  writeTree(at.root, { file: '' });
  await refused(join(at.root, 'file', 'x.yaml'), /found that .*file is no folder/);
  const locked = join(at.root, 'locked');
  mkdirSync(locked);
  await asOrdinaryUser(at.root, async () => {
    chmodSync(locked, 0o500);
    await refused(join(locked, 'x.yaml'), /found that nothing can be written into .*locked \(EACCES\), expected a folder that may be written to; write it elsewhere/);
  });
  assert.deepEqual(progress, []);
});

test('--json prints what was found and written as one document', async (t) => {
  const at = place(t);
  await classFolders(at.folder, ['NORMAL', 'PNEUMONIA'], 8);
  writeTree(at.folder, { 'NORMAL/broken.png': 'no image' });
  const { code, stdout, stderr } = await trawl(['init', 'xray', '--json', '--home', 'home'], { cwd: at.root });
  assert.equal(code, 0, stderr);
  const { unreadable, ...report } = JSON.parse(stdout) as { unreadable: { file: string }[] };
  assert.deepEqual(report, { file: join(at.root, 'xray.yaml'), images: 16, classes: { NORMAL: 8, PNEUMONIA: 8 }, positive: 'PNEUMONIA', groupBy: null });
  assert.deepEqual(unreadable.map(({ file }) => file), ['NORMAL/broken.png']);
});

test('image sizes are those that the pictures have and the budget allows', () => {
  assert.deepEqual(imageSizes(28, 500), [28]);
  assert.deepEqual(imageSizes(20, 500), [20]);
  assert.deepEqual(imageSizes(300, 300), [48, 64, 100]);
  assert.deepEqual(imageSizes(300, 1_000_000), [28], 'at least one');
});
