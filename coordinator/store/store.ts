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
import type { BlobId, EpochKey } from '../../proto/work.js';
import type { MemoryPeak } from '../placement/memory.js';
import type { SweepState, TrialState } from '../trial/states.js';
import type { BoardRow, BrowserSession, EventWrite, FailureCount, FormerBest, LeaderRecord, NoteRecord, NumberedAssignment, OpenAttempt, RecordedCurve, RecordedEpoch, RecordedEvaluation, LeaderboardPart, LeadingTrials, RecordedSeries, Recordings, StageParent, StagesBelow, StoredEvent, StoredFailures, StoredWorker, SweepCosts, SweepRecord, SweepSource, TokenRecord, TrialMeans, TrialRecord, TrialRow, TrialScore, UnreferencedBlob, AttemptRecord, TrialAttempt } from './records.js';
import type { Carried, FreshTrial, NewSweep, NewToken, TurnWrites } from './turn-writes.js';

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

  /** Throws `NotFound`. */
  noteOf(sweep: string): Promise<NoteRecord>;
  /** In the place of the version that its writer had before them. Throws `NoteChanged` where another has come since, and `NotFound`. */
  writeNote(sweep: string, note: Pick<NoteRecord, 'text' | 'version'>, actor: string, leaderEpoch: number): Promise<void>;
  /** Adds some tags and removes others, whatever others do in the same moment. Throws `TooManyTags`, `NotFound`. */
  changeTags(sweep: string, change: { readonly add: readonly string[]; readonly remove: readonly string[] }, actor: string, leaderEpoch: number): Promise<void>;

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
  /** A part of them as a leaderboard of one objective without replicates has them; null where it is not known how all stand. */
  leaderboardPart(sweep: string, offset: number, limit: number): Promise<LeaderboardPart | null>;
  /** The first of them, without what was measured; null as there. */
  leadingTrials(sweep: string, limit: number): Promise<LeadingTrials | null>;
  /** Completed trials of one sweep whose score is not known, at most `limit`; null where all are. */
  unscoredTrials(limit: number): Promise<{ readonly sweep: SweepRecord; readonly rows: readonly TrialRow[] } | null>;
  /** Of a revision that is still the current one, where they are not known. Settles with how many that was. Throws NotLeader. */
  scoreTrials(sweep: Pick<SweepRecord, 'id' | 'revision'>, scores: readonly TrialScore[], leaderEpoch: number): Promise<number>;
  /** At most `points` of the completed ones evenly, and each that was the best so far by the first objective; null where it is not known how all stand. */
  objectiveSeries(sweep: string, points: number): Promise<RecordedSeries | null>;
  /** Of trials that go on since the sweep was extended, the best result before; null where none is better than all that have completed since. By the first objective, each trial by itself. */
  formerBest(sweep: string): Promise<FormerBest | null>;
  /** The same with when each last changed: of all trials, or of those that run or have changed since. `asOf`: by the database's clock, before they were read. */
  boardRows(sweep: string, since: Date | null): Promise<{ readonly asOf: Date; readonly rows: BoardRow[] }>;
  /** By trial: a metric as it was reported, over the recorded epochs. A trial without any has none. */
  curvesOf(trials: readonly string[], metric: string): Promise<Map<string, RecordedCurve>>;
  /** By trial: whole results of its recorded epochs, in order. */
  resultsOf(trials: readonly string[]): Promise<Map<string, Pick<RecordedEpoch, 'result' | 'seconds'>[]>>;
  /** The end of what a process printed that failed last at one of the trial's epochs; empty where nothing was kept. */
  lastLog(trial: string): Promise<string>;
  /** The latest attempts on behalf of a sweep, at most `limit`, the latest lease first; none that ended before a slot began it. */
  attemptsOn(sweep: string, limit: number): Promise<AttemptRecord[]>;
  /** By trial; of the given ones, or of all. A trial without a recorded epoch has none. */
  trialMeans(sweep: string, trials: readonly string[] | null): Promise<ReadonlyMap<string, TrialMeans>>;
  /** Trials by state; and distinct epochs on the paths of all that were not cancelled, as they ended or are planned, and how many of them are recorded. */
  totalsOf(sweep: string): Promise<{ readonly states: { readonly [state in TrialState]?: number }; readonly total: number; readonly recorded: number }>;
  findTrial(project: string, id: string): Promise<TrialRecord | null>;
  /** Of the sweep's current revision. */
  findNumberedTrial(sweep: string, number: number): Promise<TrialRecord | null>;
  /** How many of its current revision have completed. */
  completedTrials(sweep: string): Promise<number>;
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
  attemptsOf(keys: readonly EpochKey[]): Promise<TrialAttempt[]>;
  /** Those that were under way after a time and were leased at most a day before it, the latest lease first; none that ended before a slot began it. */
  attemptsSince(since: Date, limit: number): Promise<AttemptRecord[]>;
  /** Current end of the recordings' sequence; with `recordedSince` it counts what one invocation trained. */
  recordedSeq(): Promise<number>;
  recordedSince(seq: number, sweep: string): Promise<{ readonly trained: number; readonly retrained: number }>;
  /** Of epochs that were recorded on the sweep's behalf past where its trials ended: how many, and what they took. */
  recordedBeyond(sweep: string): Promise<{ readonly epochs: number; readonly seconds: number }>;
  /** Of each of the given sweeps' current trials. */
  costsOf(sweeps: readonly string[]): Promise<SweepCosts[]>;
  /** Of the sweep's current trials, by class: those with most trials first, and at most `limit` numbers of each. */
  failuresOf(sweep: string, limit: number): Promise<StoredFailures[]>;
  /** Of the sweep's current trials with one of the numbers, in no order. */
  assignmentsOf(sweep: string, numbers: readonly number[]): Promise<NumberedAssignment[]>;
  /** The stages that follow on a parent, or the first ones where it is null: those with most trials first. */
  stagesBelow(sweep: string, parent: StageParent | null, page: { readonly offset: number; readonly limit: number }): Promise<StagesBelow>;
  events(afterId: number, limit: number, sweep: string | null): Promise<StoredEvent[]>;
  /** Id of the last one; 0 before there is any. */
  lastEvent(): Promise<number>;
  /** How many epochs were recorded after a position, and up to another (null for the end), by the sweeps on whose behalf; and the position of the last of them, or the first position where there is none. */
  recordingsAfter(seq: number, upTo: number | null): Promise<Recordings>;

  createToken(token: NewToken, actor: string, leaderEpoch: number): Promise<void>;
  /** Throws `StaleWrite` where there is none, or it is revoked already. */
  revokeToken(project: string, id: string, actor: string, leaderEpoch: number): Promise<void>;
  /** In the order in which they were made. */
  tokens(project: string): Promise<TokenRecord[]>;
  findTokens(ids: readonly string[]): Promise<TokenRecord[]>;
  /** They were used now. */
  noteTokens(ids: readonly string[]): Promise<void>;

  openBrowserSession(session: BrowserSession): Promise<void>;
  /** It is over before its time. Idempotent. */
  endBrowserSession(hash: string): Promise<void>;
  /** Null for one that nobody opened, or that is over. */
  findBrowserSession(hash: string): Promise<BrowserSession | null>;

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
