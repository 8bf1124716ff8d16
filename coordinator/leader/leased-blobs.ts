/** What workers need of the blob store for the work that they have leased. */
import { isProgram, weightsOf, type BlobId, type Trajectory, type Work } from '../../proto/work.js';
import type { Leased } from '../access/blob-rights.js';
import type { Board } from './board.js';
import { goalOf, type Attempt, type WorkBlobs, type WorkerRun } from './model.js';

/** What an offer names. */
export function blobsOf({ trajectory, dataset, checkpoint }: Work): WorkBlobs {
  return { datasets: present([dataset]), others: present([checkpoint, programOf(trajectory), weightsOf(trajectory)]) };
}

/** Of an attempt that a former leader has offered: what its offer may have named. */
export function blobsAdopted({ kind, nodes, payers }: Pick<Attempt, 'kind' | 'nodes' | 'payers'>, board: Board): WorkBlobs {
  const goal = goalOf({ nodes });
  const first = nodes[0] ?? goal;
  const sweeps = [...payers, ...[...board.standingAt(goal), ...board.waitingForEvaluation(goal)].map(({ sweep }) => sweep)];
  const checkpoint = kind === 'train' ? (first.parent?.checkpoint ?? null) : goal.checkpoint;
  return { datasets: present(sweeps.map(({ dataset }) => dataset)), others: present([checkpoint, programOf(first.trajectory), weightsOf(first.trajectory)]) };
}

/** Of all workers whose last session a token opened; null where it opened none. */
export function leasedBy(token: string, workers: Iterable<WorkerRun>, restoring: (blob: BlobId) => boolean): Leased | null {
  const own = [...workers].filter(({ openedBy }) => openedBy === token);
  if (own.length === 0) return null;
  const blobs = own.flatMap(({ attempts }) => [...attempts.values()].map((attempt) => attempt.blobs));
  return {
    attempts: blobs.length,
    datasets: new Set(blobs.flatMap(({ datasets }) => datasets)),
    others: new Set(blobs.flatMap(({ others }) => others)),
    restoring,
  };
}

function programOf(trajectory: Trajectory): BlobId | null {
  return isProgram(trajectory) ? trajectory.program : null;
}

function present(blobs: readonly (BlobId | null)[]): readonly BlobId[] {
  return [...new Set(blobs.filter((blob) => blob !== null))];
}
