/** What the graph executor refuses for want of memory, before TensorFlow is asked for anything: needs no native engine. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Engine, OutOfMemoryError, type Training } from '../../../../worker/engine/engine.js';
import { createGraphEngine, type GraphOptions } from '../../../../worker/engine/graph/engine.js';
import type { Device } from '../../../../worker/engine/native/found.js';
import type { TfjsBinding } from '../../../../worker/engine/native/native.js';
import { images, sequential, training } from '../support.js';

const INPUT = [8, 8, 1] as const;
const TOPOLOGY = sequential(INPUT, ['Conv2D', { filters: 4, kernel_size: 3, padding: 'same' }], ['Flatten', {}], ['Dense', { units: 2, activation: 'softmax' }]);
const SOURCE = images(10, INPUT, 2, 1);
/** Compiling calls nothing of it. */
const UNCALLED = {} as TfjsBinding;

const engineOn = (device: Device, options: GraphOptions = {}): Promise<Engine> => createGraphEngine({ binding: UNCALLED, version: '2.21.0', device, rewrites: false, source: '' }, options);
const room = (memoryBytes: number): Training => training(2, { maxBatch: 5, memoryBytes });
const refused = (needed: number, whose: RegExp) => (error: unknown): boolean => error instanceof OutOfMemoryError && error.neededBytes === needed && whose.test(error.message);

test('what a training takes on the CPU is counted without the library, which is in the process already', async () => {
  const engine = await engineOn('cpu');
  const needed = engine.estimate(TOPOLOGY, training(2, { maxBatch: 5 }));
  // Worked out by hand: 554 weights with their momentum, five times as they are handed over; of 5 images the input, both
  // layers' 256 and 2 values, and the gradients of the larger two.
  assert.equal(needed, 4 * (554 * 2 * 5 + 5 * (64 + 256 + 2 + 256 + 2)));
  await engine.compile(TOPOLOGY, room(needed), SOURCE);
  await assert.rejects(engine.compile(TOPOLOGY, room(needed - 1), SOURCE), refused(needed, /more than the .* that it may take/));
});

test('a training on a GPU goes by the memory that is free there, and by the slot only for what is handed over', async () => {
  const needed = (await engineOn('gpu')).estimate(TOPOLOGY, training(2, { maxBatch: 5 }));
  // Weights and momentum; five images of 64 bytes; ten of the data set.
  const staged = 4 * 554 * 2 + 5 * 64 + 10 * 64;
  assert.ok(staged < needed);
  const engine = await engineOn('gpu', { deviceBytes: needed + 10 * 64 });
  await engine.compile(TOPOLOGY, room(staged), SOURCE);
  await assert.rejects(engine.compile(TOPOLOGY, room(staged - 1), SOURCE), refused(staged, /that the process may take/));
  const small = await engineOn('gpu', { deviceBytes: needed - 1 });
  await assert.rejects(small.compile(TOPOLOGY, room(1e9), SOURCE), refused(needed, /are free on the GPU/));
});

test('a data set that has no room beside the training on the GPU is fed', async () => {
  const needed = (await engineOn('gpu')).estimate(TOPOLOGY, training(2, { maxBatch: 5 }));
  const engine = await engineOn('gpu', { deviceBytes: needed });
  await engine.compile(TOPOLOGY, room(4 * 554 * 2 + 5 * 64), SOURCE);
});
