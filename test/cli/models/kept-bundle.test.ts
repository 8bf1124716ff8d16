import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { FolderBlobStore } from '../../../blob/folder.js';
import { homeNamed } from '../../../cli/home.js';
import { KeptBundle } from '../../../cli/models/kept-bundle.js';
import { temporaryFolder } from '../../support/images.js';

it('tar files that a former process left behind are removed, and the unpacked bundle stays', async (t) => {
  const folder = temporaryFolder(t);
  const bundles = join(folder, 'cache', 'bundles');
  mkdirSync(join(bundles, 'swp_1'), { recursive: true });
  for (const name of ['swp_1-aabbccdd.tar', 'swp_2-00112233.tar']) writeFileSync(join(bundles, name), 'left behind');
  await KeptBundle.open({ home: homeNamed(folder), blobs: new FolderBlobStore(join(folder, 'blobs')) });
  assert.deepEqual(readdirSync(bundles), ['swp_1']);
});
