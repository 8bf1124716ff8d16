/** Where in a sweep's tree of stages its workers are; read off the leader's memory. */
import type { EpochKey } from '../../proto/work.js';
import type { EpochNode } from '../stage/forest.js';
import type { Dispatcher } from './dispatcher.js';
import { goalOf } from './model.js';

export interface StageInProgress {
  readonly attempt: string;
  readonly kind: 'train' | 'evaluate';
  /** Name of the worker. */
  readonly worker: string;
  /** What it is at, and the keys from the first epoch up to that one. */
  readonly epoch: number;
  readonly path: readonly EpochKey[];
}

/** Attempts that a trial of the sweep with this id waits for. */
export function stagesInProgress({ board, workers }: Pick<Dispatcher, 'board' | 'workers'>, sweep: string): StageInProgress[] {
  const isWanted = (goal: EpochNode): boolean => [board.standingAt(goal), board.waitingForEvaluation(goal)].some((trials) => trials.some((trial) => trial.sweep.record.id === sweep));
  return [...workers.values()].flatMap(({ name, attempts }) =>
    [...attempts.values()].flatMap((attempt) => {
      const goal = goalOf(attempt);
      return isWanted(goal) ? [{ attempt: attempt.id, kind: attempt.kind, worker: name, epoch: goal.epoch, path: pathTo(goal) }] : [];
    }),
  );
}

function pathTo(goal: EpochNode): EpochKey[] {
  const path: EpochKey[] = [];
  for (let node: EpochNode | null = goal; node !== null; node = node.parent) path.push(node.key);
  return path.reverse();
}
