import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import type { LeaseRef } from '../../../proto/messages.js';
import { evaluateWork, GARTH_SETTINGS, garthTrajectory, storeDataSet, trainWork, type DataSet } from './data-set.js';
import { startAgent, type RunningAgent } from './in-process.js';
import { ScriptedCoordinator } from './scripted-coordinator.js';

describe('an agent that trains garth-cnn at 16 px', () => {
  let coordinator: ScriptedCoordinator;
  let running: RunningAgent;
  let data: DataSet;

  before(async () => {
    coordinator = await ScriptedCoordinator.start();
    data = await storeDataSet(coordinator.blobs);
    running = await startAgent(coordinator);
  });
  beforeEach(() => {
    coordinator.script = () => ({});
  });
  afterEach(async () => assert.deepEqual(await running.leftovers(), []));
  after(async () => {
    await running.close();
    await coordinator.stop();
  });

  const done = async (lease: LeaseRef): Promise<void> => {
    const outcome = await coordinator.outcomeOf(lease);
    assert.deepEqual([outcome.class, outcome.message], ['done', '']);
  };
  const checkpointOf = (lease: LeaseRef, epoch: number): string => {
    const saved = coordinator.of(lease, 'checkpoint').find((message) => message.epoch === epoch);
    assert.ok(saved, `epoch ${epoch} left no checkpoint`);
    return saved.blob;
  };

  it('reports each epoch, saves what is kept, evaluates what is asked, and finishes last', async () => {
    const work = trainWork(data, { evaluate: [1] });
    const lease = coordinator.offer(work);
    await done(lease);

    const kinds = coordinator.reports.items.filter(({ attempt }) => attempt === lease.attempt).map(({ kind }) => kind);
    assert.deepEqual(kinds, ['epoch', 'epoch', 'checkpoint', 'evaluation', 'evaluation', 'finished']);
    const epochs = coordinator.of(lease, 'epoch');
    assert.deepEqual(epochs.map(({ epoch, key }) => [epoch, key]), [[0, work.keys[0]], [1, work.keys[1]]]);
    for (const { result, cost } of epochs) {
      assert.deepEqual(Object.keys(result.metrics).sort(), ['train.accuracy', 'train.loss', 'val.accuracy', 'val.auc', 'val.loss']);
      assert.equal(result.diverged, false);
      // 22 training images in batches of 4: five whole and one of two.
      assert.equal(cost.steps, 6);
      // 10 validation images, 5 of each class.
      assert.deepEqual(result.confusion?.map((row) => row.reduce((sum, count) => sum + count, 0)), [5, 5]);
    }
    const evaluations = coordinator.of(lease, 'evaluation');
    assert.deepEqual(evaluations.map(({ part, key }) => [part, key]), [['val', work.keys[1]], ['test', work.keys[1]]]);
    const { metrics } = epochs[1]!.result;
    assert.deepEqual(evaluations[0]?.result.metrics, { loss: metrics['val.loss'], accuracy: metrics['val.accuracy'], auc: metrics['val.auc'] });
    const probabilities = await buffer(await coordinator.blobs.open(evaluations[1]!.result.probabilities));
    assert.equal(probabilities.length, 6 * 2 * 4);
    for (let image = 0; image < 6; image++) {
      const sum = probabilities.readFloatLE(8 * image) + probabilities.readFloatLE(8 * image + 4);
      assert.ok(Math.abs(sum - 1) < 1e-6, `image ${image} has probabilities that sum to ${sum}`);
    }
  });

  it('gives the same checkpoints and metrics wherever the span is cut, in memory or through a file', async () => {
    const adam = { ...garthTrajectory(data), optimizer: { name: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-7 } } as const;
    const whole = coordinator.offer(trainWork(data, { trajectory: adam, to: 4, keep: [0, 1, 2, 3] }));
    await done(whole);
    const expected = [0, 1, 2, 3].map((epoch) => checkpointOf(whole, epoch));
    assert.equal(new Set(expected).size, 4);
    const results = coordinator.of(whole, 'epoch').map(({ result }) => result);

    // At once after its parent the state is in the child's memory; otherwise it is loaded.
    for (const [cut, from] of [[1, 'memory'], [2, 'file'], [3, 'file'], [3, 'memory']] as const) {
      if (from === 'memory') {
        const first = coordinator.offer(trainWork(data, { trajectory: adam, to: cut, keep: [cut - 1] }));
        await done(first);
        assert.equal(checkpointOf(first, cut - 1), expected[cut - 1]);
      }
      const rest = coordinator.offer(trainWork(data, { trajectory: adam, from: cut, to: 4, keep: [3], checkpoint: expected[cut - 1]! }));
      await done(rest);
      assert.equal(checkpointOf(rest, 3), expected[3], `cut at ${cut}, from ${from}`);
      assert.deepEqual(coordinator.of(rest, 'epoch').map(({ result }) => result), results.slice(cut), `cut at ${cut}, from ${from}`);
    }
  });

  it('evaluates a kept checkpoint with the same bits as the lease that trained it', async () => {
    const work = trainWork(data, { to: 1, evaluate: [0] });
    const trained = coordinator.offer(work);
    await done(trained);
    // Something else in between, so that the weights are no longer at hand.
    await done(coordinator.offer(trainWork(data, { trajectory: { ...garthTrajectory(data), initSeed: 4 }, to: 1, keep: [] })));
    const evaluated = coordinator.offer(evaluateWork(data, 0, work.keys[0]!, checkpointOf(trained, 0)));
    await done(evaluated);
    const results = (lease: LeaseRef): unknown[] => coordinator.of(lease, 'evaluation').map(({ part, key, result }) => ({ part, key, result }));
    assert.equal(results(trained).length, 2);
    assert.deepEqual(results(evaluated), results(trained));
  });

  it('goes on with a larger batch from the state in memory as from a file', async () => {
    const settings = { ...GARTH_SETTINGS, batch: 9 };
    const first = coordinator.offer(trainWork(data, { to: 1 }));
    await done(first);
    const checkpoint = checkpointOf(first, 0);
    const warm = coordinator.offer(trainWork(data, { from: 1, to: 2, settings, checkpoint }));
    await done(warm);
    const cold = coordinator.offer(trainWork(data, { from: 1, to: 2, settings, checkpoint }));
    await done(cold);
    assert.equal(checkpointOf(warm, 1), checkpointOf(cold, 1));
  });

  it('takes a batch larger than the training part as one step', async () => {
    const lease = coordinator.offer(trainWork(data, { to: 1, settings: { ...GARTH_SETTINGS, batch: 500 } }));
    await done(lease);
    assert.equal(coordinator.of(lease, 'epoch')[0]?.cost.steps, 1);
  });

  it('reports an epoch whose loss is not finite as diverged, with no numbers, and trains nothing after it', async () => {
    const lease = coordinator.offer(trainWork(data, { to: 3, settings: { ...GARTH_SETTINGS, lr: 1e30 } }));
    await done(lease);
    const epochs = coordinator.of(lease, 'epoch');
    assert.equal(epochs.length, 1);
    assert.deepEqual(epochs[0]?.result, { metrics: {}, confusion: null, diverged: true });
    assert.deepEqual(coordinator.of(lease, 'checkpoint'), []);
  });

  it('keeps, evaluates and stops as the answers to awaited epochs say', async () => {
    coordinator.script = (message) => (message.kind === 'epoch' ? { keep: message.epoch === 1, evaluate: message.epoch === 1, next: message.epoch === 2 ? 'stop' : 'continue' } : {});
    const lease = coordinator.offer(trainWork(data, { to: 6, keep: [5], awaitFrom: 0 }));
    await done(lease);
    assert.deepEqual(coordinator.of(lease, 'epoch').map(({ epoch }) => epoch), [0, 1, 2]);
    assert.deepEqual(coordinator.of(lease, 'checkpoint').map(({ epoch }) => epoch), [1]);
    assert.deepEqual(coordinator.of(lease, 'evaluation').map(({ part }) => part), ['val', 'test']);
  });

  it('gives the lease back at an epoch end with a checkpoint when asked to', async () => {
    const released = (): void => coordinator.send({ kind: 'cancel', attempt: lease.attempt, how: 'release' });
    coordinator.script = (message) => {
      if (message.kind === 'epoch' && message.epoch === 1) released();
      return {};
    };
    const lease = coordinator.offer(trainWork(data, { to: 400, keep: [399], awaitFrom: 0 }));
    const outcome = await coordinator.outcomeOf(lease);
    assert.equal(outcome.class, 'released');
    const last = coordinator.of(lease, 'epoch').at(-1)!.epoch;
    assert.deepEqual(coordinator.of(lease, 'checkpoint').map(({ epoch }) => epoch), [last]);
  });

  it('keeps an epoch that a later branch asks for', async () => {
    coordinator.script = (message) => {
      if (message.kind === 'epoch' && message.epoch === 0) coordinator.send({ kind: 'keep', attempt: lease.attempt, epoch: 1 });
      return {};
    };
    const lease = coordinator.offer(trainWork(data, { to: 3, keep: [2], awaitFrom: 0 }));
    await done(lease);
    assert.deepEqual(coordinator.of(lease, 'checkpoint').map(({ epoch }) => epoch), [1, 2]);
  });

  it('saves checkpoints by the clock between those that are kept', async () => {
    const lease = coordinator.offer(trainWork(data, { to: 3, keep: [2], checkpointEveryMs: 0 }));
    await done(lease);
    assert.deepEqual(coordinator.of(lease, 'checkpoint').map(({ epoch }) => epoch), [0, 1, 2]);
    for (const { blob, bytes } of coordinator.of(lease, 'checkpoint')) {
      const stored = await buffer(await coordinator.blobs.open(blob));
      assert.equal(createHash('sha256').update(stored).digest('hex'), blob);
      assert.equal(stored.length, bytes);
    }
  });
});
