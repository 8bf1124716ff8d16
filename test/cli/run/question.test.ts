import assert from 'node:assert/strict';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { test, type TestContext } from 'node:test';
import sharp from 'sharp';
import { FolderBlobStore } from '../../../blob/folder.js';
import { prepareDataset } from '../../../cli/data/prepare.js';
import { answerLines, answerQuestion } from '../../../cli/run/question.js';
import type { EnsembleView } from '../../../coordinator/api/analysis-views.js';
import { decodeManifest } from '../../../proto/manifest.js';
import { classFolders, temporaryFolder } from '../../support/images.js';

interface Case {
  readonly view: (models: readonly { readonly val: string; readonly test: string | null }[]) => EnsembleView;
  readonly put: (part: 'val' | 'test', probability: (label: number, number: number) => number) => Promise<string>;
  readonly blobs: FolderBlobStore;
  readonly folder: string;
}

/** 100 images of each of two classes, 20 to validate and 40 to test; predictions are put as told, images of a class numbered from 1. */
async function prepared(t: TestContext): Promise<Case> {
  const root = temporaryFolder(t);
  const folder = join(root, 'data');
  mkdirSync(folder);
  await classFolders(folder, ['NORMAL', 'SICK'], 100);
  const blobs = new FolderBlobStore(join(root, 'blobs'));
  const spec = { path: '.', split: { val: 0.2, test: 0.4, merge: false, seed: 0 }, label: null, labels: null, classes: null, perClass: null, dedupe: false, groupBy: null, positive: 'SICK', channels: 'gray', resize: 'stretch', normalisation: null, maxRejected: 0 } as const;
  const data = await prepareDataset({ base: folder, spec, seed: 0, blobs, cacheDir: join(root, 'cache') });
  const { files } = decodeManifest(await buffer(await blobs.open(data.manifest)));
  const put: Case['put'] = async (part, probability) => {
    const seen = [0, 0];
    const values = files.filter((file) => file.part === part).flatMap(({ label }) => {
      const number = (seen[label] = (seen[label] ?? 0) + 1);
      const p = probability(label, number);
      return [1 - p, p];
    });
    assert.deepEqual(seen, part === 'val' ? [20, 20] : [40, 40]);
    const bytes = Buffer.alloc(4 * values.length);
    values.forEach((value, index) => bytes.writeFloatLE(value, 4 * index));
    return (await blobs.put(bytes)).id;
  };
  const view: Case['view'] = (models) => {
    const members = models.map((probabilities) => ({ weight: 1 / models.length, probabilities }));
    return { sweep: { id: 'swp_1', name: 'xray', data }, members, single: { trial: 'trl_1', number: 1, val: null, test: null, probabilities: models[0] } } as unknown as EnsembleView;
  };
  return { view, put, blobs, folder: join(root, 'figures') };
}

// On validation the twentieth sick image has 0.1 and the others 0.9; normal ones have 0.2: 95 % are found from (0.2 + 0.9) / 2 on.
const onVal = (label: number, number: number): number => (label === 1 ? (number % 20 === 0 ? 0.1 : 0.9) : 0.2);
// On test four of the forty sick ones lie below that, and ten of the forty normal ones above.
const onTest = (label: number, number: number): number => (label === 1 ? (number % 10 === 0 ? 0.4 : 0.9) : number % 4 === 0 ? 0.95 : 0.2);

test('the answer is a threshold chosen on validation and measured on test, with its misses as pictures', async (t) => {
  const { view, put, blobs, folder } = await prepared(t);
  const ensemble = view([{ val: await put('val', onVal), test: await put('test', onTest) }]);
  const answer = await answerQuestion({ ensemble, blobs, folder });
  assert.ok(answer);
  const [point] = answer.models;
  // A threshold chosen on test itself would miss two of forty.
  assert.ok(Math.abs((point?.threshold ?? 0) - 0.55) < 1e-6);
  assert.deepEqual([answer.part, point?.misses, point?.positives, point?.falseAlarms, point?.negatives], ['test', 4, 40, 10, 40]);
  assert.equal(answer.sheet, join(folder, 'swp_1-misses.png'));
  assert.ok((await sharp(answer.sheet).metadata()).width > 0);
  const lines = answerLines(answer, 0.5, (path) => path);
  assert.equal(lines[0], 'If 95 % of SICK must be found, on the test part, with thresholds chosen on validation:');
  assert.equal(lines[1], '  best trial #1, from 0.550 on: sensitivity 0.90, specificity 0.75; misses 4 of 40');
  assert.match(lines[2] ?? '', /trawl predict.* from 0\.500 on, not from here.*floors: \{'val\.recall\[SICK\]': 0\.95\}/);
  assert.ok(lines.at(-1)?.endsWith(answer.sheet));
});

test('an ensemble is answered for beside its best member, and its misses are the pictures', async (t) => {
  const { view, put, blobs, folder } = await prepared(t);
  const first = { val: await put('val', onVal), test: await put('test', onTest) };
  const sure = (label: number): number => (label === 1 ? 1 : 0);
  const second = { val: await put('val', sure), test: await put('test', sure) };
  const answer = await answerQuestion({ ensemble: view([first, second]), blobs, folder });
  // Means: sick 0.95, one of validation 0.55, four of test 0.7; normal 0.1, ten of test 0.475; the line is (0.1 + 0.55) / 2.
  assert.deepEqual(answer?.models.map(({ model, misses, falseAlarms }) => ({ model, misses, falseAlarms })), [
    { model: 'single', misses: 4, falseAlarms: 10 },
    { model: 'ensemble', misses: 0, falseAlarms: 10 },
  ]);
  assert.equal(answer.sheet, null);
});

test('where nothing is missed, the pictures of an earlier run are gone', async (t) => {
  const { view, put, blobs, folder } = await prepared(t);
  const val = await put('val', onVal);
  const before = await answerQuestion({ ensemble: view([{ val, test: await put('test', onTest) }]), blobs, folder });
  assert.ok(before?.sheet !== null && before?.sheet !== undefined && existsSync(before.sheet));
  const after = await answerQuestion({ ensemble: view([{ val, test: await put('test', (label) => label) }]), blobs, folder });
  assert.equal(after?.sheet, null);
  assert.equal(existsSync(before.sheet), false);
});

test('where a model has no predictions for the test part, every one is measured on validation, and said to be', async (t) => {
  const { view, put, blobs, folder } = await prepared(t);
  const val = await put('val', onVal);
  const answer = await answerQuestion({ ensemble: view([{ val, test: await put('test', onTest) }, { val, test: null }]), blobs, folder });
  assert.equal(answer?.part, 'val');
  assert.deepEqual(answer.models.map(({ misses, positives }) => [misses, positives]), [[1, 20], [1, 20]]);
  assert.match(answerLines(answer, 0.5, (path) => path)[0] ?? '', /on validation, where the thresholds were chosen too/);
});

test('the pictures are what the ensemble misses on validation where there is no test part, and more classes have no answer', async (t) => {
  const { view, put, blobs, folder } = await prepared(t);
  const val = await put('val', onVal);
  const ensemble = view([{ val, test: null }, { val, test: null }]);
  const answer = await answerQuestion({ ensemble, blobs, folder });
  assert.deepEqual(answer?.models.map(({ model, misses }) => [model, misses]), [['single', 1], ['ensemble', 1]]);
  assert.ok(answer.sheet !== null && existsSync(answer.sheet));
  const { sweep } = ensemble;
  const three = { ...ensemble, sweep: { ...sweep, data: { ...sweep.data, classes: ['a', 'b', 'c'] } } } as unknown as EnsembleView;
  assert.equal(await answerQuestion({ ensemble: three, blobs, folder }), null);
});
