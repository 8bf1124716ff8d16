/** How often ensembles are worked out, and single trials read, over a real store. */
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { Models } from '../../../coordinator/api/models.js';
import { ApplicationService } from '../../../coordinator/api/service.js';
import type { DataSpec, TrialPlan } from '../../../coordinator/sweep/spec.js';
import { encodeManifest, makeManifest } from '../../../proto/manifest.js';
import type { DataFile, EpochKey, Trajectory } from '../../../proto/work.js';
import { epochOf, granted, newPath, planOf, specOf, sweepOf, turn } from '../store/facts.js';
import { loneService, type LoneService } from './lone-service.js';

const DATA: DataSpec = { path: 'images', split: null, label: null, labels: null, classes: null, perClass: null, dedupe: false, groupBy: null, positive: null, channels: 'gray', resize: 'stretch', normalisation: null, maxRejected: 0.1 };
const LABELS = [0, 0, 1, 1];
/** Of class 1, by trial: the second is wrong about one image. */
const SAID = [[0.1, 0.2, 0.8, 0.9], [0.1, 0.7, 0.6, 0.9]];

let lone: LoneService;
let service: ApplicationService;
let models: Models;
const paths = [newPath(1), newPath(1)];
/** What the store and the blobs were asked for. */
const asked = { trials: 0, probabilities: 0 };

/** The same, which tells when a method of it is taken. */
function watched<Target extends object>(target: Target, method: string, taken: () => void): Target {
  return new Proxy(target, {
    get(_, name) {
      if (name === method) taken();
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

before(async () => {
  lone = await loneService();
  const store = watched(lone.store, 'trialsOf', () => (asked.trials += 1));
  const blobs = watched(lone.blobs, 'open', () => (asked.probabilities += 1));
  service = new ApplicationService({ store, blobs, leader: lone.leader, version: '0', project: 'default', actor: 'ada' });
  models = new Models({ service, store, blobs, process: { ask: () => Promise.reject(new Error('no model is opened here')) } });
  const entries = LABELS.map((label, index): DataFile => ({ name: `${label}/${index}.png`, label, part: 'val', digest: String(index).repeat(64), pack: 0, offset: index, bytes: 1 }));
  const pack = await lone.blobs.put(Buffer.from('four'));
  const manifest = makeManifest(['no', 'yes'], [pack.id], entries);
  const { id } = await lone.blobs.put(encodeManifest(manifest));
  const data = { manifest: id, digest: manifest.digest, images: 4, classes: manifest.classes, positive: 1, counts: { train: [0, 0], val: [2, 2], test: [0, 0] }, rejected: [], warnings: [] };
  const spec = { ...specOf('digits'), trainable: { kind: 'image-classifier' as const, data: DATA, model: 'mlp' } };
  const trials = paths.map((path, number): TrialPlan => ({ ...planOf(number, path), trajectory: { trainable: 'image-classifier' } as Trajectory }));
  await lone.store.submit(sweepOf('digits', paths, { spec, data, trials }), await lone.leader.epoch());
});
after(() => lone.close());

/** Its one epoch is recorded with its predictions, and it has completed. */
async function complete(number: number): Promise<void> {
  const epoch = await lone.leader.epoch();
  const { id } = await service.sweep('digits');
  const trial = (await lone.store.findNumberedTrial(id, number)) ?? assert.fail();
  const path: readonly EpochKey[] = paths[number] ?? [];
  const grant = await granted(lone.store, epoch, path, { payers: [id] });
  const floats = Float32Array.from((SAID[number] ?? []).flatMap((yes) => [1 - yes, yes]));
  const probabilities = (await lone.blobs.put(Buffer.from(floats.buffer))).id;
  await lone.store.putBlob(probabilities, floats.byteLength, 'predictions');
  const { attempt, token } = grant;
  const moved = { id: trial.id, revision: 1, until: null, failure: null };
  await lone.store.commitTurn(epoch, turn({ trials: [{ ...moved, state: 'running', epochs: null, bestEpoch: null }] }));
  await lone.store.commitTurn(epoch, turn({
    epochs: [epochOf(grant, 0, { result: { metrics: { 'val.loss': 0.1 * (number + 1) }, confusion: [[2, 0], [0, 2]], diverged: false } })],
    evaluations: [{ attempt, token, key: path[0] ?? '', part: 'val', result: { metrics: { loss: 0.1, accuracy: 1, auc: 1 }, confusion: [[2, 0], [0, 2]], probabilities } }],
    trials: [{ ...moved, state: 'completed', epochs: 1, bestEpoch: 0 }],
  }));
}

it('an ensemble and its comparison are worked out once, whoever asks, until another trial completes', async () => {
  await complete(0);
  const [one, other] = await Promise.all([service.ensemble('digits'), service.as('bob').ensemble('digits')]);
  assert.deepEqual([one.candidates, asked.trials], [1, 1]);
  assert.equal(one.members, other.members);
  const [yes, again] = await Promise.all([models.comparison('digits', 'yes'), models.comparison('digits', 'yes')]);
  assert.equal(yes.curves, again.curves);
  // Every yes is said to be one with more certainty than every no: the area is 1, whichever class is asked for.
  assert.equal(yes.curves.ensemble.auc, 1);
  const before = asked.probabilities;
  assert.equal((await models.comparison('digits', 'yes')).curves, yes.curves);
  // Whoever tags the sweep changes nothing that is worked out.
  await lone.service.changeTags('digits', { add: ['ready'], remove: [] });
  assert.deepEqual([(await models.comparison('digits', 'yes')).ensemble.sweep.tags, (await service.ensemble('digits')).sweep.tags], [['ready'], ['ready']]);
  assert.equal(asked.probabilities, before);
  assert.deepEqual([(await models.comparison('digits', 'no')).class, asked.trials], ['no', 1]);
  await complete(1);
  assert.deepEqual([(await service.ensemble('digits')).candidates, asked.trials], [2, 2]);
  await lone.service.setState('digits', 'paused');
  assert.deepEqual([(await service.ensemble('digits')).sweep.state, asked.trials], ['paused', 3]);
});

it('a trial is found by its number without a look at the others', async () => {
  const before = asked.trials;
  const detail = await service.trial('digits/1', { test: false });
  assert.deepEqual([detail.trial.number, detail.curve.length, asked.trials], [1, 1, before]);
  await assert.rejects(service.trial('digits/2', { test: false }), { code: 'TrialNotFound' });
});
