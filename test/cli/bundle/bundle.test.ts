/** From a sweep over images to its ensemble, its bundle and predictions, with real processes. */
import assert from 'node:assert/strict';
import { appendFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { FolderBlobStore } from '../../../blob/folder.js';
import { readFloats } from '../../../coordinator/api/ensembles.js';
import type { EnsembleView } from '../../../coordinator/api/analysis-views.js';
import type { DataSummary } from '../../../coordinator/sweep/spec.js';
import { BadBundle, encodeManifest, MANIFEST_NAME, sha256, type BundleManifest } from '../../../cli/bundle/format.js';
import { openBundle } from '../../../cli/bundle/read.js';
import { keepBundle, type BundleSource } from '../../../cli/bundle/write.js';
import { homeAt } from '../../../cli/home.js';
import { createWasmEngine } from '../../../worker/engine/wasm/engine.js';
import { Predictor } from '../../../cli/predict/predictor.js';
import { classFolders } from '../../support/images.js';
import { readDocument, type RunDocument } from '../run-document.js';
import { trawl, type Ended } from '../trawl.js';

const CLASSES = ['HEALTHY', 'SICK'];
let folder = '';
let home = '';
let file = '';
let run: Ended;
let document: RunDocument;

const sweepText = (more = ''): string => `name: tiny
data: {path: ./images, split: {val: 0.3, test: 0.2}, positive: SICK, crop: {box: [0.1, 0, 0.9, 0.8]}}
model: garth-cnn
space: {imageSize: [16, 20], filters: [[2, 3, 4]], fcWidth: 6, epochs: [1, 2], batch: 8, lr: 0.01, dropout: 0}
objective: {maximize: val.auc, floors: {'val.recall[SICK]': 0.8}}
${more}`;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'trawl-test-'));
  home = join(folder, 'home');
  file = join(folder, 'tiny.yaml');
  await classFolders(join(folder, 'images'), CLASSES, 20);
  writeFileSync(file, sweepText());
  run = await trawl(['run', file, '--home', home, '--slots', '2', '--json']);
  assert.equal(run.code, 0, run.stderr);
  document = readDocument(run.stdout);
});
after(() => rmSync(folder, { recursive: true, force: true }));

interface Prediction {
  readonly file: string;
  readonly class: string;
  readonly probabilities: { readonly [name: string]: number };
}

async function predictions(bundle: string, ...images: string[]): Promise<Prediction[]> {
  const { code, stdout, stderr } = await trawl(['predict', bundle, ...images, '--json']);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as Prediction[];
}

const bundleOf = (): string => document.bundle ?? assert.fail('the run wrote no bundle');
const manifestOf = (bundle: string): BundleManifest => JSON.parse(readFileSync(join(bundle, MANIFEST_NAME), 'utf8')) as BundleManifest;

/** A copy of the run's bundle that a test may spoil. */
function copyOfBundle(name: string): string {
  const copy = join(folder, name);
  cpSync(bundleOf(), copy, { recursive: true });
  return copy;
}

describe('the ensemble of a run', () => {
  it('stands in the document beside its bundle: members of the sweep with weights that sum to 1', () => {
    const { ensemble } = document;
    assert.ok(ensemble !== null);
    const trials = new Set(document.trials.map(({ id }) => id));
    assert.ok(ensemble.members.every(({ trial }) => trials.has(trial)));
    assert.ok(Math.abs(ensemble.members.reduce((sum, { weight }) => sum + weight, 0) - 1) < 1e-12);
    assert.equal(ensemble.rule, 'greedy');
    assert.ok(existsSync(join(bundleOf(), MANIFEST_NAME)));
  });

  it('is never worse on validation than the best single model, and meets the floor', () => {
    const { ensemble, best } = document;
    assert.ok(ensemble !== null && best !== null);
    const leader = document.trials.find(({ id }) => id === best.trial);
    assert.ok((ensemble.val.auc ?? 0) >= (leader?.val?.auc ?? 1) - 1e-9);
    const sick = ensemble.val.confusion?.[1] ?? [];
    assert.ok((sick[1] ?? 0) / ((sick[0] ?? 0) + (sick[1] ?? 0)) >= 0.8, JSON.stringify(ensemble.val.confusion));
  });

  it('`trawl ensemble` says the same from the store, and in words beside the best single model', async () => {
    const { stdout } = await trawl(['ensemble', 'tiny', '--home', home, '--json']);
    const { members, rule, threshold, val, test } = JSON.parse(stdout) as NonNullable<RunDocument['ensemble']>;
    assert.deepEqual({ members: members.map(({ trial, weight }) => ({ trial, weight })), rule, threshold, val, test }, document.ensemble);
    const words = (await trawl(['ensemble', 'tiny', '--home', home])).stdout;
    assert.match(words, /best single, #\d+/);
    assert.match(words, /test\.accuracy/);
  });

  it('a sweep that wants none gets none', async () => {
    writeFileSync(file, sweepText('ensemble: none'));
    const without = readDocument((await trawl(['run', file, '--home', home, '--json'])).stdout);
    assert.deepEqual([without.ensemble, without.bundle, without.epochs.trained], [null, null, 0]);
    assert.deepEqual(without.screening?.models.map(({ model }) => model), ['single']);
    writeFileSync(file, sweepText());
  });

  it('an unknown sweep, and one without a completed trial: one clear line and exit 2', async () => {
    assert.equal((await trawl(['ensemble', 'nothing', '--home', home])).code, 2);
    writeFileSync(join(folder, 'formula.yaml'), 'name: formula\ntrainable: {synthetic: {metrics: {val.loss: epoch}}}\nspace: {epochs: 1}\n');
    await trawl(['run', join(folder, 'formula.yaml'), '--home', home, '--json']);
    const { code, stderr } = await trawl(['pull', 'formula', join(folder, 'none'), '--home', home]);
    assert.equal(code, 2, stderr);
    assert.match(stderr, /no predictions to combine/);
    assert.equal(existsSync(join(folder, 'none')), false);
  });
});

describe('a bundle', () => {
  it('predicts the images of the sweep as its trials did, to 1e-6', async () => {
    const { stdout } = await trawl(['ensemble', 'tiny', '--home', home, '--json']);
    const { dataset, members } = JSON.parse(stdout) as { dataset: string; members: { weight: number; probabilities: { val: string; test: string } }[] };
    const blobs = new FolderBlobStore(join(home, 'blobs'));
    const { files } = JSON.parse(await text(blobs, dataset)) as { files: { name: string; part: string }[] };
    for (const part of ['val', 'test'] as const) {
      const images = files.filter((entry) => entry.part === part).map(({ name }) => join(folder, 'images', name));
      const stored = await Promise.all(members.map(async ({ weight, probabilities }) => ({ weight, values: await readFloats(blobs, probabilities[part]) })));
      const found = await predictions(bundleOf(), ...images);
      assert.equal(found.length, images.length);
      found.forEach(({ file: named, probabilities }, index) => {
        assert.equal(named, images[index]);
        CLASSES.forEach((name, label) => {
          const expected = stored.reduce((sum, { weight, values }) => sum + weight * (values[index * 2 + label] ?? 0), 0);
          assert.ok(Math.abs((probabilities[name] ?? 0) - expected) <= 1e-6, `${named}: ${name}: got ${probabilities[name]}, stored ${expected}`);
        });
      });
    }
  });

  it('`trawl pull` writes the same bundle elsewhere, and not over something that is there', async () => {
    const target = join(folder, 'a bundle, "pulled"');
    const { code, stderr } = await trawl(['pull', 'tiny', target, '--home', home]);
    assert.equal(code, 0, stderr);
    assert.deepEqual(manifestOf(target).files, manifestOf(bundleOf()).files);
    const again = await trawl(['pull', 'tiny', target, '--home', home]);
    assert.equal(again.code, 2);
    assert.match(again.stderr, /expected an empty or a new folder/);
    assert.deepEqual(readdirSync(folder).filter((name) => name.startsWith('.')), []);
  });

  it('holds the weights without the optimizer, and images to check itself with', () => {
    const { members, files, reference, threshold } = manifestOf(bundleOf());
    for (const { weights, params } of members) assert.ok((files[weights]?.bytes ?? Infinity) < 4 * params + 4_096, weights);
    assert.deepEqual(reference.map((image) => image.class).toSorted(), CLASSES);
    assert.equal(threshold, document.ensemble?.threshold);
  });

  it('without reference images holds none of their bytes or names, and predicts the same with a note', async () => {
    const target = join(folder, 'private');
    const { code, stderr } = await trawl(['pull', 'tiny', target, '--home', home, '--no-reference-images']);
    assert.equal(code, 0, stderr);
    const { reference, files } = manifestOf(target);
    assert.deepEqual([reference, existsSync(join(target, 'reference')), Object.keys(files).filter((name) => name.startsWith('reference'))], [[], false, []]);
    const image = join(folder, 'images', CLASSES[0] ?? '', readdirSync(join(folder, 'images', CLASSES[0] ?? ''))[0] ?? '');
    const said = await trawl(['predict', target, image, '--json']);
    assert.match(said.stderr, /^note: this bundle holds no images to check itself with/m);
    assert.deepEqual(JSON.parse(said.stdout), await predictions(bundleOf(), image));
  });

  it('with one changed byte in any file is refused with a line that names the file', async () => {
    for (const name of Object.keys(manifestOf(bundleOf()).files)) {
      const spoilt = copyOfBundle('spoilt');
      const bytes = readFileSync(join(spoilt, name));
      bytes[Math.floor(bytes.length / 2)]! ^= 1;
      writeFileSync(join(spoilt, name), bytes);
      await assert.rejects(openBundle(spoilt), (error) => error instanceof BadBundle && error.message.includes(`${name} was changed`) && !error.message.includes('\n'));
      rmSync(spoilt, { recursive: true });
    }
    const spoilt = copyOfBundle('spoilt');
    writeFileSync(join(spoilt, 'members', '0', 'weights.bin'), 'nothing');
    const { code, stdout, stderr } = await trawl(['predict', spoilt, join(folder, 'images')]);
    assert.deepEqual([code, stdout], [2, '']);
    assert.match(stderr, /^bundle .*spoilt: members\/0\/weights\.bin was changed since it was written; pull it again\n$/);
    rmSync(spoilt, { recursive: true });
  });

  it('a changed, missing or newer manifest, a missing file and another folder: each has its line', async () => {
    const line = async (bundle: string): Promise<string> => {
      const { code, stderr } = await trawl(['predict', bundle, join(folder, 'images')]);
      assert.equal(code, 2, stderr);
      assert.doesNotMatch(stderr, /\n.*\n/);
      return stderr;
    };
    const spoilt = copyOfBundle('spoilt');
    const manifest = join(spoilt, MANIFEST_NAME);
    writeFileSync(manifest, readFileSync(manifest, 'utf8').replace('"threshold": 0', '"threshold": 1'));
    assert.match(await line(spoilt), /manifest\.json was changed/);
    writeFileSync(manifest, encodeManifest({ ...manifestOf(bundleOf()), format: 2 as 1 }));
    assert.match(await line(spoilt), /found format 2, this trawl reads formats up to 1/);
    writeFileSync(manifest, readFileSync(join(bundleOf(), MANIFEST_NAME), 'utf8').replace(/"threshold": [\d.]+/, '"threshold": 1e999'));
    assert.match(await line(spoilt), /manifest\.json was changed/);
    writeFileSync(manifest, 'not JSON');
    assert.match(await line(spoilt), /manifest\.json is not a bundle's manifest/);
    cpSync(join(bundleOf(), MANIFEST_NAME), manifest);
    rmSync(join(spoilt, 'members', '0', 'weights.bin'));
    assert.match(await line(spoilt), /members\/0\/weights\.bin is missing/);
    assert.match(await line(join(folder, 'images')), /found no manifest\.json/);
  });
});

describe('the bundle that a run keeps', () => {
  const source = async (): Promise<BundleSource> => {
    const { stdout } = await trawl(['ensemble', 'tiny', '--home', home, '--json']);
    const { dataset, ...view } = JSON.parse(stdout) as EnsembleView & { dataset: string };
    const data = { manifest: dataset, digest: manifestOf(bundleOf()).provenance.data, classes: CLASSES, positive: 1 } as unknown as DataSummary;
    return { view: { ...view, sweep: { ...view.sweep, data } }, home: homeAt(home), blobs: new FolderBlobStore(join(home, 'blobs')) };
  };

  it('is whole where two commands place it at once, and nothing is left beside it', async () => {
    const from = await source();
    const target = join(folder, 'kept', 'bundle');
    mkdirSync(join(folder, 'kept'));
    for (let round = 0; round < 8; round += 1) {
      await Promise.all([keepBundle(from, target), keepBundle(from, target)]);
      assert.deepEqual((await openBundle(target)).manifest.files, manifestOf(bundleOf()).files);
      assert.deepEqual(readdirSync(join(folder, 'kept')), ['bundle']);
      writeFileSync(join(target, MANIFEST_NAME), `not a bundle's, round ${round}`);
    }
  });

  it('is written again where a byte of it has changed', async () => {
    const from = await source();
    const target = copyOfBundle('damaged');
    appendFileSync(join(target, 'members', '0', 'weights.bin'), 'x');
    await keepBundle(from, target);
    await openBundle(target);
    const { mtimeMs } = statSync(join(target, MANIFEST_NAME));
    await keepBundle(from, target);
    assert.equal(statSync(join(target, MANIFEST_NAME)).mtimeMs, mtimeMs, 'a whole one is left as it is');
  });

  it('is not there where stored predictions are damaged; the leaderboard is', async () => {
    const { view } = await source();
    const { val } = view.single.probabilities;
    const path = join(home, 'blobs', val.slice(0, 2), val.slice(2, 4), val);
    const bytes = readFileSync(path);
    writeFileSync(path, Buffer.alloc(bytes.length, 1));
    try {
      const { code, stdout, stderr } = await trawl(['run', file, '--home', home, '--json']);
      assert.equal(code, 0, stderr);
      const { best, ensemble, bundle } = readDocument(stdout);
      assert.deepEqual([best?.val, ensemble, bundle], [document.best?.val, null, null]);
      assert.match(stderr, /warning: no ensemble: /);
    } finally {
      writeFileSync(path, bytes);
    }
  });

  it('is refused where it predicts otherwise than its trials did, and nothing is left of it', async () => {
    const from = await source();
    const { view, blobs } = from;
    // As if the mean image that is made now were another than the one that was trained with.
    const [member] = view.members;
    const values = await readFloats(blobs, member?.probabilities.val ?? '');
    const { id } = await blobs.put(Buffer.from(values.map((value) => 1 - value).buffer));
    const members = view.members.map((each) => ({ ...each, probabilities: { ...each.probabilities, val: id } }));
    const target = join(folder, 'unfaithful', 'bundle');
    mkdirSync(join(folder, 'unfaithful'));
    await assert.rejects(keepBundle({ ...from, view: { ...view, members } }, target), { code: 'CommandFailed', message: /could not be written to .*differs by .* from what its trials predicted; they were trained with wasm:.*:decode.*, and this is wasm:.*run the sweep again/ });
    assert.deepEqual(readdirSync(join(folder, 'unfaithful')), []);
  });

  it('does not pass its check of itself where it predicts no numbers', async () => {
    const spoilt = copyOfBundle('no numbers');
    const content = manifestOf(spoilt);
    const name = content.members[0]?.weights ?? '';
    const bytes = readFileSync(join(spoilt, name));
    // Float32 tensors follow the header, whose length stands in bytes 4 to 7; all bits set is NaN.
    bytes.fill(0xff, 8 + bytes.readUInt32LE(4));
    writeFileSync(join(spoilt, name), bytes);
    content.files[name] = { sha256: sha256(bytes), bytes: bytes.length };
    Reflect.deleteProperty(content, 'digest');
    writeFileSync(join(spoilt, MANIFEST_NAME), encodeManifest(content));
    assert.equal(await (await Predictor.load(await openBundle(spoilt), await createWasmEngine())).selfCheck(), Infinity);
  });
});

describe('trawl predict', () => {
  it('takes files, folders and patterns, each file once, and names the class by the threshold', async () => {
    const found = await predictions(bundleOf(), join(folder, 'images', 'SICK', 'image0.png'), join(folder, 'images', 'SICK'), join(folder, 'images', '*', 'image1*.png'));
    assert.equal(found.length, 20 + 11);
    const threshold = document.ensemble?.threshold ?? 0.5;
    for (const { class: name, probabilities } of found) assert.equal(name, (probabilities.SICK ?? 0) >= threshold ? 'SICK' : 'HEALTHY');
  });

  it('names what it cannot read, does the rest, and fails only where nothing could be read', async () => {
    const mixed = join(folder, 'mixed');
    mkdirSync(mixed);
    writeFileSync(join(mixed, 'a note.png'), 'this is text');
    writeFileSync(join(mixed, 'empty.jpg'), '');
    cpSync(join(folder, 'images', 'SICK', 'image0.png'), join(mixed, 'Bild ü.png'));
    const some = await trawl(['predict', bundleOf(), mixed, '--csv']);
    assert.equal(some.code, 0, some.stderr);
    assert.match(some.stderr, /a note\.png: not an image/);
    assert.match(some.stderr, /empty\.jpg: empty file/);
    assert.match(some.stdout, /^file,class,HEALTHY,SICK\r\n.*Bild ü\.png,(HEALTHY|SICK),[\d.e-]+,[\d.e-]+\r\n$/);
    const none = await trawl(['predict', bundleOf(), join(mixed, 'empty.jpg')]);
    assert.equal(none.code, 1);
    assert.match(none.stderr, /none of 1 file could be read/);
    const missing = await trawl(['predict', bundleOf(), join(mixed, 'no such.png')]);
    assert.equal(missing.code, 2);
    assert.match(missing.stderr, /no such\.png: found no such file/);
  });
});

async function text(blobs: FolderBlobStore, id: string): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of await blobs.open(id)) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
