/** The tree of a sweep's stages, as pages show it: one level at a time, every answer bounded. */
import type { EpochKey } from '../../proto/work.js';
import type { Assignment } from '../sweep/spec.js';

/** A worker that is at an epoch of a stage. */
export interface StageAttempt {
  readonly attempt: string;
  readonly kind: 'train' | 'evaluate';
  readonly worker: string;
  readonly epoch: number;
}

/** Epochs `from` to before `to`, which the paths of its trials have in common up to the next branch, or the end of one of them. */
export interface StageView {
  /** Of its last epoch: the stages after it have it as their `parent`. */
  readonly key: EpochKey;
  readonly from: number;
  readonly to: number;
  /** Whether all of its epochs are recorded, a worker is at it, or neither. */
  readonly state: 'done' | 'leased' | 'waiting';
  /** On whose paths it lies, and of those how many have come to which end, or run. */
  readonly trials: number;
  readonly done: number;
  readonly failed: number;
  readonly infeasible: number;
  readonly running: number;
  /** Whose paths end with it, and some of their numbers, the lowest ones. Where all do, nothing follows on it. */
  readonly ends: number;
  readonly ending: readonly number[];
  /** Epochs that need not be trained as its trials share it. */
  readonly saved: number;
  /** Of its epochs, and what those took. */
  readonly recorded: number;
  readonly seconds: number;
  /** Hyperparameters that differ in the sweep, in which all of its trials agree. */
  readonly settings: Assignment;
  /** Workers that are at it, and how many are at stages after it. */
  readonly attempts: readonly StageAttempt[];
  readonly attemptsBelow: number;
}

/** Stages that follow on one, or the first ones. Trials that were cancelled, or ended before their first epoch, are not in the tree. */
export interface StagesView {
  /** Epochs before them. */
  readonly from: number;
  readonly offset: number;
  /** How many there are. */
  readonly of: number;
  /** Epochs that their trials ask for from there on, shared ones once for each. */
  readonly requested: number;
  /** Those with most trials first. */
  readonly stages: readonly StageView[];
}
