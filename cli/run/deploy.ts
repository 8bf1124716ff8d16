/** The end of a run: the ensemble of what has completed, and its bundle in the home. */
import { join } from 'node:path';
import type { EnsembleView } from '../../coordinator/api/analysis-views.js';
import type { Results } from '../../coordinator/api/trial-views.js';
import type { SweepService } from '../../coordinator/api/sweep-service.js';
import { homeBlobs } from '../blobs.js';
import { CoordinatorUnreachable } from '../client.js';
import { keepBundle } from '../bundle/write.js';
import type { Home } from '../home.js';

export interface Deployed {
  readonly view: EnsembleView;
  /** The bundle's folder; null where it could not be written. */
  readonly bundle: string | null;
}

export interface DeployOptions {
  readonly service: SweepService;
  readonly results: Results;
  readonly home: Home;
  /** A line for a person. */
  readonly onWarning: (line: string) => void;
}

/**
 * Null while the sweep has not ended, where nothing completed, where the sweep wants no ensemble, and,
 * with a warning, where none can be assembled: the results stand without it. Throws CoordinatorUnreachable.
 */
export async function deployEnsemble({ service, results, home, onWarning }: DeployOptions): Promise<Deployed | null> {
  const { sweep, trials } = results;
  const ended = sweep.state === 'completed' || sweep.state === 'stopped';
  if (!ended || sweep.ensemble === null || sweep.data === null || !trials.some((trial) => trial.state === 'completed')) return null;
  let view: EnsembleView;
  try {
    view = await service.ensemble(sweep.id);
  } catch (error) {
    if (error instanceof CoordinatorUnreachable) throw error;
    onWarning(`warning: no ensemble: ${error instanceof Error ? error.message : String(error)}`);
    return null;
  }
  const bundle = join(home.folder, 'bundles', `${sweep.name}-${sweep.revision}`);
  try {
    await keepBundle({ view, home, blobs: await homeBlobs(home) }, bundle);
    return { view, bundle };
  } catch (error) {
    // The results stand without it.
    onWarning(`warning: no bundle: ${error instanceof Error ? error.message : String(error)}`);
    return { view, bundle: null };
  }
}
