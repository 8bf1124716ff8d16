/** The tree of a sweep's stages: what its trials share, out of the store, and who is at what, from the leader. */
import type { EpochKey } from '../../proto/work.js';
import type { StageInProgress } from '../leader/stages-in-progress.js';
import type { StageBelow, StageParent, StagesBelow, SweepRecord } from '../store/records.js';
import type { Store } from '../store/store.js';
import type { Assignment, Axis } from '../sweep/spec.js';
import { SweepNotFound } from './errors.js';
import { isOver, KeptOfSweeps } from './kept-sweeps.js';
import type { Leading } from './leading.js';
import type { StagesView, StageView } from './stage-views.js';

export interface StagesOptions {
  readonly store: Pick<Store, 'findSweep' | 'stagesBelow' | 'assignmentsOf'>;
  readonly leader: Pick<Leading, 'stagesInProgress'>;
  readonly project: string;
}

export interface StagesQuery {
  /** Key of the last epoch of the stage on which they follow, and how many epochs that makes; the first stages where it is null. */
  readonly parent: StageParent | null;
  readonly offset: number;
  readonly limit: number;
}

/** Numbers of trials that are named of those that end with a stage. */
const MOST_ENDING = 5;

/** A level as the store has it: nothing of who is at work. */
interface Level extends Omit<StagesBelow, 'stages'> {
  readonly stages: readonly { readonly stage: StageBelow; readonly settings: Assignment }[];
}

/** Of sweeps that are over; the first level of 100,000 trials takes half a second. */
const MOST_KEPT = 20;

export class Stages {
  readonly #options: StagesOptions;
  readonly #kept = new KeptOfSweeps<Level>(MOST_KEPT);
  #reading: Promise<unknown> = Promise.resolve();

  constructor(options: StagesOptions) {
    this.#options = options;
  }

  /** Throws SweepNotFound. None follow on a parent that is on no trial's path. */
  async below(idOrName: string, query: StagesQuery): Promise<StagesView> {
    const { store, leader, project } = this.#options;
    const { parent, offset, limit } = query;
    const sweep = await store.findSweep(project, idOrName);
    if (sweep === null) throw new SweepNotFound(idOrName);
    const read = (): Promise<Level> => this.#inTurn(() => this.#level(sweep, query));
    const { of, requested, stages } = await (isOver(sweep) ? this.#kept.of(sweep, JSON.stringify([parent?.key, parent?.epochs, offset, limit]), read) : read());
    const from = parent?.epochs ?? 0;
    const attempts = byKeyAt(leader.stagesInProgress(sweep.id), from);
    return { from, offset, of, requested, stages: stages.map(({ stage, settings }) => stageView(stage, from, attempts.get(stage.firstKey) ?? [], settings)) };
  }

  /**
   * One after the other: a page asks for each stage that is open in it whenever something happens, and rests ten times as
   * long as it waited, so that many open ones together take no more of the coordinator's time than one does.
   */
  async #inTurn(work: () => Promise<Level>): Promise<Level> {
    const reading = this.#reading.then(work);
    this.#reading = reading.catch(() => undefined);
    return reading;
  }

  async #level(sweep: SweepRecord, { parent, offset, limit }: StagesQuery): Promise<Level> {
    const { store } = this.#options;
    const { of, requested, stages } = await store.stagesBelow(sweep.id, parent, { offset, limit });
    const settings: Assignment[] = [];
    for (const { number, assignment } of await store.assignmentsOf(sweep.id, stages.flatMap(({ numbers }) => numbers))) settings[number] = assignment;
    const names = differing(sweep);
    return { of, requested, stages: stages.map((stage) => ({ stage, settings: agreed(stage.numbers, settings, names) })) };
  }
}

/** What all of these trials say of the hyperparameters. One that a new revision has left behind meanwhile says nothing. */
function agreed(numbers: readonly number[], settings: readonly (Assignment | undefined)[], names: readonly string[]): Assignment {
  const assignments = numbers.map((number) => settings[number]).filter((each) => each !== undefined);
  const [first] = assignments;
  if (first === undefined) return {};
  const isSame = (name: string): boolean => {
    const value = first[name];
    if (value === undefined) return false;
    const text = JSON.stringify(value);
    return assignments.every(({ [name]: other }) => other === value || (typeof value === 'object' && JSON.stringify(other) === text));
  };
  return Object.fromEntries(names.filter(isSame).map((name) => [name, first[name] ?? null]));
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

function stageView({ key, epochs, numbers, done, failed, infeasible, running, ending, recorded, seconds }: StageBelow, from: number, attempts: readonly StageInProgress[], settings: Assignment): StageView {
  const to = from + epochs;
  const own = attempts.filter(({ epoch }) => epoch < to);
  return {
    ...{ key, from, to, state: own.some(({ kind }) => kind === 'train') ? 'leased' : recorded === epochs ? 'done' : 'waiting' },
    ...{ trials: numbers.length, done, failed, infeasible, running, ends: ending.length, ending: [...ending].sort((a, b) => a - b).slice(0, MOST_ENDING), saved: (numbers.length - 1) * epochs, recorded, seconds, settings },
    attempts: own.map(({ attempt, kind, worker, epoch }) => ({ attempt, kind, worker, epoch })),
    attemptsBelow: attempts.length - own.length,
  };
}
