import { nextKey, rootKey } from '../../../proto/keys.js';
import { SYNTHETIC_VERSION } from '../../../proto/models.js';
import { KEY_FORMAT, type Json, type SyntheticTrajectory, type TrainWork } from '../../../proto/work.js';

export function syntheticWork(change: Partial<TrainWork> & { readonly values?: { readonly [name: string]: Json }; readonly epochMs?: number; readonly metrics?: { readonly [metric: string]: string } } = {}): TrainWork {
  const { values = {}, epochMs = 0, metrics = { 'val.loss': '1 / (epoch + 1)' }, ...rest } = change;
  const trajectory: SyntheticTrajectory = { format: KEY_FORMAT, trainable: 'synthetic', version: SYNTHETIC_VERSION, numerics: 'none', epochMs, metrics, salt: null };
  const from = rest.from ?? 0;
  const to = rest.to ?? 1;
  const keys: string[] = [];
  let key = rootKey(trajectory);
  for (let epoch = 0; epoch < to; epoch++) {
    key = nextKey(key, { values });
    if (epoch >= from) keys.push(key);
  }
  return {
    ...{ kind: 'train', trajectory, from, to, keys, epochs: keys.map(() => ({ values })), checkpoint: null, keep: [], evaluate: [] },
    ...{ awaitFrom: to, dataset: null, memoryBytes: 2 ** 30, timeoutMs: null, silenceMs: null, checkpointEveryMs: 60_000 },
    ...rest,
  };
}
