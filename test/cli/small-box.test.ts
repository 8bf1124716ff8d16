/** A sweep on a box that is too small for some of it, with a real coordinator and a real agent. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { HttpBlobStore } from '../../blob/http.js';
import { homeAt } from '../../cli/home.js';
import { readAnnouncement } from '../../cli/host/announcement.js';
import { packageRoot } from '../../proto/package-root.js';
import { Agent } from '../../worker/agent/agent.js';
import { openHome } from '../../worker/agent/home.js';
import { Inputs } from '../../worker/agent/inputs.js';
import { dataSets } from '../../worker/agent/data-sets.js';
import { BoxCache } from '../../worker/data/box-cache.js';
import { wasmNumerics } from '../../worker/engine/wasm/numerics.js';
import { grpcLink } from '../../worker/link/grpc.js';
import { imageNumerics } from '../../worker/train/numerics.js';
import type { TrialDetail } from '../../coordinator/api/trial-views.js';
import { classFolders, temporaryFolder } from '../support/images.js';
import { readDocument } from './run-document.js';
import { Trawl, trawl } from './trawl.js';

/** Room for the process and a model on 28 px; at 500 px one layer's values alone are 49 maps x 500 x 500 x 8 images x 4 bytes = 392 MB. */
const BOX_BYTES = 400e6;

it('a sweep over image sizes to 500 on a small box completes what fits, and says of the rest what it needs', { timeout: 240_000 }, async (t) => {
  const folder = temporaryFolder(t);
  const home = join(folder, 'home');
  await classFolders(join(folder, 'images'), ['left', 'right'], 20);
  const file = join(folder, 'sizes.yaml');
  writeFileSync(file, 'name: sizes\ndata: {path: ./images, split: {val: 0.2, test: 0.2}}\nspace: {imageSize: [28, 500], batch: 8, epochs: 1, fcWidth: 8}\nensemble: none\n');
  const up = new Trawl(['up', '--home', home, '--no-worker']);
  t.after(async () => {
    up.signal('SIGINT');
    await up.ended;
  });
  let address = '';
  up.child.stderr?.on('data', (chunk: Buffer) => (address ||= /, ([\d.]+:\d+) \(workers\)/.exec(chunk.toString())?.[1] ?? ''));
  await up.said(/Ctrl-C ends it/);
  const { url, token } = readAnnouncement(homeAt(home)) ?? assert.fail('no coordinator is announced');
  const workerHome = await openHome(join(folder, 'worker'));
  const blobs = new HttpBlobStore({ baseUrls: [url], token, spoolFolder: workerHome.temporary });
  const cache = new BoxCache({ limitBytes: 2 ** 40 });
  const agent = new Agent({
    ...{ id: workerHome.id, name: 'small', slots: 2, memoryBytes: BOX_BYTES, slotMemoryBytes: BOX_BYTES / 2, numerics: [imageNumerics(wasmNumerics())] },
    link: grpcLink({ address, token }),
    ...{ blobs, inputs: new Inputs(blobs, workerHome.temporary, dataSets(blobs, workerHome, cache), cache), folder: workerHome.temporary },
    childModule: join(packageRoot(), 'dist', 'worker', 'train', 'child-main.js'),
    log: { info: () => undefined, warn: () => undefined },
  });
  t.after(async () => {
    await agent.stop();
    await workerHome.close();
  });
  agent.start();
  const { code, stdout, stderr } = await trawl(['run', file, '--home', home, '--engine', 'wasm', '--json']);
  assert.equal(code, 0, stderr);
  const { trials } = readDocument(stdout);
  assert.deepEqual(trials.map(({ settings, state }) => [settings.imageSize, state]).toSorted(), [[28, 'completed'], [500, 'infeasible']]);

  const large = trials.find(({ state }) => state === 'infeasible') ?? assert.fail('no trial is infeasible');
  const told = JSON.parse((await trawl(['trial', large.id, '--home', home, '--json'])).stdout) as TrialDetail;
  assert.deepEqual(told.attempts.map(({ outcome }) => outcome), ['OutOfMemory', 'OutOfMemory'], 'in a slot, then with the box to itself');
  assert.equal(told.trial.failure?.class, 'OutOfMemory');
  assert.match(told.trial.failure.message, /\d+(\.\d+)? (MB|GB|MiB|GiB)/, 'the need is told');
});
