import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import sharp from 'sharp';
import { FolderBlobStore } from '../../../blob/folder.js';
import { prepareDataset } from '../../../cli/data/prepare.js';
import { questionLines } from '../../../cli/run/question.js';
import type { EnsembleView } from '../../../coordinator/api/views.js';
import { decodeManifest } from '../../../proto/manifest.js';
import { classFolders, temporaryFolder } from '../../support/images.js';

test('with two classes the answer is specificity and misses at 95 % sensitivity, and the misses as pictures', async (t) => {
  const root = temporaryFolder(t);
  const folder = join(root, 'data');
  mkdirSync(folder);
  await classFolders(folder, ['NORMAL', 'SICK'], 100);
  const blobs = new FolderBlobStore(join(root, 'blobs'));
  const spec = { path: '.', split: { val: 0.2, test: 0.4, merge: false, seed: 0 }, label: null, labels: null, classes: null, perClass: null, dedupe: false, groupBy: null, positive: 'SICK', channels: 'gray', resize: 'stretch', normalisation: null, maxRejected: 0 } as const;
  const data = await prepareDataset({ base: folder, spec, seed: 0, blobs, cacheDir: join(root, 'cache') });
  const { files } = decodeManifest(await buffer(await blobs.open(data.manifest)));
  // Every sick image gets 0.9 but each twentieth, which gets 0.1; every normal one 0.2 but each fourth, which gets 0.95.
  const put = async (part: 'val' | 'test'): Promise<{ id: string; sick: number; normal: number }> => {
    const seen = [0, 0];
    const values = files.filter((file) => file.part === part).flatMap(({ label }) => {
      const number = (seen[label] = (seen[label] ?? 0) + 1);
      const p = label === 1 ? (number % 20 === 0 ? 0.1 : 0.9) : number % 4 === 0 ? 0.95 : 0.2;
      return [1 - p, p];
    });
    const bytes = Buffer.alloc(4 * values.length);
    values.forEach((value, index) => bytes.writeFloatLE(value, 4 * index));
    return { id: (await blobs.put(bytes)).id, sick: seen[1] ?? 0, normal: seen[0] ?? 0 };
  };
  const [val, tested] = [await put('val'), await put('test')];
  assert.deepEqual([tested.sick, tested.normal], [40, 40]);
  const single = { trial: 'trl_1', number: 1, val: null, test: null, probabilities: { val: val.id, test: tested.id } };
  const view = { sweep: { id: 'swp_1', name: 'xray', data }, members: [{}], single } as unknown as EnsembleView;
  const lines = await questionLines({ ensemble: view, blobs, folder: join(root, 'figures'), shown: (path) => path });
  // Two of the forty may be missed; ten of the forty normal ones are called sick.
  assert.match(lines[1] ?? '', /best trial #1, at 95 % sensitivity for SICK: specificity 0\.75; misses 2 of 40/);
  assert.match(lines[2] ?? '', /threshold chosen on validation .* sensitivity 0\.95, specificity 0\.75; misses 2 of 40/);
  const path = join(root, 'figures', 'swp_1-misses.png');
  assert.ok(lines.at(-1)?.endsWith(path));
  assert.ok(((await sharp(path).metadata()).width) > 0);
});
