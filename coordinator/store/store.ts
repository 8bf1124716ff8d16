/**
 * What the coordinator asks of its store, in domain verbs. Postgres is the truth: whatever is not
 * committed did not happen. The one implementation lives beside this file; nothing else imports `pg`.
 *
 * Guarantees
 * - `commitTurn` is one transaction. It takes the leader row `for share` and throws `NotLeader` when
 *   another epoch stands there. Every write of an attempt is guarded by (attempt, token, state =
 *   leased); a guard that matches fewer rows than given throws `StaleWrite` and nothing is committed.
 * - An epoch is inserted once per key; a second insert of the same key throws `StaleWrite`.
 * - Event ids are gapless and in order of commit.
 */
import type { WeightsSource } from '../../proto/pretrained.js';
import type { ProgramSource } from '../../proto/program.js';
import type { ModelModule } from '../../proto/model-module.js';
import type { BlobId, EpochKey, EpochResult, EvaluatedPart, EvaluationResult, Json, OutcomeClass } from '../../proto/work.js';
import type { Assignment, BudgetEnd, DataSummary, SweepSpec, TrialPlan } from '../sweep/spec.js';
import type { ListFile } from '../sweep/list-file.js';
import type { WarmStart } from '../sweep/warm-start.js';
import type { MemoryPeak } from '../placement/memory.js';
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
  readonly class: OutcomeClass | 'Diverged';
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

/** Failed attempts so far whose span began at this key, by class: what the retry rules count. */
export interface FailureCount {
  readonly key: EpochKey;
  readonly kind: 'train' | 'evaluate';
  readonly class: OutcomeClass;
  readonly count: number;
}

export interface GrantWrite {
  readonly attempt: string;
  readonly token: string;
  readonly stage: string;
  readonly worker: string;
  readonly kind: 'train' | 'evaluate';
  readonly keys: readonly EpochKey[];
  readonly from: number;
  readonly alone: boolean;
  readonly payers: readonly string[];
}

export interface EpochWrite {
  readonly attempt: string;
  readonly token: string;
  readonly key: EpochKey;
  readonly parent: EpochKey | null;
  readonly epoch: number;
  readonly result: EpochResult;
  readonly seconds: number;
  readonly params: number;
  readonly msPerImage: number | null;
}

/** A key that was trained again after a loss: counted, compared, never rewritten. */
export interface RetrainedWrite {
  readonly attempt: string;
  readonly token: string;
  readonly key: EpochKey;
}

export interface CheckpointWrite {
  readonly attempt: string;
  readonly token: string;
  readonly key: EpochKey;
  readonly blob: BlobId;
  readonly bytes: number;
}

export interface EvaluationWrite {
  readonly attempt: string;
  readonly token: string;
  readonly key: EpochKey;
  readonly part: EvaluatedPart;
  readonly result: EvaluationResult;
}

export interface AttemptEnd {
  readonly attempt: string;
  readonly token: string;
  readonly outcome: OutcomeClass;
  readonly message: string;
  /** The end of what was printed before a failure; else empty. */
  readonly log: string;
}

export interface TrialUpdate {
  readonly id: string;
  /** As its sweep's record had it: a trial that went over to another revision since is not matched. */
  readonly revision: number;
  readonly state: TrialState;
  readonly epochs: number | null;
  /** Null leaves what is stored. */
  readonly until: number | null;
  readonly bestEpoch: number | null;
  readonly failure: TrialFailure | null;
}

export interface SweepUpdate {
  readonly id: string;
  readonly state: SweepState;
  /** As its record had it: a sweep that a person changed since is not matched. */
  readonly changes: number;
}

export interface SpentWrite extends Spent {
  readonly id: string;
  readonly revision: number;
  readonly endedBy: BudgetEnd | null;
}

export interface WorkerWrite {
  readonly id: string;
  readonly name: string;
  readonly slots: number;
  readonly memoryBytes: number;
  readonly numerics: readonly string[];
  readonly connected: boolean;
}

/** A worker as it was when it last came or went. */
export interface StoredWorker {
  readonly id: string;
  readonly name: string;
  readonly memoryBytes: number;
  readonly numerics: readonly string[];
  readonly lastSeen: Date;
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

export interface NewTrial extends FreshTrial {
  readonly id: string;
  readonly sweep: string;
  readonly revision: number;
}

/** All that one turn of the leader changes, in the order in which it is applied. */
export interface TurnWrites {
  readonly workers: WorkerWrite[];
  readonly epochs: EpochWrite[];
  readonly retrained: RetrainedWrite[];
  readonly checkpoints: CheckpointWrite[];
  /** Keys whose checkpoint is no longer wanted. */
  readonly dropped: EpochKey[];
  readonly evaluations: EvaluationWrite[];
  readonly ended: AttemptEnd[];
  readonly grants: GrantWrite[];
  readonly created: NewTrial[];
  readonly trials: TrialUpdate[];
  readonly sweeps: SweepUpdate[];
  readonly spent: SpentWrite[];
  readonly peaks: MemoryPeak[];
  readonly events: EventWrite[];
}

export interface NewSweep {
  readonly project: string;
  readonly actor: string;
  readonly spec: SweepSpec;
  readonly data: DataSummary | null;
  readonly numerics: string;
  /** Those that are known from the spec alone; more may be proposed while it runs. */
  readonly trials: readonly TrialPlan[];
  /** Null where it was made of nothing that could be kept. */
  readonly source: SweepSource | null;
  readonly origin: RevisionOrigin;
  readonly warmStart: WarmStart | null;
  /** For the event: what is new in the words of the file, or where it comes from. */
  readonly told: { readonly [field: string]: Json };
  /** What becomes of the trials of the revision before; null for a sweep of a new name. */
  readonly carried: Carried | null;
}

/** What a new revision takes over from the one before it. */
export interface Carried {
  /** What this was worked out from: where it is another by now, nothing is written. */
  readonly from: Pick<SweepRecord, 'id' | 'revision' | 'changes' | 'state'>;
  /** Ids of trials that go on under the new revision as they stand. */
  readonly kept: readonly string[];
  /** Whether their pruner is another one, so that how far it had let them go means nothing. */
  readonly judgedAnew: boolean;
  /** Whether they stop by another rule, so that none may have ended by the former one meanwhile. */
  readonly foldedAnew: boolean;
  /** How many trials the revision before had: one that was proposed meanwhile would be lost. */
  readonly known: number;
  /** Trials to be made, in the place of the new sweep's `trials`. */
  readonly fresh: readonly FreshTrial[];
  /** Whether the time that the sweep has run counts on. */
  readonly clockGoesOn: boolean;
  /** Whether kept trials that were cancelled are queued again, and the sampler goes on. */
  readonly revives: boolean;
  readonly state: SweepState;
}

export interface FreshTrial {
  readonly plan: TrialPlan;
  readonly ahead: number | null;
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

export interface NewToken extends Pick<TokenRecord, 'id' | 'name' | 'role' | 'hash'> {
  readonly project: string;
  /** Null for never. */
  readonly expiresInMs: number | null;
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

export interface Leadership {
  /** Fencing number: higher than any before it. */
  readonly epoch: number;
  /** Settles when the session that holds the advisory lock is gone, or nothing is heard from it. */
  readonly lost: Promise<void>;
  release(): Promise<void>;
}

/** Who wants to lead. */
export interface Candidate {
  /** Where others reach it over HTTP, to be told to whoever asks a standby; null for somebody who leads for one request. */
  readonly url: string | null;
  /** Told when another one leads: the wait has begun. */
  readonly onStandby?: () => void;
}

/** What the store knows of the leader: it leads, or is the last who did. */
export interface LeaderRecord {
  readonly epoch: number;
  /** Host and process. */
  readonly holder: string;
  readonly url: string | null;
  readonly since: Date;
}

export interface Store {
  /** Waits for the advisory lock, then raises the leader's epoch. Rejects when `signal` aborts. */
  lead(signal: AbortSignal, candidate: Candidate): Promise<Leadership>;
  /** Who leads, or led last; null before there ever was a leader. */
  leader(): Promise<LeaderRecord | null>;
  commitTurn(leaderEpoch: number, writes: TurnWrites): Promise<void>;

  /**
   * Creates the sweep, or a new revision of the one with this project and name when the spec or the
   * data differ; the same spec again changes nothing. Trials that the revision does not keep stay in the
   * store, cancelled where they were open, but belong to no live revision. Throws `StaleWrite` where the
   * sweep is not the one any more that `carried` was worked out from.
   */
  submit(sweep: NewSweep, leaderEpoch: number): Promise<{ readonly id: string; readonly revision: number; readonly change: 'created' | 'revised' | 'same' }>;
  /**
   * Ended trials are queued again, with their failures forgotten and how far their pruner had let them go;
   * a sweep that has ended runs again, one that was stopped for these trials alone. Throws `NotFound`, `IllegalTransition`, and `StaleWrite` where a
   * trial is none of the sweep's current ones.
   */
  retryTrials(sweep: string, trials: readonly string[], actor: string, leaderEpoch: number): Promise<void>;
  /** Adds trials to the current revision; a sweep that has ended runs again, one that was stopped for these trials alone. Throws `StaleWrite` where it is not the one any more that `from` says. */
  enqueueTrials(from: Carried['from'], trials: readonly FreshTrial[], actor: string, leaderEpoch: number): Promise<void>;
  /**
   * A person's request: running <-> paused, or stopped, which cancels its open trials. One that has ended and runs
   * again, or ran for single trials alone, goes on with all that was cancelled. Throws `NotFound`, `IllegalTransition`.
   */
  setSweepState(id: string, state: SweepState, told: EventWrite['detail'], actor: string, leaderEpoch: number): Promise<void>;

  findSweep(project: string, idOrName: string): Promise<SweepRecord | null>;
  listSweeps(project: string): Promise<SweepRecord[]>;
  /** Of the current revision; null for one from before sources were kept. */
  sourceOf(sweep: string): Promise<SweepSource | null>;
  /** What the sweep's file said when it was last submitted. */
  fileOf(sweep: string): Promise<Pick<SweepRecord, 'revision' | 'spec' | 'data' | 'numerics'>>;
  /** Sweeps in state running or paused. */
  openSweeps(): Promise<SweepRecord[]>;
  /** Of the sweep's current revision, by number. */
  trialsOf(sweep: string): Promise<TrialRecord[]>;
  /** The same trials as leaderboards need them. */
  trialRows(sweep: string): Promise<TrialRow[]>;
  /** By trial; of the given ones, or of all. A trial without a recorded epoch has none. */
  trialMeans(sweep: string, trials: readonly string[] | null): Promise<ReadonlyMap<string, TrialMeans>>;
  /** Trials by state; and distinct epochs on the paths of all that were not cancelled, as they ended or are planned, and how many of them are recorded. */
  totalsOf(sweep: string): Promise<{ readonly states: { readonly [state in TrialState]?: number }; readonly total: number; readonly recorded: number }>;
  findTrial(id: string): Promise<TrialRecord | null>;
  epochsByKey(keys: readonly EpochKey[]): Promise<RecordedEpoch[]>;
  evaluationsByKey(keys: readonly EpochKey[]): Promise<RecordedEvaluation[]>;
  openAttempts(): Promise<OpenAttempt[]>;
  /** All that were ever connected. */
  workers(): Promise<StoredWorker[]>;
  /** What trainings took of memory, as far as it was measured. */
  memoryPeaks(): Promise<MemoryPeak[]>;
  /** Since the sweep's current revision was submitted, or its trials were retried: whoever asks anew tries anew. */
  failureCounts(keys: readonly EpochKey[], sweep: string): Promise<FailureCount[]>;
  /** Attempts of the given keys' spans, newest last: for `trawl trial`. */
  attemptsOf(keys: readonly EpochKey[]): Promise<{ attempt: string; worker: string; kind: string; from: number; to: number; outcome: string | null; message: string; log: string; startedAt: Date; endedAt: Date | null }[]>;
  /** Current end of the recordings' sequence; with `recordedSince` it counts what one invocation trained. */
  recordedSeq(): Promise<number>;
  recordedSince(seq: number, sweep: string): Promise<{ readonly trained: number; readonly retrained: number }>;
  /** Of epochs that were recorded on the sweep's behalf past where its trials ended: how many, and what they took. */
  recordedBeyond(sweep: string): Promise<{ readonly epochs: number; readonly seconds: number }>;
  events(afterId: number, limit: number, sweep: string | null): Promise<StoredEvent[]>;

  createToken(token: NewToken, actor: string, leaderEpoch: number): Promise<void>;
  /** Throws `StaleWrite` where there is none, or it is revoked already. */
  revokeToken(project: string, id: string, actor: string, leaderEpoch: number): Promise<void>;
  /** In the order in which they were made. */
  tokens(project: string): Promise<TokenRecord[]>;
  findTokens(ids: readonly string[]): Promise<TokenRecord[]>;
  /** They were used now. */
  noteTokens(ids: readonly string[]): Promise<void>;

  /** The blob that tells which store the database's blobs are in; null before there is one. */
  blobMarker(): Promise<BlobId | null>;
  /** Blobs that must be in the blob store, a few of each kind; empty where nothing refers to any. */
  someReferredBlobs(): Promise<BlobId[]>;
  /** Of two that set it at once the first stands. Returns the one that stands. */
  setBlobMarker(id: BlobId): Promise<BlobId>;
  /** Registers bytes that are in the blob store. */
  putBlob(id: BlobId, bytes: number, kind: string): Promise<void>;
  /** It is used now. Before one is looked for or put: a deletion under way is waited for, and none begins after. */
  touchBlob(id: BlobId): Promise<void>;
  /** Blobs that nothing refers to and that were last used before `before`. */
  unreferencedBlobs(before: Date): Promise<UnreferencedBlob[]>;
  /**
   * Forgets a blob that nothing refers to and that was last used before `before`, and has its bytes removed
   * while nobody can note a use of it. False where it is in use; what `remove` throws, and all stays as it
   * was. Throws StaleWrite where this process was frozen in between.
   */
  deleteBlob(id: BlobId, before: Date, remove: () => Promise<void>): Promise<boolean>;
  /** Manifests of the data of every sweep's current revision; the packs that they name are in use too. */
  manifests(): Promise<BlobId[]>;
  close(): Promise<void>;
}
