import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { FolderBlobStore } from '../../../blob/folder.js';
import { packageRoot } from '../../../proto/package-root.js';
import { PackFolder } from '../../../worker/data/packs.js';
import { PixelCache } from '../../../worker/data/pixel-cache.js';
import type { FromChild, TrainOrder } from '../../../worker/train/protocol.js';
import { temporaryFolder } from '../../support/images.js';
import { imageSettings } from '../../support/settings.js';
import { garthTrajectory, storeDataSet, trainWork } from '../agent/data-set.js';
import type { Holdings } from './measured-child.js';

const EPOCHS = 200;
const FIRST = 20;
/** Code that V8 compiles when it has run often enough: the same in the end, however many epochs (400 more add 18 kB). Less than 1 kB per epoch. */
const HEAP_NOISE = 160 * 1024;
/** Least of it: optimise little, and learn types from the first call on. */
const V8_FLAGS = ['--expose-gc', '--max-opt=1', '--no-lazy-feedback-allocation'];

test('after 200 epochs a training child holds what it held after 20', { skip: process.platform !== 'linux' && 'open files are counted in /proc' }, async (t) => {
  const folder = temporaryFolder(t);
  for (const name of ['blobs', 'pixels', 'handed']) mkdirSync(join(folder, name));
  const blobs = new FolderBlobStore(join(folder, 'store'));
  const data = await storeDataSet(blobs);
  const augment = { rotation: 10, shiftHorizontal: 0.1, shiftVertical: 0.1, shear: 5, zoom: 0.1, flip: 'both', contrast: 0.1, brightness: 0.1, crop: 0.1, fill: 'reflect' } as const;
  const settings = imageSettings({ batch: 4, dropout: 0.3, clipNorm: 1, l2: 0.001, augment });
  const work = trainWork(data, { to: EPOCHS, awaitFrom: 0, settings });
  const cache = new PixelCache(join(folder, 'pixels'));
  const pixels = await cache.ensure(data.manifest, garthTrajectory(data).input, new PackFolder(join(folder, 'blobs'), blobs));
  await cache.close();
  const order: TrainOrder = { kind: 'train', attempt: 'a', start: { from: 'nothing' }, pixels, program: null, folder: join(folder, 'handed'), prefix: 'x', memoryBytes: 2 ** 32, work };

  const child = fork(join(packageRoot(), 'dist', 'test', 'worker', 'train', 'measured-child.js'), [], { execArgv: V8_FLAGS, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  t.after(() => child.kill('SIGKILL'));
  const held: Holdings[] = [];
  const answer = (epoch: number): void => void child.send([{ kind: 'answer', attempt: 'a', epoch, next: 'continue', keep: epoch % 10 === 0, evaluate: epoch % 10 === 5 }]);
  const outcome = await new Promise((resolve, reject) => {
    let waiting = 0;
    child.on('message', (messages: (FromChild | Holdings)[]) => {
      for (const message of messages) {
        if (message.kind === 'epoch' && (message.epoch === FIRST - 1 || message.epoch === EPOCHS - 1)) {
          waiting = message.epoch;
          // It waits for the answer, so this is the end of its epoch.
          child.kill('SIGUSR2');
        } else if (message.kind === 'epoch') answer(message.epoch);
        else if (message.kind === 'holdings') {
          held.push(message);
          answer(waiting);
        } else if (message.kind === 'finished') resolve(message.outcome.class);
      }
    });
    child.once('exit', () => reject(new Error('the child ended')));
    child.send([order]);
  });
  assert.equal(outcome, 'done');
  const [first, last] = held;
  assert.ok(first !== undefined && last !== undefined);
  assert.equal(last.handles, first.handles);
  // Less than a page of WebAssembly; V8 counts a few strings of its own with it.
  assert.ok(last.memory - first.memory < 1024, `memory outside the heap went from ${first.memory} to ${last.memory}`);
  assert.ok(Math.abs(last.buffers - first.buffers) <= Buffer.poolSize, `buffers went from ${first.buffers} to ${last.buffers}`);
  assert.ok(last.heap - first.heap < HEAP_NOISE, `the heap grew from ${first.heap} to ${last.heap}`);
  t.diagnostic(`heap ${first.heap} -> ${last.heap}, engine's memory ${first.memory}, buffers ${first.buffers}, handles ${first.handles}`);
  assert.ok(readdirSync(join(folder, 'handed')).length > 0, 'states were handed over meanwhile');
});
