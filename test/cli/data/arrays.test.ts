import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, readdirSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { FolderBlobStore } from '../../../blob/folder.js';
import { roleOf } from '../../../cli/data/arrays.js';
import { chunksOf, openNpy } from '../../../cli/data/npy.js';
import { prepareDataset } from '../../../cli/data/prepare.js';
import { scanFolder, type Scan } from '../../../cli/data/scan.js';
import { tiffOf } from '../../../cli/data/tiff.js';
import type { DataSpec, DataSummary } from '../../../coordinator/sweep/spec.js';
import { decodeImage } from '../../../worker/data/decode.js';
import { npy, npz } from '../../support/arrays.js';
import { temporaryFolder, writeTree } from '../../support/images.js';

const SPEC: DataSpec = { path: '.', split: null, label: null, labels: null, classes: null, perClass: null, dedupe: false, groupBy: null, positive: null, channels: 'gray', resize: 'stretch', normalisation: null, maxRejected: 0 };

// Written by NumPy 2.4.6 from arange(24, uint8).reshape(4, 2, 3) * 10: over 255 as big-endian float32 in Fortran order,
// and with val_images = the first two + 1 by savez_compressed; labels 0, 1, ... of shape [N, 1].
const FLOATS = 'k05VTVBZAQB2AHsnZGVzY3InOiAnPmY0JywgJ2ZvcnRyYW5fb3JkZXInOiBUcnVlLCAnc2hhcGUnOiAoNCwgMiwgMyksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAPnDw8T7w8PE/NLS1PfDw8T60tLU/FpaXP1LS0z0goKE+jIyNPwKCgz8+vr8+IKChPsjIyT8goKE/XNzdPaCgoT6goKE/DIyNP0jIyT5IyMk+3NzdPyqqqz9m5uc=';
const ARCHIVE =
  'UEsDBC0AAAAIAAAAIQAJcJLP//////////8QABQAdHJhaW5faW1hZ2VzLm5weQEAEACYAAAAAAAAAGIAAAAAAAAAm+wX6hsQychQxlCtnpJanFykbqWgXlNqqK6joJ6WX1RSlJgXn1+UkgoSd0vMKU4FihdnJBakAvkaJjoKRjoKxpo6CrUK5AEuBi4ROQ0jG7eAqJS8iqaeaQtWbdl34tKdZwBQSwMELQAAAAgAAAAhACdFpBT//////////xAAFAB0cmFpbl9sYWJlbHMubnB5AQAQAIQAAAAAAAAASgAAAAAAAACb7BfqGxDJyFDGUK2eklqcXKRupaBeU2qorqOgnpZfVFKUmBefX5SSChJ3S8wpTgWKF2ckFqQC+RomOgqGmjoKtQpkAy4GRgZGAFBLAwQtAAAACAAAACEAzT0BuP//////////DgAUAHZhbF9pbWFnZXMubnB5AQAQAIwAAAAAAAAAVAAAAAAAAACb7BfqGxDJyFDGUK2eklqcXKRupaBeU2qorqOgnpZfVFKUmBefX5SSChJ3S8wpTgWKF2ckFqQC+RpGOgpAZKypo1CrQB7gYuQWldc0tnUPjE7NBwBQSwMELQAAAAgAAAAhAIMXsuX//////////w4AFAB2YWxfbGFiZWxzLm5weQEAEACCAAAAAAAAAEgAAAAAAAAAm+wX6hsQychQxlCtnpJanFykbqWgXlNqqK6joJ6WX1RSlJgXn1+UkgoSd0vMKU4FihdnJBakAvkaRjoKhpo6CrUKZAMuBkYAUEsBAi0DLQAAAAgAAAAhAAlwks9iAAAAmAAAABAAAAAAAAAAAAAAAIABAAAAAHRyYWluX2ltYWdlcy5ucHlQSwECLQMtAAAACAAAACEAJ0WkFEoAAACEAAAAEAAAAAAAAAAAAAAAgAGkAAAAdHJhaW5fbGFiZWxzLm5weVBLAQItAy0AAAAIAAAAIQDNPQG4VAAAAIwAAAAOAAAAAAAAAAAAAACAATABAAB2YWxfaW1hZ2VzLm5weVBLAQItAy0AAAAIAAAAIQCDF7LlSAAAAIIAAAAOAAAAAAAAAAAAAACAAcQBAAB2YWxfbGFiZWxzLm5weVBLBQYAAAAABAAEAPQAAABMAgAAAAA=';

function place(t: TestContext): { root: string; cacheDir: string; scan(path?: string, more?: object): Promise<Scan>; prepare(change: Partial<DataSpec>): Promise<DataSummary> } {
  const root = temporaryFolder(t);
  const cacheDir = join(root, 'cache');
  mkdirSync(join(root, 'arrays'));
  return {
    root,
    cacheDir,
    scan: (path = 'arrays', more = {}) => scanFolder({ folder: join(root, path), cacheDir, maxRejected: 0, ...more }),
    prepare: (change) => prepareDataset({ base: root, cacheDir, blobs: new FolderBlobStore(join(root, 'blobs')), seed: 0, spec: { ...SPEC, ...change } }),
  };
}

async function pixels(scan: Scan, name: string, height: number, width: number, channels: 1 | 3 = 1): Promise<number[]> {
  return [...(await decodeImage(await scan.read({ name }), { height, width, channels, resize: 'stretch' }))];
}

const tens = (first: number): number[] => Array.from({ length: 6 }, (_, index) => 10 * (first + index));

test('an archive as MedMNIST writes it: given parts, labels in columns, images by part and place', async (t) => {
  const at = place(t);
  writeTree(at.root, { 'set.npz': Buffer.from(ARCHIVE, 'base64') });
  const scan = await at.scan('set.npz', { classes: ['normal', 'sick'] });
  assert.deepEqual([scan.classes, scan.given], [['normal', 'sick'], ['train', 'val']]);
  assert.deepEqual(scan.files.map(({ name, label, part }) => `${name} ${label} ${part}`), ['train/0 0 train', 'train/1 1 train', 'train/2 0 train', 'train/3 1 train', 'val/0 0 val', 'val/1 1 val']);
  assert.deepEqual(await pixels(scan, 'train/2', 2, 3), tens(12));
  assert.deepEqual(await pixels(scan, 'val/1', 2, 3), tens(6).map((value) => value + 1));
});

test('big-endian floats in Fortran order are the grey levels that they were, and what is uint8 already is not copied', async (t) => {
  const at = place(t);
  writeTree(at.root, { 'arrays/x_train.npy': Buffer.from(FLOATS, 'base64'), 'arrays/y_train.npy': npy('<i8', [4], new Uint8Array(new BigInt64Array([0n, 1n, 0n, 1n]).buffer)) });
  writeTree(at.root, { 'arrays/x_test.npy': npy('|u1', [2, 2, 3, 1], Uint8Array.from([...tens(0), ...tens(6)])), 'arrays/y_test.npy': npy('<f4', [2, 1], new Uint8Array(new Float32Array([0, 1]).buffer)) });
  const scan = await at.scan();
  for (let image = 0; image < 4; image += 1) assert.deepEqual(await pixels(scan, `train/${image}`, 2, 3), tens(6 * image), `image ${image}`);
  assert.deepEqual(await pixels(scan, 'test/1', 2, 3), tens(6));
  const copies = readdirSync(at.cacheDir, { recursive: true }).map(String).filter((name) => name.endsWith('.pixels'));
  assert.deepEqual(copies.map((name) => name.split('/').at(-1)), ['x_train.pixels']);
});

test('one file of images goes with one of labels, and the data are the same under any form', async (t) => {
  const at = place(t);
  const images = Uint8Array.from({ length: 12 * 6 }, (_, index) => (index * 37) % 251);
  const labels = Uint8Array.from({ length: 12 }, (_, index) => (index % 2) * 7);
  writeTree(at.root, { 'arrays/images.npy': npy('|u1', [12, 2, 3], images), 'arrays/labels.npy': npy('|u1', [12], labels), 'a.npy': npy('<f8', [12, 2, 3], new Uint8Array(Float64Array.from(images).buffer)), 'b.npy': npy('|i1', [12, 1], labels) });
  const folder = await at.prepare({ path: './arrays' });
  assert.deepEqual([folder.classes, folder.images], [['0', '7'], 12]);
  assert.equal((await at.prepare({ path: './a.npy', labels: './b.npy' })).digest, folder.digest);
});

test('RGB arrays keep their colours', async (t) => {
  const at = place(t);
  const colours = Uint8Array.from({ length: 4 * 2 * 2 * 3 }, (_, index) => index * 5);
  writeTree(at.root, { 'arrays/images.npy': npy('|u1', [4, 2, 2, 3], colours), 'arrays/labels.npy': npy('|b1', [4], Uint8Array.from([0, 1, 0, 1])) });
  assert.deepEqual(await pixels(await at.scan(), 'images/2', 2, 2, 3), [...colours.subarray(24, 36)]);
});

test('an array that cannot be used says why, and what to do in NumPy', async (t) => {
  const at = place(t);
  const labels = npy('|u1', [2], Uint8Array.from([0, 1]));
  const floats = (values: readonly number[]): Buffer => npy('<f4', [2, 1, values.length / 2], new Uint8Array(Float32Array.from(values).buffer));
  const cases: [Buffer, Buffer, RegExp][] = [
    [npy('|O', [2], Buffer.alloc(16)), labels, /Python objects \(dtype object, a pickle\) \(.*arrays: images\), expected numbers; .*numpy\.stack/],
    [floats([0, 0.5, 1, 0.25]), labels, /found 0\.5 in image 0 .*expected whole numbers from 0 to 255, or those divided by 255; bring them to 8 bits yourself/],
    [floats([0, 255, 12, Number.NaN]), labels, /found NaN in image 1/],
    [floats([0, 256, 12, 1]), labels, /found 256 in image 0/],
    [npy('<u2', [2, 1, 1], Buffer.from([1, 0, 0, 1])), labels, /found 256 in image 1 .*expected whole numbers from 0 to 255;/],
    [npy('|u1', [2, 3, 4, 4], Buffer.alloc(96)), labels, /shape \(2, 3, 4, 4\).*transpose\(0, 2, 3, 1\)/],
    [npy('|u1', [2, 16], Buffer.alloc(32)), labels, /shape \(2, 16\).*reshape\(-1, height, width\)/],
    [npy('|b1', [2, 1, 1], Buffer.alloc(2)), labels, /dtype bool.*\* 255/],
    [npy('<f2', [2, 1, 1], Buffer.alloc(4)), labels, /dtype <f2, expected|values of dtype <f2/],
    [npy('|u1', [2, 4, 4], Buffer.alloc(31)), labels, /found \d+ bytes .*expected \d+, as its header promises; the file is cut short/],
    [Buffer.from('no array'), labels, /a file that is no NumPy array/],
    [npy('|u1', [2, 1, 1], Buffer.from([1, 2])), npy('|u1', [2, 2], Buffer.from([0, 1, 1, 0])), /shape \(2, 2\).*argmax\(axis=1\)/],
    [npy('|u1', [2, 1, 1], Buffer.from([1, 2])), npy('|u1', [3], Buffer.from([0, 1, 1])), /shape \(3\).*expected one label per image, \(2\)/],
    [npy('|u1', [2, 1, 1], Buffer.from([1, 2])), npy('<f4', [2], new Uint8Array(Float32Array.of(0, 0.5).buffer)), /0\.5 as the label of image 1/],
  ];
  for (const [images, of, message] of cases) {
    writeTree(at.root, { 'arrays/images.npy': images, 'arrays/labels.npy': of });
    await assert.rejects(at.scan(), { code: 'BadArrays', message });
  }
  writeTree(at.root, { 'arrays/images.npy': npy('|u1', [2, 1, 1], Buffer.from([1, 2])), 'arrays/labels.npy': npy('|u1', [2], Buffer.from([4, 4])) });
  await assert.rejects(at.scan(), { code: 'OneClass', message: /one class only \(4\)/ });
});

test('an archive that is none, is cut short, or has other names is one line', async (t) => {
  const at = place(t);
  const whole = Buffer.from(ARCHIVE, 'base64');
  writeTree(at.root, { 'set.npz': 'no archive' });
  await assert.rejects(at.scan('set.npz'), { code: 'BadArrays', message: /an archive that cannot be read: .*set\.npz/ });
  writeTree(at.root, { 'set.npz': whole });
  truncateSync(join(at.root, 'set.npz'), whole.length - 30);
  await assert.rejects(at.scan('set.npz'), { code: 'BadArrays', message: /an archive that cannot be read/ });
  // One grey level is another: every size is right, the checksum is not.
  const images = npy('|u1', [4, 1, 1], Uint8Array.of(1, 2, 3, 4));
  const stored = npz({ images, labels: npy('|u1', [4], Uint8Array.of(0, 1, 0, 1)) }, { compressed: false });
  const changed = Buffer.from(stored);
  changed[stored.indexOf(images) + images.length - 2] = 9;
  writeTree(at.root, { 'set.npz': stored });
  assert.equal((await at.scan('set.npz')).files.length, 4);
  writeTree(at.root, { 'set.npz': changed });
  await assert.rejects(at.scan('set.npz'), { code: 'BadArrays', message: /an archive that cannot be read: images\.npy has checksum [0-9a-f]{8} where the archive says [0-9a-f]{8}/ });
  // The first array's compressed bytes.
  writeTree(at.root, { 'set.npz': Buffer.from(whole).fill(255, 70, 150) });
  await assert.rejects(at.scan('set.npz'), { code: 'BadArrays', message: /an archive that cannot be read/ });
  writeTree(at.root, { 'set.npz': whole });
  await assert.rejects(at.scan('set.npz', { classes: ['only'] }), { message: /data\.classes: found 1 name, but the label 1 in .*set\.npz, expected names for the labels 0 to 1/ });
  await assert.rejects(at.prepare({ path: './set.npz', label: '(a|b)' }), { message: /data\.label: .*; arrays bring their labels along/ });
  await assert.rejects(at.prepare({ path: './none.npz' }), { code: 'DataFolderMissing', message: /no such folder or file|no such folder/ });
  writeTree(at.root, { 'arrays/pictures.npy': npy('|u1', [2, 1, 1], Buffer.from([1, 2])) });
  await assert.rejects(at.scan(), { code: 'BadArrays', message: /the arrays pictures .*expected arrays named train_images and train_labels/ });
  await assert.rejects(at.prepare({ path: './arrays/pictures.npy' }), { code: 'BadArrays', message: /without labels.*data: \{path: / });
});

test('the names that people give arrays say what they are', () => {
  const said = (name: string): string => { const role = roleOf(name); return role === null ? '-' : `${role.part ?? 'all'} ${role.kind}`; };
  assert.deepEqual(['train_images', 'y_test', 'xTrain', 'X', 'trainY', 'xval', 'val-labels', 'images', 'pictures', 'train_images_mask'].map(said), ['train images', 'test labels', 'train images', 'all images', 'train labels', 'val images', 'val labels', 'all images', '-', '-']);
});

test('an array of any length is read in memory of one size', (t) => {
  const at = place(t);
  const values = Uint8Array.from({ length: 1000 * 4 }, (_, index) => index & 255);
  for (const fortran of [false, true]) {
    writeTree(at.root, { 'arrays/a.npy': npy('|u1', [1000, 2, 2], values, fortran) });
    const seen: number[] = [];
    let most = 0;
    for (const { bytes } of chunksOf(openNpy(join(at.root, 'arrays', 'a.npy'), 'a'), 64)) {
      most = Math.max(most, bytes.buffer.byteLength);
      seen.push(bytes[0] ?? -1);
    }
    assert.ok(most === 64 || most === 8192, `${most} bytes`);
    assert.equal(seen.length, 63);
  }
});

test('what must be unpacked or converted says how far it is, and can be interrupted', async (t) => {
  const at = place(t);
  const floats = npy('<f4', [4, 1, 1], new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer));
  writeTree(at.root, { 'set.npz': npz({ images: floats, labels: npy('|u1', [4], Uint8Array.of(0, 1, 0, 1)) }) });
  const said: string[] = [];
  await at.scan('set.npz', { onUnpack: (array: string, done: number, total: number) => said.push(`${array} ${done}/${total}`) });
  assert.ok(said.includes(`images ${floats.length}/${floats.length}`) && said.includes('images 4/4'), said.join(', '));
  const controller = new AbortController();
  const stopped = at.scan('set.npz', { cacheDir: join(at.root, 'other'), signal: controller.signal, onUnpack: () => controller.abort(new Error('stopped')) });
  await assert.rejects(stopped, { message: 'stopped' });
  const left = readdirSync(join(at.root, 'other'), { recursive: true }).map(String).filter((name) => name.endsWith('.tmp'));
  assert.deepEqual(left, []);
});

test('an array with a header of version 2 is read as well', (t) => {
  const at = place(t);
  const one = npy('|u1', [1, 1, 2], Uint8Array.of(7, 9));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(one.readUInt16LE(8));
  writeTree(at.root, { 'arrays/a.npy': Buffer.concat([one.subarray(0, 6), Buffer.from([2, 0]), length, one.subarray(10)]) });
  const [chunk] = chunksOf(openNpy(join(at.root, 'arrays', 'a.npy'), 'a'));
  assert.deepEqual([...(chunk?.bytes ?? [])], [7, 9]);
  assert.equal(readFileSync(join(at.root, 'arrays', 'a.npy')).length, one.length + 2);
});

test('a picture of an array is an image file that the decoder reads back', async () => {
  const grey = Uint8Array.from({ length: 35 }, (_, index) => index * 7);
  assert.deepEqual([...(await decodeImage(tiffOf(grey, 5, 7, 1), { height: 5, width: 7, channels: 1, resize: 'stretch' }))], [...grey]);
});
