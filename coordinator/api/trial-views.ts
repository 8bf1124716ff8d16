/** Trials and their results, as the application service answers them (views.ts). */
import type { Confusion } from '../../proto/confusion.js';
import type { EpochSettings, Trajectory } from '../../proto/work.js';
import type { TrialFailure } from '../store/records.js';
import type { Assignment } from '../sweep/spec.js';
import type { TrialState } from '../trial/states.js';
import type { SweepView } from './views.js';

export interface TrainMetrics {
  readonly loss: number | null;
  readonly accuracy: number | null;
}

export interface PartMetrics {
  readonly loss: number | null;
  readonly accuracy: number | null;
  readonly auc: number | null;
  /** Of the positive class where there are two classes, else the macro mean. */
  readonly f1: number | null;
  /** Counts of images, confusion[true][predicted]. */
  readonly confusion: Confusion | null;
}

export interface TrialResult {
  readonly id: string;
  readonly number: number;
  /** Which one of the trials with these settings, from 0. */
  readonly replicate: number;
  readonly state: TrialState;
  readonly settings: Assignment;
  /** Length of its path as it ended; as far as it has come while it is open. */
  readonly epochs: number;
  readonly plannedEpochs: number;
  /** The chosen one, from 0; null where it has not completed. */
  readonly bestEpoch: number | null;
  /** Whose metrics these are, from 0: the chosen epoch, else the last one that was reported; null where there is none. */
  readonly metricsEpoch: number | null;
  readonly params: number;
  /** Mean over its recorded epochs. */
  readonly secondsPerEpoch: number | null;
  readonly train: TrainMetrics | null;
  readonly val: PartMetrics | null;
  /** Only where the caller asked for test numbers. */
  readonly test: PartMetrics | null;
  /** Everything that epoch reported, by metric name. */
  readonly metrics: { readonly [metric: string]: number };
  /** Value of the objective's metric; null where it was not reported. */
  readonly objective: number | null;
  /** Value of each objective, the first one's first. */
  readonly objectives: readonly (number | null)[];
  /** Of several objectives: 1 on the Pareto front, 2 on the front without it, and so on; null for one objective, and where a floor or ceiling is missed. */
  readonly rank: number | null;
  /** Of the objective over the completed replicates of its settings: mean, and sample standard deviation (null of fewer than two). Null where the trial was read by itself, and where a value is missing. */
  readonly mean: number | null;
  readonly spread: number | null;
  /** By how much it falls short of the objective's floors or exceeds its ceilings, summed; 0 where it keeps to them; null where one was not measured. */
  readonly shortfall: number | null;
  readonly failure: TrialFailure | null;
}

export interface ResultsOptions {
  /** Whether every trial shows its test numbers, and not the best alone. */
  readonly test: boolean;
  /** At most so many trials, from the best on; absent for all. */
  readonly limit?: number | undefined;
}

export interface Results {
  readonly sweep: SweepView;
  /** Best first; trials that have not completed follow in order of their numbers. */
  readonly trials: readonly TrialResult[];
  /** Epochs on all trials' paths as they ended. */
  readonly requestedEpochs: number;
}

export interface EpochRow {
  readonly epoch: number;
  readonly key: string;
  readonly seconds: number;
  readonly metrics: { readonly [metric: string]: number };
  readonly diverged: boolean;
  readonly checkpoint: string | null;
}

export interface AttemptRow {
  readonly attempt: string;
  /** Id of the worker, and its name, which is the id where it is not known any more. */
  readonly worker: string;
  readonly name: string;
  readonly kind: 'train' | 'evaluate';
  readonly from: number;
  readonly to: number;
  readonly outcome: string | null;
  readonly message: string;
  /** The end of what its process printed, once it has ended. */
  readonly log: string;
  readonly leasedAt: string;
  /** When a slot began it; null while it waits for one, and where it was given back before. */
  readonly startedAt: string | null;
  readonly endedAt: string | null;
}

export interface TrialDetail {
  readonly sweep: SweepView;
  readonly trial: TrialResult;
  /** As recorded, in order; may be shorter than planned. */
  readonly curve: readonly EpochRow[];
  readonly attempts: readonly AttemptRow[];
  readonly plan: PlanView;
  /** Most memory that a process took for this model, image size and batch, as far as it was measured. */
  readonly peakBytes: number | null;
}

/** What is in force in a trial from its first epoch to its last, equal epochs in a row taken together. */
export interface PlanView {
  readonly trajectory: Trajectory;
  readonly epochs: readonly { readonly count: number; readonly settings: EpochSettings }[];
}
