/** Sweeps of classical models with the real program: from the file to the bundle. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { RunDocument } from '../../cli/run/document.js';
import { CLASSICAL } from '../../proto/models.js';
import { png, sharedData, writeTree } from '../support/images.js';
import { trawl, type Ended } from './trawl.js';

let folder: string;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'trawl-classical-'));
  const files: { [name: string]: Buffer } = {};
  for (let index = 0; index < 16; index += 1) for (const name of ['a', 'b']) files[`images/${name}/${index}.png`] = await png(name === 'a' ? index : 100 + index);
  writeTree(folder, files);
});
after(() => rmSync(folder, { recursive: true }));

function run(name: string, text: string): Promise<Ended> {
  writeFileSync(join(folder, `${name}.yaml`), text);
  return trawl(['run', `${name}.yaml`, '--home', join(folder, 'home'), '--slots', '1', '--json'], { cwd: folder });
}
const DATA = 'data: {path: ./images, split: {val: 0.25, test: 0.25}}';

for (const { name } of CLASSICAL) {
  test(`${name}: its trials complete, and their bundle predicts by itself`, async () => {
    const ended = await run(name, `${DATA}\nmodel: ${name}\nspace: {imageSize: [8, 12]}\n`);
    assert.equal(ended.code, 0, ended.stderr);
    const document = JSON.parse(ended.stdout) as RunDocument;
    assert.deepEqual(document.trials.map(({ state }) => state), ['completed', 'completed']);
    assert.ok(document.trials.every(({ val }) => val !== null) && (document.best?.test ?? null) !== null, ended.stdout);
    // It was checked against the trials' own predictions when it was written.
    const predicted = await trawl(['predict', join(folder, 'home', 'bundles', `${name}-1`), 'images/a/0.png', '--json'], { cwd: folder });
    assert.equal(predicted.code, 0, predicted.stderr);
    assert.ok(!readdirSync(join(folder, 'home', 'bundles', `${name}-1`), { recursive: true, encoding: 'utf8' }).some((file) => file.endsWith('topology.json')));
  });
}

test('what one sweep has fitted another one of other names does not fit again', async () => {
  const ended = await run('again', `${DATA}\nmodel: knn\nspace: {imageSize: [8, 12], neighbors: 5}\n`);
  assert.equal(ended.code, 0, ended.stderr);
  assert.equal((JSON.parse(ended.stdout) as RunDocument).epochs.trained, 0);
});

const real = sharedData('pneumoniamnist');
test('on PneumoniaMNIST a forest and neighbours come to what scikit-learn comes to', { skip: real === null ? 'no ../shared/data/pneumoniamnist beside the repository' : false }, async () => {
  const one = async (model: string): Promise<{ readonly auc: number | null; readonly accuracy: number | null }> => {
    const ended = await run(`real-${model}`, `data: ${real}\nmodel: ${model}\nensemble: none\n`);
    assert.equal(ended.code, 0, ended.stderr);
    const val = (JSON.parse(ended.stdout) as RunDocument).trials[0]?.val;
    return { auc: val?.auc ?? null, accuracy: val?.accuracy ?? null };
  };
  // scikit-learn 1.9.1 on the same images: KNeighborsClassifier() 0.969390 and 0.952290, RandomForestClassifier(random_state=0) 0.986384.
  const knn = await one('knn');
  assert.ok(Math.abs((knn.auc ?? 0) - 0.96939) < 1e-4 && Math.abs((knn.accuracy ?? 0) - 0.95229) < 1e-4, JSON.stringify(knn));
  const forest = await one('random-forest');
  assert.ok(Math.abs((forest.auc ?? 0) - 0.98638) < 0.01, JSON.stringify(forest));
});
