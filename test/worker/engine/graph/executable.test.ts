/** The graph executor: what every executor on a native engine must do, and what is its own. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { UnsupportedLayerError } from '../../../../worker/engine/engine.js';
import { createGraphEngine } from '../../../../worker/engine/graph/engine.js';
import { buildModel } from '../../../../worker/model/zoo.js';
import { expectClose, GARTH, INPUT, SOURCE, testNativeExecutor, train } from '../native-executor.js';
import { images, range, sequential, training } from '../support.js';
import { graphCompiled, nativeUnderTest, WITHOUT_NATIVE } from './native.js';

const skip = WITHOUT_NATIVE;

testNativeExecutor({
  name: 'graph', skip,
  engine: () => createGraphEngine(nativeUnderTest()),
  held: () => ({ tensors: nativeUnderTest().binding.getNumOfTensors(), folders: readdirSync(tmpdir()).filter((name) => name.startsWith('trawl-graph-')).length }),
});

test('between calls the graph executor holds no tensors of JavaScript', { skip }, async () => {
  const graph = await graphCompiled(GARTH, SOURCE, training(2));
  train(graph, 0, 2);
  graph.predict(range(3));
  assert.equal(nativeUnderTest().binding.getNumOfTensors(), 0);
  graph.dispose();
});

test('a data set that the device holds trains as one that is fed', { skip }, async () => {
  for (const input of [INPUT, [5, 5, 3] as const]) {
    const [height, width, channels] = input;
    const topology = buildModel({ name: 'garth-cnn', knobs: { filters: [4, 6, 9], fcWidth: 8 } }, { height, width, channels }, 2);
    const source = images(24, input, 2, 9);
    const [fed, held] = await Promise.all([graphCompiled(topology, source, training(2)), graphCompiled(topology, source, training(2), { residentBytes: 1e9 })]);
    train(fed, 0, 6);
    train(held, 0, 6);
    expectClose(held.state(), fed.state(), 1e-6);
    assert.deepEqual(held.predict(range(7, 3)), fed.predict(range(7, 3)));
    fed.dispose();
    held.dispose();
  }
});

test('a layer that the engine does not know is named before anything is done', { skip }, async () => {
  const { binding } = nativeUnderTest();
  const models = binding.getNumOfSavedModels();
  const topology = sequential(INPUT, ['Conv2D', { filters: 2, kernel_size: 3 }], ['LSTM', { units: 3 }]);
  await assert.rejects(graphCompiled(topology, SOURCE, training(2)), (error) => error instanceof UnsupportedLayerError && /graph engine.*LSTM.*layer1/.test(error.message));
  assert.equal(binding.getNumOfSavedModels(), models);
});
