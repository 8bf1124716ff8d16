/** Ensembles, importance and costs, as the application service answers them (views.ts). */
import type { BlobId, ClassifierTrajectory, EpochKey } from '../../proto/work.js';
import type { Assignment, EnsembleSpec } from '../sweep/spec.js';
import type { PartMetrics } from './trial-views.js';
import type { SweepView } from './views.js';

export interface EnsembleMember {
  readonly trial: string;
  readonly number: number;
  /** Above 0; all together 1. */
  readonly weight: number;
  readonly settings: Assignment;
  /** The chosen one, from 0, and its key. */
  readonly epoch: number;
  readonly key: EpochKey;
  readonly trajectory: ClassifierTrajectory;
  /** Null where it is not kept. */
  readonly checkpoint: BlobId | null;
  /** Of the parts' images in manifest order, float32 [images, classes]; null where there is no test part. */
  readonly probabilities: { readonly val: BlobId; readonly test: BlobId | null };
  readonly params: number;
  readonly val: PartMetrics | null;
}

/** One number of each part; null where it was not measured. */
export interface PartValues {
  readonly val: number | null;
  readonly test: number | null;
}

export interface EnsembleView {
  readonly sweep: SweepView;
  readonly rule: EnsembleSpec['rule'];
  /** What members were chosen by; null where the rule takes the best trials. */
  readonly maximised: { readonly metric: string; readonly direction: 'maximize' | 'minimize' } | null;
  /** How rule greedy came to it; null for other rules. */
  readonly selection: {
    /** So many rounds of the path are the ensemble: what came after them was no better. */
    readonly rounds: number;
    /** Number of the trial that each round added, distinct members by then, and what they score together by `maximised` (null where that is no number). */
    readonly path: readonly { readonly number: number; readonly members: number; readonly value: number | null }[];
  } | null;
  /** Distinct completed trials that it was chosen from. */
  readonly candidates: number;
  /** Heaviest first. */
  readonly members: readonly EnsembleMember[];
  /** Least probability of the positive class that is called positive; null where there are more than two classes. */
  readonly threshold: number | null;
  readonly val: PartMetrics;
  /** Null where there is no test part. */
  readonly test: PartMetrics | null;
  /** What the sweep's objective measures, on each part, where it is none of these and predictions tell it. */
  readonly objective: PartValues;
  /** The best single trial, for comparison. */
  readonly single: {
    readonly trial: string;
    readonly number: number;
    readonly val: PartMetrics | null;
    readonly test: PartMetrics | null;
    readonly objective: PartValues;
    readonly probabilities: EnsembleMember['probabilities'];
  };
}

/** Of one metric over the space, as fANOVA measures it on the completed trials. */
export interface ImportanceView {
  readonly sweep: SweepView;
  readonly metric: string;
  /** How many trials it was measured on, of how many that have completed with a value. */
  readonly trials: number;
  readonly of: number;
  /** Share of the variance in [0, 1] that each hyperparameter explains by itself, and its standard deviation over the trees; largest first. */
  readonly alone: readonly { readonly name: string; readonly share: number; readonly spread: number }[];
  /** Share that only several together explain. */
  readonly together: number;
}

/** What one value of a hyperparameter cost. */
export interface CostOfValue {
  readonly name: string;
  /** A range of values where there are many: `0.001 to 0.0026`. */
  readonly value: string | number;
  /** Trained for this sweep; an epoch that trials share counts for the first of them. */
  readonly epochs: number;
  readonly seconds: number;
}

/** Where a sweep's epochs went. planned = pruned + stopped + unfinished + requested; requested = shared + before + trained. */
export interface CostView {
  readonly sweep: SweepView;
  /** By state; those that have not ended are `open`. */
  readonly trials: { readonly [state: string]: number };
  readonly epochs: {
    /** On all trials' paths as they were planned. */
    readonly planned: number;
    /** Not trained because a pruner ended the trial; because it stopped early; because it failed, was cancelled or has not ended. */
    readonly pruned: number;
    readonly stopped: number;
    readonly unfinished: number;
    /** On all trials' paths as far as they went. */
    readonly requested: number;
    /** Of those, trained once for several trials; in the store before the sweep; trained for it. */
    readonly shared: number;
    readonly before: number;
    readonly trained: number;
    /** Beside all of these: trained past where its trials ended, as a pruner ended them afterwards; trained again to restore a state. */
    readonly beyond: number;
    readonly retrained: number;
  };
  /** What the trained epochs took, those past an end, and what the shared ones and those from before would have taken. */
  readonly seconds: { readonly trained: number; readonly beyond: number; readonly saved: number };
  /** Of each hyperparameter that differs between trials. */
  readonly values: readonly CostOfValue[];
}
