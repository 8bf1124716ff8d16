/** A classical model in a real training process: fitted, evaluated at once, and later from its checkpoint. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { nextKey, rootKey } from '../../../proto/keys.js';
import { CLASSICAL_VERSION } from '../../../proto/models.js';
import type { ClassicalEpochSettings, ClassicalTrajectory, EvaluateWork, TrainWork } from '../../../proto/work.js';
import { classicalNumerics } from '../../../worker/train/numerics.js';
import { KNOBS } from '../classical/support.js';
import { garthTrajectory, storeDataSet, trainWork, type DataSet } from './data-set.js';
import { startAgent, type RunningAgent } from './in-process.js';
import { ScriptedCoordinator } from './scripted-coordinator.js';

const SETTINGS: ClassicalEpochSettings = { classWeights: null, trainFraction: 1, dataSeed: 0 };

describe('an agent that fits classical models at 16 px', () => {
  let coordinator: ScriptedCoordinator;
  let running: RunningAgent;
  let data: DataSet;

  before(async () => {
    coordinator = await ScriptedCoordinator.start();
    data = await storeDataSet(coordinator.blobs);
    running = await startAgent(coordinator);
  });
  after(async () => {
    await running.close();
    await coordinator.stop();
  });

  const workOf = (name: string): TrainWork => {
    const { format, data: digest, classes, input, salt } = garthTrajectory(data);
    const trajectory: ClassicalTrajectory = { format, trainable: 'classical', version: CLASSICAL_VERSION, numerics: classicalNumerics(), data: digest, classes, input, model: { name, knobs: KNOBS[name]! }, seed: 0, replicate: 0, salt };
    return { ...trainWork(data, { to: 1, evaluate: [0] }), trajectory, keys: [nextKey(rootKey(trajectory), SETTINGS)], epochs: [SETTINGS] };
  };

  for (const name of Object.keys(KNOBS)) {
    it(`${name}: an evaluation from the checkpoint says what the one after the fit said`, async () => {
      const work = workOf(name);
      const trained = coordinator.offer(work);
      assert.deepEqual((await coordinator.outcomeOf(trained)).class, 'done');
      const [checkpoint] = coordinator.of(trained, 'checkpoint');
      assert.ok(checkpoint);
      const evaluation: EvaluateWork = { kind: 'evaluate', trajectory: work.trajectory as ClassicalTrajectory, epoch: 0, key: work.keys[0]!, checkpoint: checkpoint.blob, parts: ['val', 'test'], dataset: data.blob, memoryBytes: null, timeoutMs: null };
      const evaluated = coordinator.offer(evaluation);
      assert.deepEqual((await coordinator.outcomeOf(evaluated)).class, 'done');
      const resultsOf = (lease: typeof trained): unknown => coordinator.of(lease, 'evaluation').map(({ part, result }) => [part, result]);
      assert.deepEqual(resultsOf(evaluated), resultsOf(trained));
      assert.equal(coordinator.of(trained, 'evaluation').length, 2);
    });
  }

  it('a fit that takes more memory than its slot has is OutOfMemory, with what it takes', async () => {
    const outcome = await coordinator.outcomeOf(coordinator.offer({ ...workOf('svm'), memoryBytes: 40 * 2 ** 20 }));
    assert.equal(outcome.class, 'OutOfMemory', outcome.message);
    assert.ok((outcome.neededBytes ?? 0) > 0);
  });
});
