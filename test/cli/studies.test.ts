/** The quick versions of the studies' sweeps, from the examples, on small parts of real images. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { packageRoot } from '../../proto/package-root.js';
import { sharedData, temporaryFolder } from '../support/images.js';
import { readDocument } from './run-document.js';
import { trawl } from './trawl.js';

interface Study {
  readonly name: string;
  /** Of the shared data, and where the sweep file looks for it. */
  readonly data: string;
  readonly folder: string;
  readonly trials: number;
}

const STUDIES: readonly Study[] = [
  // The base point, and one other value of each of four axes.
  { name: 'study-a', data: 'chest-xray-pneumonia', folder: 'chest_xray', trials: 5 },
  { name: 'study-b', data: 'chest-xray-pneumonia', folder: 'chest_xray', trials: 4 },
  { name: 'study-c', data: 'chest-xray-4class', folder: 'chest_xray_4', trials: 2 },
  { name: 'study-d', data: 'chest-xray-pneumonia', folder: 'chest_xray', trials: 3 },
  // Sign-language digits are not at hand: another set of several classes shows that it runs.
  { name: 'study-e', data: 'chest-xray-4class', folder: 'sign_digits', trials: 2 },
];
const PER_CLASS = 24;

for (const { name, data, folder, trials } of STUDIES) {
  const source = sharedData(data);
  it(`the quick version of ${name} runs to its end`, { skip: source === null ? `no ../shared/data/${data}` : false }, async (t) => {
    const place = temporaryFolder(t);
    for (const className of readdirSync(source ?? '')) {
      mkdirSync(join(place, folder, className), { recursive: true });
      for (const file of readdirSync(join(source ?? '', className)).sort().slice(0, PER_CLASS)) cpSync(join(source ?? '', className, file), join(place, folder, className, file));
    }
    cpSync(join(packageRoot(), 'examples', name, 'quick.yaml'), join(place, 'quick.yaml'));
    const { code, stdout, stderr } = await trawl(['run', join(place, 'quick.yaml'), '--home', join(place, 'home'), '--json']);
    assert.equal(code, 0, stderr);
    const document = readDocument(stdout);
    assert.deepEqual(document.trials.map(({ state }) => state), Array(trials).fill('completed'));
  });
}
