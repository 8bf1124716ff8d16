/**
 * What the application service takes and answers, as plain JSON types: the same in process and over
 * /api/v1. Times are ISO strings in UTC; metrics that were not measured are null.
 */
import type { ListFile } from '../sweep/list-file.js';
import type { ModelModule } from '../../proto/model-module.js';
import type { WeightsSource } from '../../proto/pretrained.js';
import type { ProgramSource } from '../../proto/program.js';
import type { EpochSettings, ImageTrajectory } from '../../proto/work.js';
import type { SlotSnapshot } from '../leader/snapshot.js';
import type { Assignment, BudgetEnd, BudgetSpec, DataSummary, EnsembleSpec, ObjectiveSpec } from '../sweep/spec.js';
import type { SweepState, TrialState } from '../trial/states.js';

/** A sweep to run: the file as written, and what the submitting side found out about its data. */
export interface SubmitRequest {
  readonly source: {
    /** How messages name the file. */
    readonly name: string;
    readonly text: string;
  };
  /** False salts every trial's keys, so that nothing is shared. */
  readonly sharing: boolean;
  /** Null for a trainable without data. */
  readonly data: DataSummary | null;
  /** Numerics of the workers that will train it; 'none' for a trainable without a model. */
  readonly numerics: string;
  /** What the module that the file names as its model builds; absent for a model of the zoo. */
  readonly module?: ModelModule | undefined;
  /** The file of trials that the sweep file names; absent where it names none. */
  readonly list?: ListFile | undefined;
  /** Take the file as it is where commands have changed the sweep since it was last submitted. */
  readonly replace?: boolean | undefined;
  /** `warmStart.from`, in the place of the file's own. */
  readonly warmStartFrom?: readonly string[] | undefined;
  /** Of a command its files, of a module its code; the blob was put into the store before. Absent for other trainables, and for a command without files. */
  readonly program?: ProgramSource | undefined;
  /** Of a sweep over pretrained weights what was found out about them; the blob was put into the store before. */
  readonly weights?: WeightsSource | undefined;
}

/** What a sampler knows of other sweeps' trials before its first proposal. */
export interface WarmStartView {
  /** Names of the sweeps. */
  readonly from: readonly string[];
  /** Trials by state. */
  readonly taken: { readonly [state: string]: number };
  /** Trials that do not fit the space, by why. */
  readonly unfit: readonly { readonly reason: string; readonly trials: number }[];
}

/** Epochs of one kind that are still to be trained: what a time estimate is made from. */
export interface WorkGroup {
  readonly trajectory: ImageTrajectory;
  readonly settings: EpochSettings;
  readonly epochs: number;
}

/** What a submission would mean, with nothing written. */
export interface Preview {
  readonly name: string;
  /** Known before it runs. */
  readonly trials: number;
  /** Of trials that are proposed while it runs, the most there will be (null for no limit); null where all are known before. */
  readonly proposed: { readonly most: number | null } | null;
  readonly epochs: {
    /** On all trials' paths. */
    readonly requested: number;
    /** Distinct keys: what is trained after sharing. */
    readonly distinct: number;
    /** Of those, in the store already. */
    readonly stored: number;
    /** Of the stored, to be trained again: the state at their end is needed and was not kept. */
    readonly again: number;
    /** Of new ones, as many as the budget lets the sweep train; null for no limit. */
    readonly budget: number | null;
  };
  /** Null where there is no sweep of this name yet. */
  readonly existing: {
    readonly id: string;
    readonly revision: number;
    readonly state: SweepState;
    /** Of its trials; null where it has none. */
    readonly numerics: string | null;
  } | null;
  /**
   * `new`: there is no sweep of this name. `same`: it says what the sweep says. `revised`: it makes a new
   * revision. `kept`: the file has not changed since it was last submitted, commands have changed the
   * sweep since, and that stays. `conflict`: both have changed, and it is refused unless `replace` is said.
   */
  readonly standing: 'new' | 'same' | 'revised' | 'kept' | 'conflict';
  /** What is changed, a line each: in the existing sweep, or, in a conflict, in the file since it was last submitted. */
  readonly differences: readonly string[];
  /** What commands have changed since the file was last submitted; only where it is kept or in conflict. */
  readonly commands: readonly string[];
  /**
   * Of a revision: trials that stay as they are, that go on in another form (longer, say), that are new,
   * and that are no part of the sweep any more. Null for all else.
   */
  readonly carried: { readonly kept: number; readonly goOn: number; readonly fresh: number; readonly dropped: number } | null;
  /** Of the sweep as it would then be; null for none. */
  readonly warmStart: WarmStartView | null;
  /** Empty for a trainable without a model. */
  readonly work: readonly WorkGroup[];
}

export interface Submitted {
  readonly id: string;
  readonly revision: number;
  readonly change: 'created' | 'revised' | 'same';
}

/** What a command made of a sweep, or would make. */
export interface Changed {
  readonly preview: Preview;
  /** As it stands now; null for a fork that was only looked at. */
  readonly sweep: SweepView | null;
  /** False for a dry run, and where nothing changes. */
  readonly applied: boolean;
}

export interface SweepFileView {
  readonly text: string;
}

export interface Retried {
  /** Numbers of the trials that are queued again. */
  readonly retried: readonly number[];
  /** Trials whose failure is a result of their settings, which trying again would only repeat. */
  readonly remembered: readonly { readonly number: number; readonly message: string }[];
  /** How many trials were cancelled and stay so. */
  readonly stayCancelled: number;
  /** Distinct epochs that are still to be trained for those that are queued again. */
  readonly epochs: number;
  readonly sweep: SweepView;
}

export interface Enqueued {
  readonly enqueued: readonly {
    readonly number: number;
    readonly settings: Assignment;
    /** Whether the sampler learns from it; null where it learns from none. */
    readonly observed: boolean | null;
  }[];
  /** Asked for, but there already. */
  readonly known: readonly { readonly number: number; readonly state: TrialState; readonly settings: Assignment }[];
  /** How many trials were cancelled and stay so. */
  readonly stayCancelled: number;
  readonly sweep: SweepView;
}

export interface SweepView {
  readonly id: string;
  readonly name: string;
  readonly project: string;
  readonly revision: number;
  readonly state: SweepState;
  readonly createdAt: string;
  readonly finishedAt: string | null;
  /** What of its budget ended it; null where nothing did. */
  readonly endedBy: BudgetEnd | null;
  readonly budget: BudgetSpec;
  /** Running sweeps of a higher one are handed slots first. */
  readonly priority: number;
  /** The most stages of it at once; null for no limit. */
  readonly concurrency: number | null;
  readonly objective: ObjectiveSpec;
  /** How often each assignment is trained. */
  readonly replicates: number;
  /** Null where none is wanted, and for trainables without predictions. */
  readonly ensemble: EnsembleSpec | null;
  /** Whether a trial's chosen epoch is its best one rather than its last. */
  readonly restoreBest: boolean;
  readonly data: DataSummary | null;
  /** Null where its sampler began with nothing. */
  readonly warmStart: WarmStartView | null;
  /** Whether it was stopped, and runs only what a person has asked for since: its sampler proposes nothing. */
  readonly onlyAsked: boolean;
  /** What people find it by, in the order of their characters. */
  readonly tags: readonly string[];
}

/** What people wrote about a sweep, as plain text. */
export interface NoteView {
  /** Empty where there is none. */
  readonly text: string;
  /** Counts how often it was written; 0 before anybody did. */
  readonly version: number;
  readonly editedAt: string | null;
  readonly editedBy: string | null;
}

/** A note in the place of the one with this version. */
export interface NoteEdit {
  /** At most 20,000 characters. */
  readonly text: string;
  readonly version: number;
}

/** Tags have 1 to 40 characters, without spaces and commas; a sweep has at most 20. */
export interface TagChange {
  readonly add?: readonly string[] | undefined;
  readonly remove?: readonly string[] | undefined;
}

/** Sweeps side by side. */
export interface SweepComparison {
  readonly sweeps: readonly SweepView[];
  /** Fields of their files, in the files' order; of each what every sweep says, null where it says nothing. */
  readonly fields: readonly { readonly name: string; readonly values: readonly (string | null)[] }[];
}

/** Of the current revision. `done` counts completed and pruned trials. */
export interface TrialCounts {
  readonly total: number;
  readonly done: number;
  readonly failed: number;
  /** They need more memory than any box has, or their images are too small for their model. */
  readonly infeasible: number;
  /** Ended by their sweep: its time was over, or it was stopped. */
  readonly cancelled: number;
  readonly running: number;
  readonly waiting: number;
}

export interface BestSoFar {
  readonly trial: string;
  readonly number: number;
  readonly value: number | null;
  /** Of a trial that goes on to more epochs: its result after so many of those that it has now. Null of a completed one. */
  readonly goesOn: { readonly after: number; readonly of: number } | null;
}

export interface ProgressView {
  readonly sweep: SweepView;
  readonly trials: TrialCounts;
  readonly epochs: {
    /** Distinct keys on the paths of all live trials, as far as they are known to go. */
    readonly total: number;
    readonly recorded: number;
  };
  /** Of the completed trials, and of those that go on since the sweep was extended, as they stood before. */
  readonly best: BestSoFar | null;
  /** Attempts in progress on its behalf. */
  readonly running: readonly (SlotSnapshot & { readonly worker: string })[];
  readonly workers: readonly { readonly name: string; readonly slots: number }[];
  /** One line saying why nothing moves, where that needs a person. */
  readonly notice: string | null;
}

export interface Health {
  readonly status: 'ok';
  readonly version: string;
  readonly pid: number;
  /** Whether this coordinator leads now. */
  readonly leading: boolean;
}

/** How many epochs were recorded since a point in the store's sequence. */
export interface Recorded {
  readonly trained: number;
  readonly retrained: number;
}
