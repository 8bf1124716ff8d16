/** What pages show of many trials, gathered where they are; every list is bounded and says of how many it is a part. */
import type { Json } from '../../proto/work.js';
import type { TrialFailure } from '../store/records.js';
import type { TrialState } from '../trial/states.js';

export interface ColumnView {
  readonly name: string;
  /** What is better: that is what a table sorted by it begins with. */
  readonly best: 'high' | 'low';
  /** Whether it was measured in the trial's `metricsEpoch`. */
  readonly measured: boolean;
}

export interface LeaderboardRow {
  readonly id: string;
  readonly number: number;
  readonly state: TrialState;
  /** Among the completed trials, from 1; null for the others. */
  readonly place: number | null;
  readonly failure: TrialFailure | null;
  /** Of each column, in their order; null where the trial has none. */
  readonly values: readonly Json[];
}

export interface LeaderboardView {
  /** Those that were asked for, else the usual ones. */
  readonly columns: readonly ColumnView[];
  /** All that there are to show, sort and filter by. */
  readonly available: readonly ColumnView[];
  /** Trials of the sweep, and those for which the filter holds. */
  readonly total: number;
  readonly matching: number;
  readonly offset: number;
  /** Whether columns are those of these trials alone: nothing of the others has been read. */
  readonly partial: boolean;
  readonly trials: readonly LeaderboardRow[];
}

export interface SeriesPoint {
  readonly number: number;
  readonly id: string;
  /** When the trial ended. */
  readonly at: string;
  readonly value: number;
  /** Of a trial that has gone on to more epochs since: its result after so many of those that it has now. Null of a completed one. */
  readonly goesOn: { readonly after: number; readonly of: number } | null;
}

/** The objective over time. */
export interface SeriesView {
  readonly metric: string;
  readonly direction: 'maximize' | 'minimize';
  /** Completed trials with a value, and those that go on since the sweep was extended, as they stood before. */
  readonly of: number;
  /** In order of time: all of them, or as many as were asked for, taken evenly. */
  readonly points: readonly SeriesPoint[];
  /** Each trial that was better than all before it; never thinned out. Floors and ceilings are kept to, where the objective has any. */
  readonly best: readonly SeriesPoint[];
}

export interface CurveView {
  readonly number: number;
  readonly id: string;
  readonly state: TrialState;
  /** Of each recorded epoch, from 0; null where it was not measured. */
  readonly values: readonly (number | null)[];
  /** What each epoch took; a shared one was trained once. */
  readonly seconds: readonly number[];
}

export interface CurvesView {
  readonly metric: string;
  /** Trials that were chosen from: those named, or those for which the filter holds. */
  readonly of: number;
  /** The best ones first, at most as many as were asked for. */
  readonly curves: readonly CurveView[];
}

/** Trials as points over hyperparameters and objectives. */
export interface PointsView {
  /** Names of what `values` holds. */
  readonly columns: readonly ColumnView[];
  readonly of: number;
  /** Taken evenly over the leaderboard where there are more than were asked for, the best one always. */
  readonly trials: readonly { readonly number: number; readonly id: string; readonly state: TrialState; readonly rank: number | null; readonly values: readonly Json[] }[];
}

/** Failed and infeasible trials of one class. */
export interface FailureGroup {
  readonly class: string;
  readonly count: number;
  /** The last one. */
  readonly example: { readonly trial: string; readonly number: number; readonly message: string };
  /** The end of what its process printed; empty where nothing was kept. */
  readonly log: string;
  /** Numbers of some of them, the last first. */
  readonly numbers: readonly number[];
}

export interface FailuresView {
  readonly groups: readonly FailureGroup[];
}

/** A hyperparameter that a trial of one's own may be given. */
export interface AxisView {
  readonly name: string;
  /** In their order; one alone is fixed. Of a range its two ends. A trial that names none of a list has the first. */
  readonly values: readonly Json[];
  /** Of numbers that are drawn; null for listed values. */
  readonly range: { readonly min: number; readonly max: number; readonly type: 'int' | 'float'; readonly log: boolean } | null;
}

/** What trials are made of. */
export interface SpaceView {
  /** What the file's `space` names, in its order, then the model's defaults; what stands inside a choice stands in its values. */
  readonly axes: readonly AxisView[];
  /** Of the completed trials; null where there is none. */
  readonly best: { readonly number: number; readonly settings: { readonly [name: string]: Json } } | null;
}
