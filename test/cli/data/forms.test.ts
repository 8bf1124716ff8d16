import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import sharp from 'sharp';
import { FolderBlobStore } from '../../../blob/folder.js';
import { prepareDataset } from '../../../cli/data/prepare.js';
import { scanFolder } from '../../../cli/data/scan.js';
import type { DataSpec, DataSummary } from '../../../coordinator/sweep/spec.js';
import { classFolders, picture, png, temporaryFolder, writeTree } from '../../support/images.js';

const SPEC: DataSpec = { path: '.', split: null, label: null, labels: null, classes: null, perClass: null, dedupe: false, groupBy: null, positive: null, channels: 'gray', resize: 'stretch', normalisation: null, maxRejected: 0.5 };

function place(t: TestContext): { folder: string; prepare(change?: Partial<DataSpec>): Promise<DataSummary>; rejected(): Promise<{ [file: string]: string }> } {
  const root = temporaryFolder(t);
  const folder = join(root, 'data');
  mkdirSync(folder);
  const cacheDir = join(root, 'cache');
  return {
    folder,
    prepare: (change = {}) => prepareDataset({ base: folder, cacheDir, blobs: new FolderBlobStore(join(root, 'blobs')), seed: 0, spec: { ...SPEC, ...change } }),
    rejected: async () => Object.fromEntries((await scanFolder({ folder, cacheDir, maxRejected: 1 })).rejected.map(({ file, why }) => [file, why])),
  };
}

const totals = ({ counts }: DataSummary): number[] => counts.train.map((train, label) => train + (counts.val[label] ?? 0) + (counts.test[label] ?? 0));

test('the class can stand in the file names, at any depth, and links in circles do no harm', async (t) => {
  const at = place(t);
  for (let index = 0; index < 8; index += 1) {
    writeTree(at.folder, { [`person${index}_bacteria_1.png`]: await png(index), [`deep/er/person${index}_virus_1.png`]: await png(50 + index) });
  }
  writeTree(at.folder, { 'readme.txt': 'text' });
  symlinkSync(at.folder, join(at.folder, 'deep', 'loop'));
  const data = await at.prepare({ label: 'person\\d+_(bacteria|virus)' });
  assert.deepEqual([data.classes, totals(data)], [['bacteria', 'virus'], [8, 8]]);
  assert.match(data.warnings.join('\n'), /does not match 1 of 17 file names, which are left out: readme\.txt/);
});

test('given parts are found with labels in names too', async (t) => {
  const at = place(t);
  for (const [offset, part] of ['train', 'val', 'test'].entries()) {
    for (let index = 0; index < 4; index += 1) writeTree(at.folder, { [`${part}/${index}_a.png`]: await png(offset * 20 + index), [`${part}/${index}_b.png`]: await png(offset * 20 + 10 + index) });
  }
  assert.deepEqual((await at.prepare({ label: '_(a|b)' })).counts, { train: [4, 4], val: [4, 4], test: [4, 4] });
});

test('a label that matches nothing, or one class, is an error that shows names', async (t) => {
  const at = place(t);
  await classFolders(at.folder, ['a', 'b'], 2);
  await assert.rejects(at.prepare({ label: 'x(\\d)' }), { code: 'NoImages', message: /matches none of 4 file names .*a\/image0\.png.*first capture/ });
  await assert.rejects(at.prepare({ label: '(image)' }), { code: 'OneClass', message: /one class only \(image\)/ });
  await assert.rejects(at.prepare({ label: '(' }), { code: 'BadLabel' });
});

test('a cap takes so many of each class, the same ones under other names', async (t) => {
  const at = place(t);
  await classFolders(at.folder, ['a', 'b'], 12);
  const other = place(t);
  for (let index = 0; index < 24; index += 1) writeTree(other.folder, { [`${index < 12 ? 'a' : 'b'}/renamed${40 - index}.png`]: await png(index) });
  const data = await at.prepare({ perClass: 8 });
  assert.deepEqual(totals(data), [8, 8]);
  assert.equal((await other.prepare({ perClass: 8 })).digest, data.digest);
});

test('dedupe drops from train what lies in val or test too; without it copies are kept and warned of', async (t) => {
  const at = place(t);
  for (const part of ['train', 'val', 'test']) await classFolders(join(at.folder, part), ['a', 'b'], 4);
  // classFolders writes the same pictures into each part; train gets some of its own.
  writeTree(at.folder, { 'train/a/own.png': await png(90), 'train/b/own.png': await png(91) });
  const kept = await at.prepare();
  assert.deepEqual(kept.counts.train, [5, 5]);
  assert.match(kept.warnings.join('\n'), /8 images lie in more than one part: "dedupe: true" drops those from train/);
  const dropped = await at.prepare({ dedupe: true });
  assert.deepEqual(dropped.counts, { train: [1, 1], val: [4, 4], test: [4, 4] });
  assert.match(dropped.warnings.join('\n'), /8 images of train that lie in val or test too are left out/);
});

test('dedupe that would leave a class without an image to train on is refused', async (t) => {
  const at = place(t);
  for (const part of ['train', 'val', 'test']) await classFolders(join(at.folder, part), ['a', 'b'], 4);
  // Every image of a in train is a copy of one in val; b has one of its own.
  writeTree(at.folder, { 'train/b/own.png': await png(91) });
  await assert.rejects(at.prepare({ dedupe: true }), { code: 'ClassMissingInPart', message: /^data\.dedupe: found no image of class a left in train/ });
});

test('each kind of file that is no usable image says what it is, and the others are taken', async (t) => {
  const at = place(t);
  await classFolders(at.folder, ['a', 'b'], 2);
  const cmyk = await picture(12, 10, 3).toColourspace('cmyk').jpeg().toBuffer();
  const animated = await sharp(Buffer.concat([Buffer.alloc(48, 9), Buffer.alloc(48, 200)]), { raw: { width: 4, height: 8, channels: 3, pageHeight: 4 } }).gif().toBuffer();
  const huge = Buffer.from(await png(1));
  // Width and height of the PNG header (IHDR), with their checksum.
  huge.writeUInt32BE(30_000, 16);
  huge.writeUInt32BE(30_000, 20);
  huge.writeUInt32BE(crc32(huge.subarray(12, 29)), 29);
  const dicom = Buffer.alloc(200);
  dicom.write('DICM', 128);
  const photo = await picture(60, 60, 2).jpeg().toBuffer();
  writeTree(at.folder, { 'a/empty.png': '', 'a/text.png': 'text', 'a/cut.jpg': photo.subarray(0, photo.length / 2), 'a/huge.png': huge, 'a/x.dcm': dicom, 'b/cmyk.jpg': cmyk, 'b/animated.gif': animated });
  const rejected = await at.rejected();
  assert.deepEqual(Object.keys(rejected).toSorted(), ['a/cut.jpg', 'a/empty.png', 'a/huge.png', 'a/text.png', 'a/x.dcm']);
  assert.equal(rejected['a/empty.png'], 'empty file');
  assert.match(rejected['a/text.png'] ?? '', /not an image in a known format/);
  assert.match(rejected['a/cut.jpg'] ?? '', /damaged or cut short/);
  assert.match(rejected['a/huge.png'] ?? '', /larger than 100 million pixels/);
  assert.match(rejected['a/x.dcm'] ?? '', /a DICOM file, .* dcmj2pnm/);
});

/** As in the PNG specification, appendix D. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc & 1) === 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}
