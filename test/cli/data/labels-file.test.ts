import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { FolderBlobStore } from '../../../blob/folder.js';
import { prepareDataset } from '../../../cli/data/prepare.js';
import { placeOf } from '../../../cli/data/layout-of.js';
import { scanFolder, type Scan } from '../../../cli/data/scan.js';
import { near } from '../../../cli/program-name.js';
import { parseSweepFile } from '../../../coordinator/sweep/parse.js';
import type { DataSpec, DataSummary } from '../../../coordinator/sweep/spec.js';
import { decodeManifest } from '../../../proto/manifest.js';
import type { DataManifest } from '../../../proto/work.js';
import { png, temporaryFolder, writeTree } from '../../support/images.js';

interface Place {
  readonly root: string;
  readonly blobs: FolderBlobStore;
  prepare(data: string): Promise<DataSummary>;
  scan(data: string): Promise<Scan>;
  manifest(data: string): Promise<DataManifest>;
}

function specOf(data: string): DataSpec {
  const parsed = parseSweepFile(`data: ${data}\n`, 'sweep.yaml');
  assert.ok('spec' in parsed, 'mistakes' in parsed ? JSON.stringify(parsed.mistakes) : '');
  assert.ok(parsed.spec.trainable.kind === 'image-classifier');
  return parsed.spec.trainable.data;
}

function place(t: TestContext): Place {
  const root = temporaryFolder(t);
  mkdirSync(join(root, 'images'));
  const blobs = new FolderBlobStore(join(root, 'blobs'));
  const cacheDir = join(root, 'cache');
  const prepare = (data: string): Promise<DataSummary> => prepareDataset({ base: root, cacheDir, blobs, seed: 0, spec: specOf(data) });
  return {
    root,
    blobs,
    prepare,
    scan: (data) => scanFolder({ ...placeOf(specOf(data), root), cacheDir, maxRejected: 1 }),
    manifest: async (data) => {
      const chunks: Buffer[] = [];
      for await (const chunk of await blobs.open((await prepare(data)).manifest)) chunks.push(chunk as Buffer);
      return decodeManifest(Buffer.concat(chunks));
    },
  };
}

const LABELS = '{path: ./images, labels: {file: labels.csv, path: file, label: finding}}';

/** Images a0.png, a1.png, ... of which a table may speak. */
async function images(at: Place, names: readonly string[]): Promise<void> {
  for (const [index, name] of names.entries()) writeTree(join(at.root, 'images'), { [name]: await png(index) });
}

const eight = Array.from({ length: 8 }, (_, index) => `x${index}.png`);

test('a table gives each image its class, whatever its delimiter, line ends, byte order mark and quotes', async (t) => {
  const at = place(t);
  await images(at, eight);
  for (const [delimiter, end, mark] of [[',', '\n', ''], [';', '\r\n', '\uFEFF'], ['\t', '\n', '']] as const) {
    const rows = ['note,finding,file'.replaceAll(',', delimiter), ...eight.map((name, index) => [`"a ""quoted""${delimiter} note"`, index < 4 ? 'NORMAL' : ' "SICK" ', name].join(delimiter))];
    writeTree(at.root, { 'labels.csv': mark + rows.join(end) + end });
    const { classes, files } = await at.scan(LABELS);
    assert.deepEqual([classes, files.map(({ name, label }) => `${name} ${label}`)], [['NORMAL', 'SICK'], eight.map((name, index) => `${name} ${index < 4 ? 0 : 1}`)], JSON.stringify(delimiter));
  }
});

test('parts of a table are given parts, and its groups stay on one side of a split', async (t) => {
  const at = place(t);
  const names = Array.from({ length: 60 }, (_, index) => `x${index}.png`);
  await images(at, names);
  const part = (index: number): string => ['train', 'Val', 'testing'][index % 3] ?? '';
  writeTree(at.root, { 'labels.csv': `file,finding,split,patient\n${names.map((name, index) => `${name},${index < 30 ? 'a' : 'b'},${part(index)},p${Math.floor(index / 3)}`).join('\n')}\n` });
  const given = await at.prepare('{path: ./images, labels: {file: labels.csv, path: file, label: finding, part: split}}');
  assert.deepEqual(given.counts, { train: [10, 10], val: [10, 10], test: [10, 10] });
  const { files } = await at.manifest('{path: ./images, labels: {file: labels.csv, path: file, label: finding, group: patient}}');
  const parts = new Map<number, Set<string>>();
  for (const file of files) {
    const patient = Math.floor(Number(/\d+/.exec(file.name)?.[0]) / 3);
    parts.set(patient, (parts.get(patient) ?? new Set()).add(file.part));
  }
  assert.ok([...parts.values()].every((sides) => sides.size === 1), 'a patient on two sides');
  assert.equal(new Set(files.map((file) => file.part)).size, 3);
});

test('the same images with the same labels are the same data, in folders or by a table', async (t) => {
  const at = place(t);
  await images(at, eight);
  for (const [index] of eight.entries()) writeTree(join(at.root, 'folders'), { [`${index < 4 ? 'a' : 'b'}/${index}.png`]: await png(index) });
  writeTree(at.root, { 'labels.csv': `file,finding\n${eight.map((name, index) => `${name},${index < 4 ? 'a' : 'b'}`).join('\n')}` });
  assert.equal((await at.prepare(LABELS)).digest, (await at.prepare('./folders')).digest);
});

test('every mistake in a table is told by its line, and so many that they can be read', async (t) => {
  const at = place(t);
  await images(at, [...eight, 'it\'s "ü" 1.png']);
  const rows = [
    ...eight.map((name, index) => `${name},${index < 4 ? 'a' : 'b'},train`),
    'gone.png,a,train', '"it\'s ""u\u0308"" 1.png",,train', 'x0.png,b,train', 'x1.png,a,trian', '../x.png,a,train', ',a,train', 'x2.png,a', 'x3.png,aa,val',
  ];
  writeTree(at.root, { 'labels.csv': `file,finding,split\n${rows.join('\n')}\n` });
  const data = '{path: ./images, labels: {file: labels.csv, path: file, label: finding, part: split}}';
  const lines = await at.scan(data).then(() => [], (error: unknown) => (error as Error).message.split('\n'));
  const file = join(at.root, 'labels.csv');
  assert.deepEqual(lines.map((line) => line.replace(near(file), 'F').replaceAll(near(join(at.root, 'images')), 'IMAGES')), [
    'F:10: file: found "gone.png", which is not there, expected a file below IMAGES',
    'F:11: finding: found nothing, expected a class; take the row out, or label its image',
    'F:12: finding: found "b" for x0.png, expected "a", as in line 2; one of the two rows is wrong: take it out',
    'F:13: split: found "trian", expected train, val or test; did you mean train?',
    'F:14: file: found "../x.png", expected a path below IMAGES; data.path is the folder that all paths start from',
    'F:15: file: found nothing, expected the path of an image',
    'F:16: row: found 2 cells, expected 3, as in the header; put a cell that holds the delimiter into quotes',
    'F:16: split: found nothing, expected train, val or test',
    'F:17: finding: found "aa" for x3.png, expected "a", as in line 5; one of the two rows is wrong: take it out',
  ]);
  writeTree(at.root, { 'labels.csv': `file,finding\n${Array.from({ length: 100 }, (_, index) => `gone${index}.png,a`).join('\n')}` });
  const many = await at.scan(LABELS).then(() => [], (error: unknown) => (error as Error).message.split('\n'));
  assert.equal(many.length, 21);
  assert.match(many[20] ?? '', /labels\.csv: and 80 more mistakes$/);
});

test('a class of one image is told where it stands, with the class that was probably meant', async (t) => {
  const at = place(t);
  await images(at, eight);
  writeTree(at.root, { 'labels.csv': `file,finding\n${eight.map((name, index) => `${name},${index < 4 ? 'NORMAL' : index === 7 ? 'PNEUMNIA' : 'PNEUMONIA'}`).join('\n')}` });
  await assert.rejects(at.prepare(LABELS), { code: 'BadLabels', message: /labels\.csv:9: finding: found "PNEUMNIA" for one image only, expected several images of each class; did you mean PNEUMONIA\?$/ });
});

test('a table, a column or an encoding that is not there says what is', async (t) => {
  const at = place(t);
  await images(at, eight);
  const cases: [string | Uint8Array, string, RegExp][] = [
    ['File;finding\nx0.png;a\n', 'UnknownColumn', /^data\.labels\.path: found "file", which is no column of .*labels\.csv, expected one of File, finding; did you mean File\?$/],
    ['', 'BadLabelsFile', /labels\.csv, which is empty, expected a header/],
    ['file,finding\n', 'NoImages', /a header and no rows/],
    ['file,finding\n"x0.png,a\n', 'BadLabelsFile', /labels\.csv:\d: found quotes that do not fit together/],
    [Buffer.from('file,finding\nx0.png,m\xfcde\n', 'latin1'), 'BadLabelsFile', /not UTF-8 text, expected a CSV file in UTF-8; in a spreadsheet program/],
    [`file,finding\n${eight.map((name) => `${name},a`).join('\n')}`, 'OneClass', /one class only \(a\)/],
  ];
  for (const [text, code, message] of cases) {
    writeTree(at.root, { 'labels.csv': text });
    await assert.rejects(at.prepare(LABELS), { code, message });
  }
  await assert.rejects(at.prepare('{path: ./images, labels: {file: other.csv}}'), { code: 'BadLabelsFile', message: /no such file: .*other\.csv, expected a CSV file; its path is relative to the sweep file$/ });
  writeTree(join(at.root, 'images'), { 'inside.csv': 'path,label\n' });
  await assert.rejects(at.prepare('{path: ./images, labels: {file: inside.csv}}'), { message: /write file: .*images\/inside\.csv$/ });
});

test('files that a table does not list are left out with a warning, and a row said twice counts once', async (t) => {
  const at = place(t);
  await images(at, [...eight, 'more.png']);
  writeTree(at.root, { 'labels.csv': `file,finding\n${[...eight, 'x0.png'].map((name, index) => `./${name},${index % 8 < 4 ? 'a' : 'b'}`).join('\n')}` });
  const { images: count, warnings } = await at.prepare(LABELS);
  assert.equal(count, 8);
  assert.match(warnings.join('\n'), /1 row of .* says again what an earlier one says/);
  assert.match(warnings.join('\n'), /1 file of .*images that .*labels\.csv does not list is left out: more\.png/);
});

test('keys that answer the same question twice are refused', () => {
  const said = (data: string): string => {
    const parsed = parseSweepFile(`data: ${data}\n`, 'sweep.yaml');
    return 'mistakes' in parsed ? parsed.mistakes.map(({ field, found }) => `${field}: ${found}`).join('\n') : '';
  };
  assert.equal(said("{path: x, label: '(a|b)', labels: {file: l.csv}}"), 'data.label: label beside labels');
  assert.equal(said("{path: x, groupBy: '(p)', labels: {file: l.csv, group: patient}}"), 'data.groupBy: groupBy beside labels.group');
  assert.equal(said('{path: x, classes: [a, b], labels: {file: l.csv}}'), 'data.classes: classes beside a table of labels');
  assert.equal(said('{path: x, classes: [a, a]}'), 'data.classes: ["a","a"]');
  assert.match(said('{path: x, labels: {path: file}}'), /data\.labels/);
});
