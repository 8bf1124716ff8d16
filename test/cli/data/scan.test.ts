import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { appendFileSync, mkdirSync, readFileSync, readdirSync, symlinkSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { DataProblemCode } from '../../../cli/data/problem.js';
import { scanFolder, type Scan } from '../../../cli/data/scan.js';
import { classFolders, jpeg, png, temporaryFolder, writeTree } from '../../support/images.js';

interface Place {
  readonly folder: string;
  readonly cacheDir: string;
}

function place(t: TestContext): Place {
  const root = temporaryFolder(t);
  const folder = join(root, 'data');
  mkdirSync(folder);
  return { folder, cacheDir: join(root, 'cache') };
}

const scan = (at: Place, maxRejected = 0.5): Promise<Scan> => scanFolder({ ...at, maxRejected });

/** Name to class for every file that was taken. */
function taken(found: Scan): { [name: string]: string } {
  return Object.fromEntries(found.files.map((file) => [file.name, found.classes[file.label] ?? '?']));
}

async function fails(at: Place, code: DataProblemCode, message: RegExp): Promise<void> {
  await assert.rejects(scan(at), { code, message });
}

test('a folder per class gives classes in order, with digests of the bytes', async (t) => {
  const at = place(t);
  const bytes = await jpeg(7);
  await classFolders(at.folder, ['b', 'A', 'c d'], 2);
  writeTree(at.folder, { 'b/photo.JPEG': bytes });
  const found = await scan(at);
  assert.deepEqual(found.classes, ['A', 'b', 'c d']);
  assert.deepEqual(found.given, []);
  assert.equal(found.files.length, 7);
  const photo = found.files.find((file) => file.name === 'b/photo.JPEG');
  assert.deepEqual(photo, { name: 'b/photo.JPEG', digest: createHash('sha256').update(bytes).digest('hex'), bytes: bytes.length, label: 1, part: null });
  assert.deepEqual(found.warnings, []);
});

test('folders named like parts give the parts, in any case and by their usual names', async (t) => {
  for (const [train, val, other] of [['train', 'val', 'test'], ['Train', 'Valid', 'TEST'], ['training', 'validation', 'testing'], ['train', 'dev', 'Test']] as const) {
    const at = place(t);
    for (const [index, part] of [train, val, other].entries()) {
      writeTree(at.folder, { [`${part}/a/1.png`]: await png(2 * index), [`${part}/b/2.png`]: await png(2 * index + 1) });
    }
    const found = await scan(at);
    assert.deepEqual(found.classes, ['a', 'b']);
    assert.deepEqual(found.given, ['train', 'val', 'test']);
    assert.deepEqual(
      found.files.map((file) => [file.name, file.part]),
      [train, val, other].flatMap((part, index) => ['a/1.png', 'b/2.png'].map((name) => [`${part}/${name}`, ['train', 'val', 'test'][index]])),
    );
  }
});

test('a class may be called like a part', async (t) => {
  const at = place(t);
  await classFolders(at.folder, ['test', 'control'], 2);
  const found = await scan(at);
  assert.deepEqual(found.classes, ['control', 'test']);
  assert.deepEqual(found.given, []);
});

test('hidden files and what systems leave behind are not seen', async (t) => {
  const at = place(t);
  await classFolders(at.folder, ['a', 'b'], 1);
  writeTree(at.folder, { '.git/x': '', '__MACOSX/a/._image0.png': 'x', 'a/.DS_Store': 'x', 'a/Thumbs.db': 'x', 'b/desktop.ini': 'x', '.hidden.png': 'x' });
  const found = await scan(at);
  assert.deepEqual(Object.keys(taken(found)), ['a/image0.png', 'b/image0.png']);
  assert.deepEqual(found.rejected, []);
  assert.deepEqual(found.warnings, []);
});

test('what is left out is listed with why, or warned of', async (t) => {
  const at = place(t);
  await classFolders(at.folder, ['a', 'b'], 3);
  const whole = { jpeg: await jpeg(90, 64, 64), png: await png(91, 64, 64) };
  writeTree(at.folder, {
    'README.md': 'hello',
    'a/notes.txt': 'no image here',
    'a/fake.png': 'no image here either',
    'b/empty.jpg': '',
    'b/cut.jpg': whole.jpeg.subarray(0, 500),
    'b/cut.png': whole.png.subarray(0, 300),
    'b/more/x.png': whole.png,
  });
  const found = await scan(at);
  assert.equal(found.files.length, 6);
  const why = Object.fromEntries(found.rejected.map((one) => [one.file, one.why]));
  assert.deepEqual(Object.keys(why), ['a/fake.png', 'a/notes.txt', 'b/cut.jpg', 'b/cut.png', 'b/empty.jpg']);
  assert.match(why['a/notes.txt'] ?? '', /not an image/);
  assert.match(why['a/fake.png'] ?? '', /not an image/);
  assert.match(why['b/cut.jpg'] ?? '', /cut short/);
  assert.match(why['b/cut.png'] ?? '', /cut short/);
  assert.equal(why['b/empty.jpg'], 'empty file');
  assert.match(found.warnings.join('\n'), /1 file beside the folders .*README\.md[^]*1 folder inside class b left out: more/);
});

test('more unreadable files than tolerated end the scan with the numbers', async (t) => {
  const at = place(t);
  await classFolders(at.folder, ['a', 'b'], 4);
  writeTree(at.folder, { 'a/x.png': 'x', 'a/y.png': 'y' });
  assert.equal((await scan(at, 0.2)).rejected.length, 2);
  await assert.rejects(scan(at, 0.1), { code: 'TooManyRejected', message: /2 of 10 files of .* \(20\.0 %\).*a\/x\.png.*10 %.*maxRejected/ });
});

test('links are followed, and those that lead nowhere or in circles do no harm', async (t) => {
  const at = place(t);
  await classFolders(at.folder, ['a', 'b'], 2);
  symlinkSync('image0.png', join(at.folder, 'a', 'linked.png'));
  symlinkSync('nowhere.png', join(at.folder, 'a', 'broken.png'));
  symlinkSync('self.png', join(at.folder, 'b', 'self.png'));
  symlinkSync('..', join(at.folder, 'b', 'up'));
  const found = await scan(at);
  assert.deepEqual(Object.keys(taken(found)), ['a/image0.png', 'a/image1.png', 'a/linked.png', 'b/image0.png', 'b/image1.png']);
  assert.deepEqual(
    found.rejected.map(({ file }) => file),
    ['a/broken.png', 'b/self.png'],
  );
});

test('a folder that cannot be swept says what was found and what was expected', async (t) => {
  const missing = place(t);
  await fails({ ...missing, folder: join(missing.folder, 'gone') }, 'DataFolderMissing', /no such folder: .*gone, expected/);
  const file = place(t);
  writeTree(file.folder, { 'x.png': 'x' });
  await fails({ ...file, folder: join(file.folder, 'x.png') }, 'DataFolderMissing', /a file, not a folder/);
  await fails(file, 'NoImages', /1 file and no folders, expected one folder of images per class/);
  await fails(place(t), 'NoImages', /nothing in it/);

  const empty = place(t);
  writeTree(empty.folder, { 'a/': '', 'b/': '' });
  await fails(empty, 'NoImages', /its folders \(a, b\) are empty/);
  const none = place(t);
  writeTree(none.folder, { 'a/x.txt': 'x', 'b/y.txt': 'y' });
  await fails(none, 'NoImages', /no readable image among 2 files of .*: a\/x\.txt/);

  const one = place(t);
  await classFolders(one.folder, ['only'], 2);
  await fails(one, 'OneClass', /one class only \(only\)/);
  const hollow = place(t);
  await classFolders(hollow.folder, ['a', 'b'], 2);
  writeTree(hollow.folder, { 'c/': '' });
  await fails(hollow, 'EmptyClass', /no readable image in class c of/);

  const deep = place(t);
  writeTree(deep.folder, { 'set/a/x/1.png': await png(1), 'set/b/y/2.png': await png(2) });
  await fails(deep, 'NestedFolders', /folders that lie deeper: set\/a, set\/b \(the first holds 1 folder\).*perhaps path: .*set$/);
});

test('a part without one of the classes is named', async (t) => {
  const at = place(t);
  writeTree(at.folder, { 'train/NORMAL/1.png': await png(1), 'train/SICK/2.png': await png(2), 'test/SICK/3.png': await png(3) });
  await fails(at, 'ClassMissingInPart', /no folder of class NORMAL in .*test \(part test\), expected every class in every part; add images/);
  writeTree(at.folder, { 'test/normal/4.png': await png(4), 'train/normal/5.png': await png(5) });
  await fails(at, 'ClassMissingInPart', /no folder of class NORMAL in .*; rename test\/normal to test\/NORMAL/);
  const unreadable = place(t);
  writeTree(unreadable.folder, { 'train/a/1.png': await png(1), 'train/b/2.png': await png(2), 'val/a/3.png': await png(3), 'val/b/4.png': 'x' });
  await fails(unreadable, 'ClassMissingInPart', /no readable image of class b in part val of/);
});

test('two folders for one part are refused', async (t) => {
  const at = place(t);
  for (const part of ['train', 'val', 'valid']) writeTree(at.folder, { [`${part}/a/1.png`]: await png(1), [`${part}/b/2.png`]: await png(2) });
  await fails(at, 'PartTwice', /several folders for the part val in .*: val, valid/);
});

test('an unchanged file is not read again, a changed one is', async (t) => {
  const at = place(t);
  await classFolders(at.folder, ['a', 'b'], 3);
  writeTree(at.folder, { 'a/bad.png': 'x' });
  const first = await scan(at);
  const cacheFile = join(at.cacheDir, 'scans', readdirSync(join(at.cacheDir, 'scans'))[0] ?? '');
  const remembered = readFileSync(cacheFile, 'utf8');
  const facts = ({ classes, files, rejected, warnings }: Scan): object => ({ classes, files, rejected, warnings });
  assert.deepEqual(facts(await scan(at)), facts(first));
  assert.equal(readFileSync(cacheFile, 'utf8'), remembered, 'a second scan learned something new');
  // The time of the change is put back: the change is seen all the same.
  const path = join(at.folder, 'a', 'image0.png');
  const other = await png(99);
  writeTree(at.folder, { 'a/image0.png': other });
  utimesSync(path, new Date(0), new Date(0));
  const digest = (found: Scan): string | undefined => found.files.find((file) => file.name === 'a/image0.png')?.digest;
  assert.equal(digest(await scan(at)), createHash('sha256').update(other).digest('hex'));
  assert.notEqual(readFileSync(cacheFile, 'utf8'), remembered);
  // A line that a killed process left half written is skipped over.
  appendFileSync(cacheFile, '["a/image1.png","12');
  assert.equal((await scan(at)).files.length, 6);
});

test('what was found out before an abort is not found out again', async (t) => {
  const at = place(t);
  await classFolders(at.folder, ['a', 'b'], 10);
  const stop = new AbortController();
  const onProgress = (done: number): void => {
    if (done === 10) stop.abort(new Error('paused'));
  };
  await assert.rejects(scanFolder({ ...at, maxRejected: 0, onProgress, signal: stop.signal }), /paused/);
  const [file] = readdirSync(join(at.cacheDir, 'scans'));
  const lines = readFileSync(join(at.cacheDir, 'scans', file ?? ''), 'utf8').split('\n').filter((line) => line !== '');
  assert.ok(lines.length >= 10, `${lines.length} lines`);
  assert.equal((await scan(at)).files.length, 20);
});

test('progress counts every file once', async (t) => {
  const at = place(t);
  await classFolders(at.folder, ['a', 'b'], 3);
  const seen: [number, number][] = [];
  await scanFolder({ ...at, maxRejected: 0, onProgress: (done, total) => seen.push([done, total]) });
  assert.deepEqual(seen, [1, 2, 3, 4, 5, 6].map((done) => [done, 6]));
});
