/**
 * What the application service takes and answers, as plain JSON types: the same in process and over
 * /api/v1. Times are ISO strings in UTC; metrics that were not measured are null.
 */
import type { Role } from '../access/roles.js';
import type { Confusion } from '../../proto/confusion.js';
import type { ListFile } from '../sweep/list-file.js';
import type { ModelModule } from '../../proto/model-module.js';
import type { WeightsSource } from '../../proto/pretrained.js';
import type { ProgramSource } from '../../proto/program.js';
import type { BlobId, EpochKey, EpochSettings, ImageTrajectory, Trajectory } from '../../proto/work.js';
import type { SlotSnapshot } from '../leader/snapshot.js';
import type { TrialFailure } from '../store/store.js';
import type { SweepChange } from '../sweep/change.js';
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
}

/** Of the current revision. `done` counts completed and pruned trials; `failed` those that failed or need more memory than there is. */
export interface TrialCounts {
  readonly total: number;
  readonly done: number;
  readonly failed: number;
  /** Ended by their sweep: its time was over, or it was stopped. */
  readonly cancelled: number;
  readonly running: number;
  readonly waiting: number;
}

export interface GpuView {
  readonly index: number;
  readonly name: string;
  readonly memoryBytes: number;
  /** Null where it is not told. */
  readonly usedBytes: number | null;
  readonly utilisation: number | null;
  readonly celsius: number | null;
}

/** What a worker is at. */
export interface WorkerStage {
  readonly kind: 'train' | 'evaluate';
  /** Name of a sweep that wants it; null where none does any more. */
  readonly sweep: string | null;
  /** Numbers of the trials that wait for it. */
  readonly trials: readonly number[];
  readonly from: number;
  readonly to: number;
  readonly epoch: number;
}

export interface WorkerView {
  readonly id: string;
  readonly name: string;
  /** `draining`: it gives everything back and leaves. `quarantined`: it is given nothing for a while, since what it was given failed. */
  readonly state: 'active' | 'draining' | 'quarantined' | 'gone';
  /** Null where it is not known. */
  readonly carrier: 'grpc' | 'nats' | null;
  readonly pool: string | null;
  readonly labels: { readonly [key: string]: string };
  /** What it trains with where nothing else is asked for, for a person. */
  readonly engine: string;
  /** What it can train with, the best first. */
  readonly numerics: readonly string[];
  readonly slots: number;
  readonly busy: number;
  readonly memoryBytes: number;
  readonly gpus: readonly GpuView[];
  /** Over the last minute; null where it is not told. */
  readonly epochsPerSecond: number | null;
  /** What it keeps on its disk to use again: packs, decoded images, programs; null where it is not told. */
  readonly cache: { readonly bytes: number; readonly limitBytes: number } | null;
  readonly lastSeenSeconds: number;
  /** Null outside quarantine. */
  readonly quarantinedForSeconds: number | null;
  readonly stages: readonly WorkerStage[];
}

export interface ProgressView {
  readonly sweep: SweepView;
  readonly trials: TrialCounts;
  readonly epochs: {
    /** Distinct keys on the paths of all live trials, as far as they are known to go. */
    readonly total: number;
    readonly recorded: number;
  };
  /** Of the completed trials. */
  readonly best: { readonly trial: string; readonly number: number; readonly value: number | null } | null;
  /** Attempts in progress on its behalf. */
  readonly running: readonly (SlotSnapshot & { readonly worker: string })[];
  readonly workers: readonly { readonly name: string; readonly slots: number }[];
  /** One line saying why nothing moves, where that needs a person. */
  readonly notice: string | null;
}

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

export interface EnsembleMember {
  readonly trial: string;
  readonly number: number;
  /** Above 0; all together 1. */
  readonly weight: number;
  readonly settings: Assignment;
  /** The chosen one, from 0, and its key. */
  readonly epoch: number;
  readonly key: EpochKey;
  readonly trajectory: ImageTrajectory;
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
  readonly worker: string;
  readonly kind: string;
  readonly from: number;
  readonly to: number;
  readonly outcome: string | null;
  readonly message: string;
  /** The end of what its process printed before it failed; else empty. */
  readonly log: string;
  readonly startedAt: string;
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

export interface Drained {
  /** False for a worker of an older version, which gives everything back, and stays without work. */
  readonly leaves: boolean;
}

export interface Released {
  /** False where it was not quarantined. */
  readonly released: boolean;
}

/** A token as its maker sees it; the secret is shown once, when it is made. */
export interface TokenView {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly state: 'valid' | 'expired' | 'revoked';
  readonly createdAt: string;
  readonly createdBy: string;
  /** Null for never, as of the following. */
  readonly expiresAt: string | null;
  readonly revokedAt: string | null;
  /** To the minute. */
  readonly lastUsed: string | null;
}

export interface TokenRequest {
  /** Null for the role's. */
  readonly name: string | null;
  readonly role: Role;
  /** Null for never. */
  readonly expiresInMs: number | null;
}

export interface MadeToken {
  readonly token: TokenView;
  readonly secret: string;
}

export interface GarbageRequest {
  /** At least an hour: bytes are put first, and referred to later. */
  readonly olderThanMs: number;
  /** Only say what would go. */
  readonly dryRun: boolean;
}

/** Blobs that nothing refers to, the longest unused first. */
export interface GarbageView {
  readonly deleted: boolean;
  /** Of a deletion: there was no time for all of them in one request. */
  readonly more: boolean;
  readonly bytes: number;
  readonly blobs: readonly { readonly id: string; readonly kind: string; readonly bytes: number | null; readonly lastUsed: string }[];
}

/**
 * Everything a person can ask of trawl. Each call throws an error with a stable `code`:
 * `SweepNotFound`, `TrialNotFound`, `TokenNotFound`, `BadRequest`, `IllegalTransition`, `NoEnsemble`, `NotLeader`, `StoreUnavailable`.
 */
export interface SweepService {
  health(): Promise<Health>;
  preview(request: SubmitRequest): Promise<Preview>;
  submit(request: SubmitRequest): Promise<Submitted>;
  sweeps(): Promise<SweepView[]>;
  sweep(idOrName: string): Promise<SweepView>;
  progress(idOrName: string): Promise<ProgressView>;
  results(idOrName: string, options: ResultsOptions): Promise<Results>;
  /** Of the trials that have completed so far. Throws `NoEnsemble` where none has, or they have no predictions. */
  ensemble(idOrName: string): Promise<EnsembleView>;
  trial(id: string, options: { readonly test: boolean }): Promise<TrialDetail>;
  /** Of the objective's metric where none is named. Throws `BadRequest` where too few trials have completed. */
  importance(idOrName: string, metric: string | null): Promise<ImportanceView>;
  cost(idOrName: string): Promise<CostView>;
  /** What sets one sweep's file apart from another's, a line each. */
  differences(idOrName: string, other: string): Promise<readonly string[]>;
  /** `now`, of a stop alone: leases are given back at once, without the epochs in progress. */
  setState(idOrName: string, state: RequestedState, options?: { readonly now: boolean }): Promise<void>;
  /** Extends or edits a sweep; with `dryRun` only says what that would mean. */
  change(idOrName: string, change: SweepChange, options: { readonly dryRun: boolean }): Promise<Changed>;
  /** A new sweep of the spec and data of another, with a change. */
  fork(idOrName: string, name: string, change: SweepChange, options: { readonly dryRun: boolean }): Promise<Changed>;
  /** The sweep's file as it stands, with what commands changed. */
  file(idOrName: string): Promise<SweepFileView>;
  /** Trials by their numbers or ids; none for all that failed or were cancelled. */
  retry(idOrName: string, trials: readonly string[]): Promise<Retried>;
  enqueue(idOrName: string, trials: readonly Assignment[], options: { readonly front: boolean }): Promise<Enqueued>;
  /** Those that are connected, and those that have left within a day. */
  workers(): Promise<WorkerView[]>;
  /** In the order in which they were made. */
  tokens(): Promise<TokenView[]>;
  createToken(request: TokenRequest): Promise<MadeToken>;
  /** Throws `TokenNotFound`. One that is revoked already stays so. */
  revokeToken(id: string): Promise<TokenView>;
  /** Deletes blobs that nothing refers to, and were not used for so long. */
  collectGarbage(request: GarbageRequest): Promise<GarbageView>;
  /** A worker, by its name or id, gives everything back and leaves. Throws `WorkerNotFound`, `WorkerAmbiguous`. */
  drain(worker: string): Promise<Drained>;
  /** Ends a worker's quarantine. Throws `WorkerNotFound`, `WorkerAmbiguous`. */
  releaseWorker(worker: string): Promise<Released>;
  /** Current end of the store's sequence of recordings. */
  recordedSeq(): Promise<number>;
  recordedSince(idOrName: string, seq: number): Promise<Recorded>;
}

export type RequestedState = 'running' | 'paused' | 'stopped';
