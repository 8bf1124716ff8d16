/** The tree of a sweep's stages: what its trials share, out of the store, and who is at what, from the leader. */
import type { EpochKey } from '../../proto/work.js';
import type { StageInProgress } from '../leader/stages-in-progress.js';
import type { StageBelow, StageParent, SweepRecord } from '../store/records.js';
import type { Store } from '../store/store.js';
import type { Axis } from '../sweep/spec.js';
import { SweepNotFound } from './errors.js';
import type { Leading } from './leading.js';
import type { StagesView, StageView } from './stage-views.js';

export interface StagesOptions {
  readonly store: Pick<Store, 'findSweep' | 'stagesBelow'>;
  readonly leader: Pick<Leading, 'stagesInProgress'>;
  readonly project: string;
}

export interface StagesQuery {
  /** Key of the last epoch of the stage on which they follow, and how many epochs that makes; the first stages where it is null. */
  readonly parent: StageParent | null;
  readonly offset: number;
  readonly limit: number;
}

export class Stages {
  readonly #options: StagesOptions;

  constructor(options: StagesOptions) {
    this.#options = options;
  }

  /** Throws SweepNotFound. None follow on a parent that is on no trial's path. */
  async below(idOrName: string, { parent, offset, limit }: StagesQuery): Promise<StagesView> {
    const { store, leader, project } = this.#options;
    const sweep = await store.findSweep(project, idOrName);
    if (sweep === null) throw new SweepNotFound(idOrName);
    const from = parent?.epochs ?? 0;
    const { of, requested, stages } = await store.stagesBelow(sweep.id, parent, { offset, limit }, differing(sweep));
    const attempts = byKeyAt(leader.stagesInProgress(sweep.id), from);
    return { from, offset, of, requested, stages: stages.map((stage) => stageView(stage, from, attempts.get(stage.firstKey) ?? [])) };
  }
}

/** Names of the hyperparameters that may take more than one value. */
function differing({ spec }: SweepRecord): string[] {
  const isFixed = ({ values, range }: Axis): boolean => values.length < 2 && range === undefined;
  return spec.axes.filter((axis) => !isFixed(axis)).map(({ name }) => name);
}

/** By the key of an epoch on their paths. */
function byKeyAt(attempts: readonly StageInProgress[], epoch: number): Map<EpochKey, StageInProgress[]> {
  const found = new Map<EpochKey, StageInProgress[]>();
  for (const attempt of attempts) {
    const key = attempt.path[epoch];
    if (key !== undefined) found.set(key, [...(found.get(key) ?? []), attempt]);
  }
  return found;
}

function stageView({ key, epochs, trials, done, failed, running, ends, ending, settings, recorded, seconds }: StageBelow, from: number, attempts: readonly StageInProgress[]): StageView {
  const to = from + epochs;
  const own = attempts.filter(({ epoch }) => epoch < to);
  return {
    ...{ key, from, to, state: own.some(({ kind }) => kind === 'train') ? 'leased' : recorded === epochs ? 'done' : 'waiting' },
    ...{ trials, done, failed, running, ends, ending, saved: (trials - 1) * epochs, recorded, seconds, settings },
    attempts: own.map(({ attempt, kind, worker, epoch }) => ({ attempt, kind, worker, epoch })),
    attemptsBelow: attempts.length - own.length,
  };
}
