/** Trials by whatever people call them. */
import type { TrialRecord } from '../store/records.js';
import type { Store } from '../store/store.js';
import { SweepNotFound, TrialNotFound } from './errors.js';
import { readTrialName } from './trial-name.js';

export type TrialFinder = Pick<Store, 'findSweep' | 'findTrial' | 'findNumberedTrial'>;

/** By its id, or the name of a sweep and its number; of this project. Throws TrialNotFound, SweepNotFound. */
export async function findTrial(store: TrialFinder, project: string, name: string): Promise<TrialRecord> {
  const named = readTrialName(name);
  const sweep = named === null ? null : await store.findSweep(project, named.sweep);
  if (named !== null && sweep === null) throw new SweepNotFound(named.sweep);
  const trial = named === null || sweep === null ? await store.findTrial(project, name) : await store.findNumberedTrial(sweep.id, named.number);
  if (trial === null) throw new TrialNotFound(name);
  return trial;
}
