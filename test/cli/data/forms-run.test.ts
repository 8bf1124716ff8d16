/** Data in the forms people have, from the file to predictions, with real processes and real X-rays. */
import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it, type TestContext } from 'node:test';
import sharp from 'sharp';
import { npy, npz } from '../../support/arrays.js';
import { png, sharedData, temporaryFolder, writeTree } from '../../support/images.js';
import { readDocument, type RunDocument } from '../run-document.js';
import { trawl } from '../trawl.js';

const TINY = 'model: garth-cnn\nspace: {imageSize: 16, filters: [[2, 3, 4]], fcWidth: [4, 6], epochs: 2, batch: 8, lr: 0.01, dropout: 0}\nobjective: {maximize: val.auc}\n';

interface Prediction {
  readonly file: string;
  readonly class: string;
  readonly probabilities: { readonly [name: string]: number };
}

interface Place {
  readonly folder: string;
  readonly home: string;
  /** Runs a command in the folder on the home and returns its stdout. */
  does(...args: string[]): Promise<string>;
  run(file: string): Promise<RunDocument>;
  predictions(bundle: string, ...images: string[]): Promise<Prediction[]>;
}

function place(t: TestContext): Place {
  const folder = temporaryFolder(t);
  const home = join(folder, 'home');
  const does = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await trawl(args, { cwd: folder });
    assert.equal(code, 0, stderr);
    return stdout;
  };
  return {
    folder,
    home,
    does,
    run: async (file) => readDocument(await does('run', file, '--home', home, '--slots', '2', '--json')),
    predictions: async (bundle, ...images) => JSON.parse(await does('predict', bundle, ...images, '--json')) as Prediction[],
  };
}

/** What was predicted is what the bundle recorded of its own images: by digest of the bytes, to 1e-6. */
async function agreesWithItself(at: Place, bundle: string): Promise<void> {
  const manifest = JSON.parse(readFileSync(join(bundle, 'manifest.json'), 'utf8')) as { classes: string[]; reference: { file: string; probabilities: number[] }[] };
  assert.ok(manifest.reference.length > 0);
  const predicted = await at.predictions(bundle, ...manifest.reference.map(({ file }) => join(bundle, file)));
  for (const [index, { probabilities }] of manifest.reference.entries()) {
    manifest.classes.forEach((name, label) => {
      assert.ok(Math.abs((predicted[index]?.probabilities[name] ?? NaN) - (probabilities[label] ?? NaN)) < 1e-6, `${name} of reference ${index}`);
    });
  }
}

it('X-rays with a table of labels: patients on one side, an ensemble, a bundle and predictions', async (t) => {
  const source = sharedData('chest-xray-pneumonia');
  if (source === null) {
    t.skip('no ../shared/data/chest-xray-pneumonia beside the repository');
    return;
  }
  const at = place(t);
  mkdirSync(join(at.folder, 'x-rays'));
  const rows = ['Image Index;Finding;Patient'];
  for (const [name, pattern] of [['NORMAL', /^(IM-\d+)/], ['PNEUMONIA', /^(person\d+)/]] as const) {
    for (const file of readdirSync(join(source, name)).sort().slice(0, 24)) {
      copyFileSync(join(source, name, file), join(at.folder, 'x-rays', file));
      rows.push(`${file};${name === 'NORMAL' ? 'no finding' : 'pneumonia, any'};${pattern.exec(file)?.[1] ?? ''}`);
    }
  }
  writeFileSync(join(at.folder, 'labels.csv'), `\uFEFF${rows.join('\r\n')}\r\n`);
  const data = "data: {path: ./x-rays, labels: {file: labels.csv, path: Image Index, label: Finding, group: Patient}, split: {val: 0.3, test: 0.2}, positive: 'pneumonia, any'}\n";
  writeFileSync(join(at.folder, 'table.yaml'), data + TINY);

  const check = JSON.parse(await at.does('data', 'check', 'table.yaml', '--home', at.home, '--json')) as { classes: object; groups: { column: string | null; groups: number } };
  assert.deepEqual([check.classes, check.groups.column], [{ 'no finding': 24, 'pneumonia, any': 24 }, 'Patient']);
  const document = await at.run('table.yaml');
  assert.deepEqual(document.data?.classes, { 'no finding': 24, 'pneumonia, any': 24 });
  assert.equal(document.trials.filter(({ state }) => state === 'completed').length, 2);
  assert.ok(document.ensemble !== null && document.bundle !== null);
  assert.match(await at.does('ensemble', 'table', '--home', at.home), /test/);
  await at.does('pull', 'table', './pulled', '--home', at.home);
  await agreesWithItself(at, join(at.folder, 'pulled'));
  const predicted = await at.predictions('./pulled', './x-rays');
  assert.equal(predicted.length, 48);
  assert.ok(predicted.every((one) => ['no finding', 'pneumonia, any'].includes(one.class)));

  // The same images under the same labels are the same work, whatever the table looks like.
  writeFileSync(join(at.folder, 'labels.csv'), rows.map((row) => row.split(';').map((cell) => `"${cell}"`).join(',')).join('\n'));
  assert.equal((await at.run('table.yaml')).epochs.trained, 0);
});

it('an archive of arrays: init, run, data check, and predictions of an array', async (t) => {
  const source = sharedData('pneumoniamnist');
  if (source === null) {
    t.skip('no ../shared/data/pneumoniamnist beside the repository');
    return;
  }
  const at = place(t);
  const arrays: { [name: string]: Buffer } = {};
  for (const [part, perClass] of [['train', 20], ['val', 8], ['test', 8]] as const) {
    const images: Buffer[] = [];
    const labels: number[] = [];
    for (let index = 0; index < perClass; index += 1) {
      for (const [label, name] of ['normal', 'pneumonia'].entries()) {
        const file = readdirSync(join(source, part, name)).sort()[index] ?? assert.fail('too few images');
        images.push(await sharp(join(source, part, name, file)).toColourspace('b-w').raw().toBuffer());
        labels.push(label);
      }
    }
    assert.ok(images.every(({ length }) => length === 28 * 28));
    arrays[`${part}_images`] = npy('|u1', [images.length, 28, 28], Buffer.concat(images));
    arrays[`${part}_labels`] = npy('|u1', [labels.length, 1], Uint8Array.from(labels));
  }
  writeFileSync(join(at.folder, 'mnist.npz'), npz(arrays));
  await at.does('init', 'mnist.npz', '--home', at.home);
  const written = readFileSync(join(at.folder, 'mnist.yaml'), 'utf8');
  assert.match(written, /path: \.\/mnist\.npz\n {2}# classes: /);
  assert.doesNotMatch(written, /groupBy/);
  const settings = /space:[^]*?(?=objective|sampler)/;
  assert.match(written, settings);
  writeFileSync(join(at.folder, 'mnist.yaml'), written.replace(settings, 'space: {imageSize: 28, filters: [[2, 3, 4]], fcWidth: [4, 6], epochs: 2, batch: 8, lr: 0.01, dropout: 0}\n'));

  // Named itself it runs by the file that was written for it.
  const document = await at.run('mnist.npz');
  assert.deepEqual(document.data?.split, { train: 40, val: 16, test: 16 });
  assert.equal(document.trials.filter(({ state }) => state === 'completed').length, 2);
  assert.ok(document.bundle !== null);
  await agreesWithItself(at, document.bundle);

  const check = await at.does('data', 'check', 'mnist.npz', '--home', at.home);
  assert.doesNotMatch(check, /groupBy|--group-by/);
  // The test array once more: as it is, as floats, and as files.
  const values = arrays.test_images?.subarray(-16 * 784) ?? Buffer.alloc(0);
  writeTree(at.folder, { 'bytes.npy': npy('|u1', [16, 28, 28, 1], values), 'floats.npy': npy('<f4', [16, 28, 28], new Uint8Array(Float32Array.from(values, (value) => value / 255).buffer)) });
  for (let index = 0; index < 16; index += 1) {
    await sharp(values.subarray(784 * index, 784 * (index + 1)), { raw: { width: 28, height: 28, channels: 1 } }).toColourspace('b-w').png().toFile(join(at.folder, `image${String(index).padStart(2, '0')}.png`));
  }
  const asFiles = await at.predictions(document.bundle, 'image*.png');
  for (const name of ['bytes.npy', 'floats.npy']) {
    const asArray = await at.predictions(document.bundle, name);
    assert.deepEqual(asArray.map(({ file }) => file), Array.from({ length: 16 }, (_, index) => `${name}/${index}`));
    assert.deepEqual(asArray.map(({ probabilities }) => probabilities), asFiles.map(({ probabilities }) => probabilities));
  }
  const mixed = await trawl(['predict', document.bundle, 'mnist.npz', 'image00.png', '--json'], { cwd: at.folder });
  assert.equal(mixed.code, 0, mixed.stderr);
  assert.match(mixed.stderr, /^mnist\.npz: found an archive of arrays, expected images; save the array .*numpy\.save/m);
  assert.equal((JSON.parse(mixed.stdout) as unknown[]).length, 1);
});

it('a table or an archive that is wrong makes no sweep and stores nothing', async (t) => {
  const at = place(t);
  mkdirSync(join(at.folder, 'images'));
  for (let index = 0; index < 8; index += 1) writeTree(join(at.folder, 'images'), { [`x${index}.png`]: await png(index) });
  const said = async (file: string, code = 2): Promise<string> => {
    const ended = await trawl(['run', file, '--home', at.home], { cwd: at.folder });
    assert.equal(ended.code, code, ended.stderr);
    assert.doesNotMatch(ended.stderr, /^\s+at /m, 'a stack trace');
    return ended.stderr;
  };
  const isEmpty = (): void => {
    assert.equal(existsSync(join(at.home, 'postgres')), false);
    const blobs = join(at.home, 'blobs');
    assert.deepEqual(existsSync(blobs) ? readdirSync(blobs, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()) : [], []);
  };
  writeFileSync(join(at.folder, 'a.yaml'), `data: {path: ./images, labels: {file: labels.csv, path: file, label: finding}, split: {val: 0.3, test: 0.2}}\n${TINY}`);
  writeFileSync(join(at.folder, 'labels.csv'), ['file,finding', ...Array.from({ length: 8 }, (_, index) => `x${index === 5 ? 'none' : index}.png,${index % 2 === 0 ? 'sick' : 'well'}`)].join('\n'));
  assert.match(await said('a.yaml'), /^labels\.csv:7: .*xnone\.png/m);
  isEmpty();
  writeFileSync(join(at.folder, 'labels.csv'), ['file,finding', ...Array.from({ length: 8 }, (_, index) => `x${index}.png,${index === 3 ? 'sikc' : index % 2 === 0 ? 'sick' : 'well'}`)].join('\n'));
  assert.match(await said('a.yaml'), /^labels\.csv:5: .*sikc.*sick/m);
  isEmpty();

  const labels = npy('|u1', [4], Uint8Array.of(0, 1, 0, 1));
  writeFileSync(join(at.folder, 'damaged.npz'), npz({ images: npy('|u1', [4, 2, 2], Buffer.alloc(16, 7)), labels }, { compressed: false, crc: 1 }));
  assert.match(await said('damaged.npz'), /an archive that cannot be read: .*checksum .*00000001/);
  assert.equal(existsSync(join(at.folder, 'damaged.yaml')), false);
  assert.match(await said('none.npz'), /no such file|no such folder/);
  writeFileSync(join(at.folder, 'images.npy'), npy('|u1', [4, 2, 2], Buffer.alloc(16, 7)));
  assert.match(await said('images.npy'), /without labels.*data\.labels/);
  isEmpty();
});
