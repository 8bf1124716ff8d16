import assert from 'node:assert/strict';
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import sharp from 'sharp';
import { checkFolder, type FolderCheck } from '../../../cli/check/check-folder.js';
import { findingsOf } from '../../../cli/check/findings.js';
import { checkLines } from '../../../cli/check/text.js';
import { npy } from '../../support/arrays.js';
import { jpeg, picture, png, sharedData, temporaryFolder, writeTree } from '../../support/images.js';

function folderIn(t: TestContext): string {
  const folder = join(temporaryFolder(t), 'images');
  mkdirSync(folder);
  return folder;
}

function check(t: TestContext, folder: string, groupBy: string | null = null): Promise<FolderCheck> {
  return checkFolder({ folder, cacheDir: temporaryFolder(t), groupBy, onProgress: () => undefined, signal: new AbortController().signal });
}

const said = (found: FolderCheck): string => findingsOf(found).map(({ severity, message }) => `${severity}: ${message}`).join('\n');

test('counts, sizes, channels and unreadable files are those of the folder', async (t) => {
  const folder = folderIn(t);
  writeTree(folder, {
    'a/1.png': await picture(10, 20, 1).toColourspace('b-w').png().toBuffer(),
    'a/2.png': await picture(40, 20, 2).toColourspace('b-w').png().toBuffer(),
    'b/3.png': await picture(30, 60, 3).toColourspace('srgb').png().toBuffer(),
    'b/no.png': 'text',
  });
  const found = await check(t, folder);
  assert.deepEqual([found.images, found.classes, found.parts, found.channels], [3, { a: 2, b: 1 }, null, { 1: 2, 3: 1 }]);
  assert.deepEqual([found.height, found.width, found.aspect], [{ min: 20, median: 20, max: 60 }, { min: 10, median: 30, max: 40 }, { min: 0.5, median: 0.5, max: 2 }]);
  assert.deepEqual(found.unreadable.map(({ file }) => file), ['b/no.png']);
  assert.match(said(found), /problem: 1 file cannot be read and would be left out: b\/no\.png \(not an image/);
});

test('copies within a class, in two classes and in two parts are told apart', async (t) => {
  const folder = folderIn(t);
  const [one, two, three] = [await png(1), await png(2), await png(3)];
  writeTree(folder, {
    ...{ 'train/a/1.png': one, 'train/a/again.png': one, 'train/a/wrong.png': two, 'train/b/2.png': two, 'train/b/3.png': three, 'test/b/3.png': three },
    ...{ 'test/a/4.png': await png(4), 'test/b/5.png': await png(5) },
  });
  const found = await check(t, folder);
  assert.deepEqual(found.parts, { train: { a: 3, b: 2 }, test: { a: 1, b: 2 } });
  const named = (copies: readonly { readonly files: readonly string[]; readonly acrossClasses: boolean; readonly acrossParts: boolean }[]): unknown => copies.map(({ files, acrossClasses, acrossParts }) => [files, acrossClasses, acrossParts]).toSorted();
  assert.deepEqual(named(found.duplicates.exact), [
    [['train/a/1.png', 'train/a/again.png'], false, false],
    [['train/a/wrong.png', 'train/b/2.png'], true, false],
    [['train/b/3.png', 'test/b/3.png'], false, true],
  ]);
  assert.match(said(found), /problem: exact copies in more than one part: 1 image \(train\/b\/3\.png = test\/b\/3\.png\); .*"dedupe: true"/);
  assert.match(said(found), /problem: exact copies in more than one class/);
});

test('a pattern that matches no name is told as such, and the folders that a check makes are the owner\'s alone', async (t) => {
  const folder = folderIn(t);
  for (const seed of [1, 2, 3, 4]) writeTree(folder, { [`${seed % 2 === 0 ? 'a' : 'b'}/${seed}.png`]: await png(seed) });
  const home = join(temporaryFolder(t), 'home');
  const found = await checkFolder({ folder, cacheDir: join(home, 'cache'), groupBy: '(zzz)', onProgress: () => undefined, signal: new AbortController().signal });
  assert.match(said(found), /warning: '\(zzz\)' matches none of 4 file names/);
  assert.equal(statSync(home).mode & 0o077, 0);
});

/** Smooth blobs at places that the seed decides, so that different seeds are different pictures. */
function blobs(seed: number, side: number): Promise<Buffer> {
  const pixels = Buffer.alloc(side * side);
  for (let y = 0; y < side; y += 1) {
    for (let x = 0; x < side; x += 1) pixels[y * side + x] = 128 + Math.round(60 * Math.sin(((seed % 5) + 2) * (x / side) * 3 + seed) + 60 * Math.cos(((seed % 3) + 2) * (y / side) * 4 + seed * 2));
  }
  return sharp(pixels, { raw: { width: side, height: side, channels: 1 } }).png().toBuffer();
}

test('a picture saved anew at another size and quality is nearly the same, and other pictures are not', async (t) => {
  const folder = folderIn(t);
  const original = await blobs(1, 96);
  writeTree(folder, { 'a/original.png': original, 'b/resized.jpg': await sharp(original).resize(64, 64).jpeg({ quality: 70 }).toBuffer() });
  for (let seed = 2; seed < 8; seed += 1) writeTree(folder, { [`${seed % 2 === 0 ? 'a' : 'b'}/${seed}.png`]: await blobs(seed, 96) });
  const { near } = (await check(t, folder)).duplicates;
  assert.deepEqual(near.map(({ files, acrossClasses }) => [files, acrossClasses]), [[['a/original.png', 'b/resized.jpg'], true]]);
});

test('patients on both sides of given parts are a problem, by a given pattern or one guessed from the names', async (t) => {
  const folder = folderIn(t);
  const names = ['train/a/person1_1', 'test/a/person1_2', 'train/b/person2_1', 'train/b/person2_2', 'test/b/person3_1'];
  for (const [seed, name] of names.entries()) writeTree(folder, { [`${name}.png`]: await png(seed * 7) });
  for (const pattern of [null, '(person\\d+)']) {
    const found = await check(t, folder, pattern);
    assert.deepEqual(found.groups, { pattern: '(person\\d+)', column: null, guessed: pattern === null, groups: 3, matched: 5, acrossParts: 1 });
    assert.match(said(found), /problem: 1 patient of 3 by .* on more than one side of the given parts/);
  }
});

test('facts that tell classes apart are shortcuts, each with what the settings do about it', async (t) => {
  const folder = folderIn(t);
  for (let index = 0; index < 6; index += 1) {
    writeTree(folder, { [`a/${index}.png`]: await png(index, 10, 30 + index), [`b/${index}.png`]: await png(20 + index, 40, index < 2 ? 30 : 40 + index) });
  }
  const { shortcuts } = await check(t, folder);
  const auc = Object.fromEntries(shortcuts.map(({ feature, auc: area }) => [feature, area]));
  assert.equal(auc.width, 1);
  assert.equal(auc.channels, 0.5);
  // Heights of a: 30..35; of b: 30, 30, 42, 43, 44, 45. Pairs that b wins: 4 x 6, and two ties of 1/2: 25 of 36.
  assert.equal(auc.height, 25 / 36);
  assert.equal(shortcuts[0]?.auc, 1);
  assert.match(said(await check(t, folder)), /problem: a model could cheat: the width alone predicts the class with AUC 1\.00 \(larger for b\); resize/);
});

test('a number of channels that one class alone has is told with its files, where its AUC hides it', async (t) => {
  const folder = folderIn(t);
  const of = async (seed: number, space: 'b-w' | 'srgb'): Promise<Buffer> => picture(12, 10, seed).toColourspace(space).png().toBuffer();
  for (let index = 0; index < 60; index += 1) {
    writeTree(folder, { [`a/${index}.png`]: await of(index, 'b-w'), [`b/${index}.png`]: await of(60 + index, index < 8 ? 'srgb' : 'b-w') });
  }
  const found = await check(t, folder);
  assert.deepEqual(found.channelsByClass, { 1: { a: 60, b: 52 }, 3: { b: 8 } });
  assert.match(said(found), /^warning: a model could cheat: all 8 files with 3 channels are b \(8 of its 60\), none of another class; channels: gray/m);
  // Two files would be of one class by chance in every other set: (1/2)^2.
  for (let index = 2; index < 8; index += 1) writeTree(folder, { [`b/${index}.png`]: await of(60 + index, 'b-w') });
  assert.doesNotMatch(said(await check(t, folder)), /files with 3 channels/);
});

test('arrays are checked like files, and no pattern for names is advised', async (t) => {
  const folder = folderIn(t);
  const pixels = Uint8Array.from({ length: 12 * 6 }, (_, index) => (index * 37) % 251);
  writeTree(folder, { 'images.npy': npy('|u1', [12, 2, 3], pixels), 'labels.npy': npy('|u1', [12], Uint8Array.from({ length: 12 }, (_, index) => index % 2)) });
  const found = await check(t, folder);
  assert.deepEqual([found.classes, found.groups, found.arrays], [{ 0: 6, 1: 6 }, null, true]);
  assert.match(said(found), /note: arrays do not say whom an image shows/);
  assert.doesNotMatch(said(found), /group-?by/i);
});

test('chest-xray-pneumonia: bytes alone tell the class with 0.95, the height with 0.90, and two pairs of copies are found', async (t) => {
  const folder = sharedData('chest-xray-pneumonia');
  if (folder === null) {
    t.skip('no ../shared/data/chest-xray-pneumonia beside the repository');
    return;
  }
  const found = await check(t, folder);
  const auc = Object.fromEntries(found.shortcuts.map(({ feature, auc: area }) => [feature, area]));
  // Published with the data set; scikit-learn's roc_auc_score.
  assert.ok(Math.abs((auc.bytes ?? 0) - 0.95) < 0.01, `bytes ${auc.bytes}`);
  assert.ok(Math.abs((auc.height ?? 0) - 0.9) < 0.01, `height ${auc.height}`);
  // The counts of the data set's README.
  assert.deepEqual([found.classes, found.channels], [{ NORMAL: 403, PNEUMONIA: 1163 }, { 1: 1481, 3: 85 }]);
  assert.deepEqual(found.channelsByClass[3], { PNEUMONIA: 85 });
  assert.match(said(found), /all 85 files with 3 channels are PNEUMONIA \(85 of its 1163\), none of another class/);
  assert.deepEqual(found.duplicates.exact.map(({ files }) => files.length), [2, 2]);
});

test('the text names every fact and every finding', async (t) => {
  const folder = folderIn(t);
  for (let index = 0; index < 3; index += 1) writeTree(folder, { [`a/${index}.png`]: await png(index), [`b/${index}.png`]: await jpeg(9 + index) });
  const found = await check(t, folder);
  const findings = findingsOf(found);
  const text = checkLines(found, findings).join('\n');
  for (const word of ['6 readable images', 'height', 'aspect', 'channels', 'Shortcuts', ...findings.map(({ message }) => message)]) assert.ok(text.includes(word), word);
});
