/** What the store tells of what it holds. A little over 400 lines: one list of types, read as one. */
import type { WeightsSource } from '../../proto/pretrained.js';
import type { ProgramSource } from '../../proto/program.js';
import type { ModelModule } from '../../proto/model-module.js';
import type { BlobId, EpochKey, EpochResult, EvaluatedPart, EvaluationResult, OutcomeClass } from '../../proto/work.js';
import type { Assignment, BudgetEnd, DataSummary, SweepSpec, TrialPlan } from '../sweep/spec.js';
import type { ListFile } from '../sweep/list-file.js';
import type { WarmStart } from '../sweep/warm-start.js';
import type { SweepState, TrialState } from '../trial/states.js';
import type { Role } from '../access/roles.js';

export interface SweepRecord {
  readonly id: string;
  readonly project: string;
  readonly name: string;
  readonly revision: number;
  readonly state: SweepState;
  readonly spec: SweepSpec;
  readonly data: DataSummary | null;
  /** Of the engine that this revision was submitted for: what trials that are proposed later are resolved with. */
  readonly numerics: string;
  readonly createdAt: Date;
  readonly finishedAt: Date | null;
  /** What this revision has used up, as far as it was written down: only kept where a budget counts it. */
  readonly spent: Spent;
  /** What of its budget ended it; null where nothing did. */
  readonly endedBy: BudgetEnd | null;
  /** How often a person changed what its leader has in memory: its revision, its trials, or that it goes on. */
  readonly changes: number;
  /** Whether this revision is what a sweep file said, or what a command made of it. */
  readonly origin: RevisionOrigin;
  /** Tells its current revision from others (sweep/revision-digest.ts), as hex. */
  readonly digest: string;
  /** What its sampler knew of other sweeps' trials when this revision was submitted; null for nothing. */
  readonly warmStart: WarmStart | null;
  /** Whether only trials that a person asked for since it was stopped run: its sampler proposes none. */
  readonly onlyAsked: boolean;
  /** What people find it by, in the order of their characters. */
  readonly tags: readonly string[];
}

/** What people wrote about a sweep. */
export interface NoteRecord {
  /** Empty where there is none. */
  readonly text: string;
  /** Counts how often it was written. */
  readonly version: number;
  /** Null before anybody wrote one. */
  readonly editedAt: Date | null;
  readonly editedBy: string | null;
}

export type RevisionOrigin = 'file' | 'command';

/** What a revision was made of: enough for a command to make the next one. */
export interface SweepSource {
  /** How messages name the file. */
  readonly name: string;
  readonly text: string;
  /** What the module that the file names as its model builds; null for a model of the zoo. */
  readonly module: ModelModule | null;
  /** The file of trials that it names; null where it names none. */
  readonly list: ListFile | null;
  /** Of a command its files, of a module its code; null for none. */
  readonly program: ProgramSource | null;
  /** Of its pretrained weights; absent for none. */
  readonly weights?: WeightsSource;
}

/** What a revision of a sweep has used up. */
export interface Spent {
  /** While it was running and a worker was connected. */
  readonly ranMs: number;
  /** Of attempts on its behalf, summed over slots. */
  readonly slotMs: number;
  /** Recorded for the first time on its behalf. */
  readonly epochs: number;
  /** Trials that have ended since the best one did. */
  readonly sinceBest: number;
}

/** Why a trial ended short of completion; null otherwise. */
export interface TrialFailure {
  readonly class: OutcomeClass | 'Diverged' | 'ModelError';
  readonly message: string;
}

export interface TrialRecord {
  readonly id: string;
  readonly sweep: string;
  readonly number: number;
  readonly assignment: Assignment;
  readonly plan: TrialPlan;
  readonly state: TrialState;
  /** Length of its path as it ended; null while open. */
  readonly epochs: number | null;
  /** Epochs up to which its pruner has let it go; null where it was never judged. */
  readonly until: number | null;
  readonly bestEpoch: number | null;
  readonly failure: TrialFailure | null;
  /** Place among the trials that a person enqueued, the least first; null for a trial that the sampler chose. */
  readonly ahead: number | null;
}

/** A trial of a leaderboard. */
export interface TrialRow {
  readonly id: string;
  readonly number: number;
  readonly assignment: Assignment;
  readonly replicate: number;
  readonly state: TrialState;
  /** Length of its path as planned, and as far as it has gone or, where it has ended, went. */
  readonly planned: number;
  readonly went: number;
  readonly bestEpoch: number | null;
  readonly failure: TrialFailure | null;
  /** The chosen epoch (from 0), else the last one that was reported with numbers; null where there is none. */
  readonly measured: (Pick<RecordedEpoch, 'key' | 'result' | 'params' | 'msPerImage'> & { readonly epoch: number }) | null;
}

/** Where a completed trial stands by the objective of its sweep (trial/rank.ts): by the one, then by the other, then by its number. */
export interface StoredScore {
  readonly shortfall: number;
  /** Of the first objective, smaller is better; NaN where it was not reported. */
  readonly minimised: number;
}

export interface TrialScore extends StoredScore {
  readonly id: string;
}

/** A part of a leaderboard of one objective, without replicates. */
export interface LeaderboardPart {
  /** Trials of the sweep, and those of them that have completed, which stand first. */
  readonly total: number;
  readonly completed: number;
  readonly rows: readonly BoardRow[];
}

export interface PlacedTrial {
  readonly id: string;
  readonly number: number;
  readonly state: TrialState;
}

/** The first trials of such a leaderboard. */
export interface LeadingTrials {
  /** Trials of the sweep. */
  readonly total: number;
  readonly trials: readonly PlacedTrial[];
}

/** Completed trials that have a value of the objective, in order of their end. */
export interface RecordedSeries {
  readonly of: number;
  /** A part of them, taken evenly, and each that was better than all before it. */
  readonly moments: readonly (Pick<TrialRow, 'id' | 'number'> & { readonly at: Date; readonly minimised: number; readonly isPoint: boolean; readonly isBest: boolean; readonly goesOn: GoesOn | null })[];
}

/** A result of a trial that has gone on since its sweep was extended: after so many epochs, of those that it has now. */
export interface GoesOn {
  readonly after: number;
  readonly of: number;
}

/** The best of such results. */
export interface FormerBest extends GoesOn {
  /** The trial's of today. */
  readonly id: string;
  readonly number: number;
  /** As scores have it. */
  readonly shortfall: number;
  /** The first objective, negated where it is maximised. */
  readonly minimised: number;
}

/** A trial of a leaderboard that is kept, with when it last changed. */
export interface BoardRow extends TrialRow {
  readonly updatedAt: Date;
}

/** One metric over the recorded epochs of a trial, from its first. */
export interface RecordedCurve {
  /** Null where it was not reported, or is not finite. */
  readonly values: readonly (number | null)[];
  readonly seconds: readonly number[];
}

/** Over the epochs of a trial that are recorded. */
export interface TrialMeans {
  readonly params: number;
  readonly secondsPerEpoch: number;
}

export interface RecordedEpoch {
  readonly key: EpochKey;
  readonly result: EpochResult;
  readonly seconds: number;
  readonly params: number;
  /** Of predicting the validation part, as it was measured; null where it was not. */
  readonly msPerImage: number | null;
  /** The attempt that recorded it. */
  readonly attempt: string;
  /** Kept checkpoint, if any. */
  readonly checkpoint: BlobId | null;
  /** Position in the store's sequence of recordings: later ones are larger. */
  readonly recordedSeq: number;
  readonly recordedAt: Date;
}

/** Epochs that were recorded between two positions in the store's sequence of recordings. */
export interface Recordings {
  readonly seq: number;
  /** An epoch on behalf of several sweeps counts for each; null for what none paid for. */
  readonly sweeps: readonly { readonly sweep: string | null; readonly trained: number; readonly retrained: number }[];
}

export interface RecordedEvaluation {
  readonly key: EpochKey;
  readonly part: EvaluatedPart;
  readonly result: EvaluationResult;
}

/** An attempt that was leased and not ended when it was read. */
export interface OpenAttempt {
  readonly attempt: string;
  readonly token: string;
  readonly worker: string;
  readonly kind: 'train' | 'evaluate';
  /** train: keys of its span in order, beginning with the first epoch it trains. evaluate: the one key. */
  readonly keys: readonly EpochKey[];
  readonly from: number;
  readonly alone: boolean;
  /** Sweeps on whose budget it goes. */
  readonly payers: readonly string[];
}

/** An attempt as it went, or goes. */
export interface AttemptRecord {
  readonly attempt: string;
  readonly worker: string;
  readonly kind: 'train' | 'evaluate';
  /** Sweeps on whose budget it went. */
  readonly payers: readonly string[];
  /** Epochs [from, to). */
  readonly from: number;
  readonly to: number;
  /** Null while it is leased. */
  readonly outcome: string | null;
  readonly leasedAt: Date;
  /** When a slot of its worker began it; null while it is leased, and of one that never began. */
  readonly begunAt: Date | null;
  readonly endedAt: Date | null;
}

/** An attempt at epochs of a trial's path. */
export interface TrialAttempt extends AttemptRecord {
  readonly message: string;
  /** The end of what its process printed before it failed; else empty. */
  readonly log: string;
}

/** Failed attempts so far whose span began at this key, by class: what the retry rules count. */
export interface FailureCount {
  readonly key: EpochKey;
  readonly kind: 'train' | 'evaluate';
  readonly class: OutcomeClass;
  readonly count: number;
}

/** A worker as it was when it last came or went. */
export interface StoredWorker {
  readonly id: string;
  readonly name: string;
  readonly slots: number;
  readonly memoryBytes: number;
  readonly numerics: readonly string[];
  /** To the minute. */
  readonly lastSeen: Date;
  /** A person asked it to leave, and it has not left so far. */
  readonly draining: boolean;
  /** Who asked it last to leave; null where nobody has since it was started, or by a version that did not keep it. */
  readonly drain: { readonly by: string; readonly at: Date } | null;
}

export interface EventWrite {
  /** From the typed event map, e.g. 'trial.completed'. */
  readonly type: string;
  readonly sweep: string | null;
  readonly trial: string | null;
  readonly detail: { readonly [field: string]: unknown };
  /** The person who caused it; absent for whoever writes it. */
  readonly actor?: string;
}

export interface StoredEvent extends EventWrite {
  readonly id: number;
  readonly at: Date;
  readonly actor: string;
}

/** A browser's, for as long as nobody ends it. */
export interface BrowserSession {
  /** SHA-256 of what its cookie holds, as hex. */
  readonly hash: string;
  /** That it was opened with (tok_…); null for a home's own. */
  readonly token: string | null;
  /** It is over then at the latest. */
  readonly endsAt: Date;
}

export interface TokenRecord {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  /** SHA-256 of its secret, as hex. */
  readonly hash: string;
  readonly createdAt: Date;
  readonly createdBy: string;
  /** Null for never. */
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
  /** To the minute; null for never. */
  readonly lastUsed: Date | null;
  /** By the database's clock, when it was read. */
  readonly state: 'valid' | 'expired' | 'revoked';
}

/** Bytes that nothing in the database refers to. */
export interface UnreferencedBlob {
  readonly id: BlobId;
  /** What it was put as: checkpoint, probabilities, manifest, ...; 'artifact' where nobody said. */
  readonly kind: string;
  readonly bytes: number | null;
  /** When it was last put, fetched or asked for. */
  readonly lastUsed: Date;
}

/** What the store knows of the leader: it leads, or is the last who did. */
export interface LeaderRecord {
  readonly epoch: number;
  /** Host and process. */
  readonly holder: string;
  readonly url: string | null;
  readonly since: Date;
}

/** What the epochs on a sweep's paths cost. */
export interface SweepCosts {
  /** Its id. */
  readonly sweep: string;
  /** Once for it; the time is that of training alone, summed over slots. */
  readonly trained: { readonly epochs: number; readonly seconds: number };
  /** What it would have cost more if no trial had shared any: with another of its own, or with a sweep before it. */
  readonly saved: { readonly epochs: number; readonly seconds: number };
}

/** After the epoch with this key, which is the last of so many. */
export interface StageParent {
  readonly key: EpochKey;
  readonly epochs: number;
}

/** A sweep's failed and infeasible trials of one class. */
export interface StoredFailures {
  readonly class: string;
  readonly count: number;
  /** Of the last one. */
  readonly id: string;
  readonly message: string;
  /** The last ones first. */
  readonly numbers: readonly [number, ...number[]];
}

/** What a trial was proposed with. */
export interface NumberedAssignment {
  readonly number: number;
  readonly assignment: Assignment;
}

/** A stage of a sweep's trials: the epochs after a branch, up to where the next one branches off or a trial ends. */
export interface StageBelow {
  /** Of its first and of its last epoch. */
  readonly firstKey: EpochKey;
  readonly key: EpochKey;
  readonly epochs: number;
  /** Numbers of the trials on whose paths it lies, in no order; and how many of those are completed or pruned, failed, infeasible, and running. */
  readonly numbers: readonly number[];
  readonly done: number;
  readonly failed: number;
  readonly infeasible: number;
  readonly running: number;
  /** Of those whose paths end with it. */
  readonly ending: readonly number[];
  /** Of its epochs, and what those took. */
  readonly recorded: number;
  readonly seconds: number;
}

export interface StagesBelow {
  /** How many there are. */
  readonly of: number;
  /** Epochs that their trials asked for from there on, shared ones once for each. */
  readonly requested: number;
  readonly stages: readonly StageBelow[];
}
