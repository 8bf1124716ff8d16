import assert from 'node:assert/strict';
import { it } from 'node:test';
import { workerLines } from '../../../cli/fleet/workers-text.js';
import type { WorkerView } from '../../../coordinator/api/fleet-views.js';

const busy: WorkerView = {
  ...{ id: 'wrk_1', name: 'gpu-1', state: 'quarantined', carrier: 'grpc', pool: 'night', labels: { zone: 'a', disk: 'fast' }, engine: 'graph on GPU', numerics: [], slots: 4, busy: 2, memoryBytes: 64e9 },
  gpus: [{ index: 0, name: 'H200', memoryBytes: 150e9, usedBytes: 75e9, utilisation: 0.973, celsius: 60 }, { index: 1, name: 'H200', memoryBytes: 150e9, usedBytes: null, utilisation: null, celsius: null }],
  ...{ epochsPerSecond: 1.234, cache: { bytes: 3e9, limitBytes: 50e9 }, lastSeenSeconds: 2.4, quarantinedForSeconds: 299, quarantinedWhy: 'WorkerLost: its session broke', drain: null },
  stages: [
    { kind: 'train', sweep: 'digits', trials: [3, 7], from: 0, to: 10, epoch: 4 },
    { kind: 'evaluate', sweep: 'digits', trials: [1], from: 9, to: 10, epoch: 9 },
    { kind: 'train', sweep: null, trials: [], from: 0, to: 2, epoch: 1 },
  ],
};
const other: WorkerView = { ...busy, id: 'wrk_3', stages: [] };
const gone: WorkerView = {
  ...{ id: 'wrk_2', name: 'old', state: 'gone', carrier: null, pool: null, labels: {}, engine: '', numerics: [], slots: 0, busy: 0, memoryBytes: 1, gpus: [] },
  ...{ epochsPerSecond: null, cache: null, lastSeenSeconds: 7_200, quarantinedForSeconds: null, quarantinedWhy: null, drain: null, stages: [] },
};

it('workers are a table, with what each is at below it', () => {
  assert.deepEqual(
    workerLines([busy, gone]).map((line) => line.replace(/ {2,}/g, ' | ')),
    [
      'worker | id | state | carrier | pool | labels | engine | slots | GPU memory | GPU use | epochs/s | cache | last seen',
      'gpu-1 | wrk_1 | quarantined (4 min 59 s) | grpc | night | zone=a,disk=fast | graph on GPU | 2/4 | 75 GB of 150 GB, 150 GB | 97 %, - | 1.23 | 3.0 GB of 50 GB | 2 s ago',
      ' | digits#3 and 1 other trial: epoch 4 of 0 to 9',
      ' | digits#1: evaluates epoch 9',
      ' | nobody any more: epoch 1 of 0 to 1',
      'old | wrk_2 | gone | - | - | - | - | 0/0 | - | - | - | - | 2 h ago',
    ],
  );
});

it('two that are connected under one name are pointed out', () => {
  assert.equal(workerLines([busy, other, gone]).at(-1), 'wrk_1 and wrk_3 have one name, gpu-1: tell them apart with --name (trawl worker --name NAME).');
  assert.match(workerLines([busy, { ...gone, name: 'gpu-1' }]).at(-1) ?? '', /^gpu-1 +wrk_2 +gone/);
});
