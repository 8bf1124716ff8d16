/**
 * The store on Postgres: the guarantees are in store.ts, the statements in one file per family. Long because the store has
 * many verbs; each stands here once, and what is more than a call of its family's file is a transaction.
 */
import { newId } from '../../proto/ids.js';
import type { BlobId, EpochKey } from '../../proto/work.js';
import type { MemoryPeak } from '../placement/memory.js';
import { revisionDigest } from '../sweep/revision-digest.js';
import { moveSweep } from '../trial/states.js';
import type { SweepState } from '../trial/states.js';
import { endBatch, grantBatch, leaseGuard, readAttemptsOf, readAttemptsOn, readLastLog, readFailureCounts, readOpenAttempts, readAttemptsSince } from './attempts.js';
import { forgetUnreferenced, readBlobMarker, readSomeReferred, readUnreferenced, touchBlob, writeBlob, writeBlobMarker } from './blobs.js';
import { deleteBrowserSession, findBrowserSession, writeBrowserSession } from './browser-sessions.js';
import { readCosts } from './costs.js';
import { curvesBatch, readCurves, readResults } from './curves.js';
import { Database } from './database.js';
import { checkpointBatch, droppedBatch, epochBatch, parentBatch, readBeyond, readEpochs, readRecordedSeq, readRecordedSince, readRecordingsAfter, retrainedBatch } from './epochs.js';
import { NotFound, NoteChanged, StaleWrite, TooManyTags } from './errors.js';
import { evaluationBatch, readEvaluations } from './evaluations.js';
import { eventBatch, readEvents, readLastEvent } from './events.js';
import { readFormerBest } from './former-results.js';
import { readLeader, silentForMs, takeLeadership } from './leader.js';
import { peakBatch, readPeaks } from './memory-peaks.js';
import { migrate, readMigrations } from './migrate.js';
import { lockTags, readNote, replaceNote, writeTags } from './notes.js';
import type { AttemptRecord, BrowserSession, EventWrite, FailureCount, FormerBest, LeaderRecord, NoteRecord, NumberedAssignment, OpenAttempt, RecordedEpoch, RecordedEvaluation, LeaderboardPart, LeadingTrials, RecordedSeries, Recordings, StagesBelow, StoredEvent, StoredFailures, StoredWorker, SweepCosts, SweepRecord, SweepSource, TokenRecord, TrialAttempt, TrialRecord, TrialRow, TrialScore, UnreferencedBlob } from './records.js';
import { readUnscored, writeScores } from './scores.js';
import { readStages } from './stages.js';
import type { Candidate, Leadership, Store } from './store.js';
import type { Carried, FreshTrial, NewSweep, NewToken, TurnWrites } from './turn-writes.js';
import { lockSweep, lockSweepState, noteChange, readFileRevision, readManifests, readOpenSweeps, readSource, readSweep, readSweeps, spentBatch, sweepBatch, writeRevision, type StoredSweep } from './sweeps.js';
import { findTokens, newTokenBatch, noteTokens, readTokens, revokeBatch } from './tokens.js';
import { readBoardRows, readLeaderboardPart, readLeadingTrials, readSeries, readTotals, readTrialMeans, readTrialRows } from './trial-rows.js';
import { cancelBatch, keepBatch, knownBatch, newTrialBatch, readAssignments, readCompleted, readFailureGroups, readNumberedTrial, readTrial, readTrials, retryBatch, reviveBatch, trialBatch } from './trials.js';
import { readWorkers, workerBatch } from './workers.js';

export interface StoreOptions {
  readonly logger?: { warn(detail: object, message: string): void };
}

/** Who stands in events that no person caused. */
const coordinatorActor = 'coordinator';

/** Of one sweep. */
const MOST_TAGS = 20;

/**
 * Connects and migrates. Throws DatabaseUnavailable, DatabaseTooOld, SchemaTooNew, MigrationEdited.
 */
export async function openStore(url: string, options: StoreOptions = {}): Promise<Store> {
  const database = new Database(url, (error) => options.logger?.warn({ error: error.message }, 'a connection to the database broke'));
  try {
    const migrations = await readMigrations();
    await database.read((client) => migrate(client, migrations));
    return new PostgresStore(database);
  } catch (error) {
    await database.close();
    throw error;
  }
}

class PostgresStore implements Store {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async lead(signal: AbortSignal, candidate: Candidate): Promise<Leadership> {
    signal.throwIfAborted();
    const cancel = async (pid: number): Promise<void> => {
      await this.#database.read((client) => client.query('select pg_terminate_backend($1)', [pid]));
    };
    return this.#database.dedicated((client) => takeLeadership(client, signal, candidate, cancel));
  }

  leader(): Promise<LeaderRecord | null> {
    return this.#database.read(readLeader);
  }

  async commitTurn(leaderEpoch: number, writes: TurnWrites): Promise<void> {
    const leases = [writes.epochs, writes.retrained, writes.checkpoints, writes.evaluations].flat();
    await this.#database.write(leaderEpoch, ({ run }) =>
      run([
        leaseGuard(leases, writes.ended),
        workerBatch(writes.workers),
        parentBatch(writes.epochs),
        epochBatch(writes.epochs),
        retrainedBatch(writes.retrained),
        checkpointBatch(writes.checkpoints),
        droppedBatch(writes.dropped),
        evaluationBatch(writes.evaluations),
        endBatch(writes.ended),
        grantBatch(writes.grants),
        newTrialBatch(writes.created),
        trialBatch(writes.trials),
        curvesBatch(writes.trials),
        sweepBatch(writes.sweeps),
        spentBatch(writes.spent),
        peakBatch(writes.peaks),
        eventBatch(writes.events, coordinatorActor),
      ]),
    );
  }

  async submit(sweep: NewSweep, leaderEpoch: number): ReturnType<Store['submit']> {
    return this.#database.write(leaderEpoch, async ({ client, run }) => {
      const stored = await lockSweep(client, sweep.project, sweep.spec.name);
      if (stored !== null && revisionDigest(sweep) === stored.digest) return { id: stored.id, revision: stored.revision, change: 'same' };
      const { carried } = sweep;
      requireUnchanged(stored, carried?.from ?? null, sweep.spec.name);
      const id = stored?.id ?? newId('swp');
      const revision = (stored?.revision ?? 0) + 1;
      const change = stored === null ? 'created' : 'revised';
      const fresh = carried?.fresh ?? sweep.trials.map((plan) => ({ plan, ahead: null }));
      await writeRevision(client, id, revision, carried?.state ?? 'running', sweep);
      const detail = { name: sweep.spec.name, revision, trials: fresh.length + (carried?.kept.length ?? 0), ...sweep.told };
      await run([
        carried === null ? null : knownBatch(carried),
        carried === null ? null : keepBatch(id, carried),
        stored === null ? null : cancelBatch(id, stored.revision),
        newTrialBatch(fresh.map((trial) => ({ ...trial, id: newId('trl'), sweep: id, revision }))),
        eventBatch([{ type: `sweep.${change}`, sweep: id, trial: null, detail }], sweep.actor),
      ]);
      return { id, revision, change };
    });
  }

  async retryTrials(id: string, trials: readonly string[], actor: string, leaderEpoch: number): Promise<void> {
    await this.#database.write(leaderEpoch, async ({ client, run }) => {
      const before = await lockSweepState(client, id);
      if (before === null) throw new NotFound('sweep', id);
      const state = reopened(before.state);
      await run([sweepBatch([{ id, state, changes: before.changes }]), retryBatch(id, before.revision, trials)]);
      await noteChange(client, id, { retried: true, onlyAsked: runsOnlyAsked(before) });
      const events = trials.map((trial) => ({ type: 'trial.retried', sweep: id, trial, detail: { sweepWas: before.state } }));
      await run([eventBatch(events, actor)]);
    });
  }

  async enqueueTrials(from: Carried['from'], trials: readonly FreshTrial[], actor: string, leaderEpoch: number): Promise<void> {
    const { id, revision } = from;
    await this.#database.write(leaderEpoch, async ({ client, run }) => {
      const before = await lockSweepState(client, id);
      requireUnchanged(before === null ? null : { ...before, id }, from, id);
      if (before === null) throw new NotFound('sweep', id);
      const made = trials.map((trial) => ({ ...trial, id: newId('trl'), sweep: id, revision }));
      await run([sweepBatch([{ id, state: reopened(before.state), changes: before.changes }]), newTrialBatch(made)]);
      await noteChange(client, id, { onlyAsked: runsOnlyAsked(before) });
      const events = made.map((trial) => ({ type: 'trial.enqueued', sweep: id, trial: trial.id, detail: { number: trial.plan.number, settings: trial.plan.assignment, ahead: trial.ahead, sweepWas: before.state } }));
      await run([eventBatch(events, actor)]);
    });
  }

  async setSweepState(id: string, state: SweepState, told: EventWrite['detail'], actor: string, leaderEpoch: number): Promise<void> {
    await this.#database.write(leaderEpoch, async ({ client, run }) => {
      const before = await lockSweepState(client, id);
      if (before === null) throw new NotFound('sweep', id);
      moveSweep(before.state, state);
      const goesOn = state === 'running' && (hasEnded(before.state) || before.onlyAsked);
      if (before.state === state && !goesOn) return;
      const event = { type: `sweep.${state}`, sweep: id, trial: null, detail: { before: before.state, ...told } };
      // Here and not by the leader: it may not lead, or not hold the sweep.
      const trials = state === 'stopped' ? cancelBatch(id, before.revision) : goesOn ? reviveBatch(id, before.revision) : null;
      await run([sweepBatch([{ id, state, changes: before.changes }]), trials]);
      if (trials !== null) await noteChange(client, id, { onlyAsked: false });
      await run([eventBatch([event], actor)]);
    });
  }

  async noteOf(sweep: string): Promise<NoteRecord> {
    const note = await this.#database.read((client) => readNote(client, sweep));
    if (note === null) throw new NotFound('sweep', sweep);
    return note;
  }

  async writeNote(...[sweep, { text, version }, actor, leaderEpoch]: Parameters<Store['writeNote']>): Promise<void> {
    await this.#database.write(leaderEpoch, async ({ client, run }) => {
      if (!(await replaceNote(client, sweep, text, version, actor))) {
        const note = await readNote(client, sweep);
        throw note === null ? new NotFound('sweep', sweep) : new NoteChanged(note, version);
      }
      await run([eventBatch([{ type: 'sweep.noted', sweep, trial: null, detail: { version: version + 1, characters: text.length } }], actor)]);
    });
  }

  async changeTags(...[sweep, { add, remove }, actor, leaderEpoch]: Parameters<Store['changeTags']>): Promise<void> {
    await this.#database.write(leaderEpoch, async ({ client, run }) => {
      const before = await lockTags(client, sweep);
      if (before === null) throw new NotFound('sweep', sweep);
      const tags = [...new Set([...before, ...add])].filter((tag) => !remove.includes(tag)).sort();
      const [added, removed] = [tags.filter((tag) => !before.includes(tag)), before.filter((tag) => !tags.includes(tag))];
      if (added.length + removed.length === 0) return;
      if (tags.length > MOST_TAGS) throw new TooManyTags(tags.length, MOST_TAGS);
      await writeTags(client, sweep, tags);
      await run([eventBatch([{ type: 'sweep.tagged', sweep, trial: null, detail: { added, removed } }], actor)]);
    });
  }

  findSweep(project: string, idOrName: string): Promise<SweepRecord | null> {
    return this.#database.read((client) => readSweep(client, project, idOrName));
  }

  listSweeps(project: string): Promise<SweepRecord[]> {
    return this.#database.read((client) => readSweeps(client, project));
  }

  sourceOf(sweep: string): Promise<SweepSource | null> {
    return this.#database.read((client) => readSource(client, sweep));
  }

  fileOf(sweep: string): ReturnType<Store['fileOf']> {
    return this.#database.read((client) => readFileRevision(client, sweep));
  }

  memoryPeaks(): Promise<MemoryPeak[]> {
    return this.#database.read(readPeaks);
  }

  openSweeps(): Promise<SweepRecord[]> {
    return this.#database.read(readOpenSweeps);
  }

  trialsOf(sweep: string): Promise<TrialRecord[]> {
    return this.#database.read((client) => readTrials(client, sweep));
  }

  leaderboardPart(sweep: string, offset: number, limit: number): Promise<LeaderboardPart | null> {
    return this.#database.read((client) => readLeaderboardPart(client, sweep, offset, limit));
  }

  unscoredTrials(limit: number): ReturnType<Store['unscoredTrials']> {
    return this.#database.read((client) => readUnscored(client, limit));
  }

  scoreTrials(sweep: Pick<SweepRecord, 'id' | 'revision'>, scores: readonly TrialScore[], leaderEpoch: number): Promise<number> {
    return this.#database.write(leaderEpoch, ({ client }) => writeScores(client, sweep, scores));
  }

  leadingTrials(sweep: string, limit: number): Promise<LeadingTrials | null> {
    return this.#database.read((client) => readLeadingTrials(client, sweep, limit));
  }

  formerBest(sweep: string): Promise<FormerBest | null> {
    return this.#database.read((client) => readFormerBest(client, sweep));
  }

  objectiveSeries(sweep: string, points: number): Promise<RecordedSeries | null> {
    return this.#database.read((client) => readSeries(client, sweep, points));
  }

  trialRows(sweep: string): Promise<TrialRow[]> {
    return this.#database.read((client) => readTrialRows(client, sweep));
  }

  boardRows(sweep: string, since: Date | null): ReturnType<Store['boardRows']> {
    return this.#database.read((client) => readBoardRows(client, sweep, since));
  }

  curvesOf(trials: readonly string[], metric: string): ReturnType<Store['curvesOf']> {
    return this.#database.read((client) => readCurves(client, trials, metric));
  }

  resultsOf(trials: readonly string[]): ReturnType<Store['resultsOf']> {
    return this.#database.read((client) => readResults(client, trials));
  }

  lastLog(trial: string): Promise<string> {
    return this.#database.read((client) => readLastLog(client, trial));
  }

  attemptsOn(sweep: string, limit: number): Promise<AttemptRecord[]> {
    return this.#database.read((client) => readAttemptsOn(client, sweep, limit));
  }

  trialMeans(sweep: string, trials: readonly string[] | null): ReturnType<Store['trialMeans']> {
    return this.#database.read((client) => readTrialMeans(client, sweep, trials));
  }

  totalsOf(sweep: string): ReturnType<Store['totalsOf']> {
    return this.#database.read((client) => readTotals(client, sweep));
  }

  findTrial(project: string, id: string): Promise<TrialRecord | null> {
    return this.#database.read((client) => readTrial(client, project, id));
  }

  findNumberedTrial(sweep: string, number: number): Promise<TrialRecord | null> {
    return this.#database.read((client) => readNumberedTrial(client, sweep, number));
  }

  completedTrials(sweep: string): Promise<number> {
    return this.#database.read((client) => readCompleted(client, sweep));
  }

  epochsByKey(keys: readonly EpochKey[]): Promise<RecordedEpoch[]> {
    return this.#database.read((client) => readEpochs(client, keys));
  }

  evaluationsByKey(keys: readonly EpochKey[]): Promise<RecordedEvaluation[]> {
    return this.#database.read((client) => readEvaluations(client, keys));
  }

  openAttempts(): Promise<OpenAttempt[]> {
    return this.#database.read(readOpenAttempts);
  }

  workers(): Promise<StoredWorker[]> {
    return this.#database.read(readWorkers);
  }

  failureCounts(keys: readonly EpochKey[], sweep: string): Promise<FailureCount[]> {
    return this.#database.read((client) => readFailureCounts(client, keys, sweep));
  }

  attemptsOf(keys: readonly EpochKey[]): Promise<TrialAttempt[]> {
    return this.#database.read((client) => readAttemptsOf(client, keys));
  }

  attemptsSince(since: Date, limit: number): Promise<AttemptRecord[]> {
    return this.#database.read((client) => readAttemptsSince(client, since, limit));
  }

  recordedSeq(): Promise<number> {
    return this.#database.read(readRecordedSeq);
  }

  recordedSince(seq: number, sweep: string): Promise<{ readonly trained: number; readonly retrained: number }> {
    return this.#database.read((client) => readRecordedSince(client, seq, sweep));
  }

  recordedBeyond(sweep: string): Promise<{ readonly epochs: number; readonly seconds: number }> {
    return this.#database.read((client) => readBeyond(client, sweep));
  }

  costsOf(sweeps: readonly string[]): Promise<SweepCosts[]> {
    return this.#database.read((client) => readCosts(client, sweeps));
  }

  failuresOf(sweep: string, limit: number): Promise<StoredFailures[]> {
    return this.#database.read((client) => readFailureGroups(client, sweep, limit));
  }

  assignmentsOf(sweep: string, numbers: readonly number[]): Promise<NumberedAssignment[]> {
    return this.#database.read((client) => readAssignments(client, sweep, numbers));
  }

  stagesBelow(...[sweep, parent, page]: Parameters<Store['stagesBelow']>): Promise<StagesBelow> {
    return this.#database.read((client) => readStages(client, sweep, parent, page));
  }

  events(afterId: number, limit: number, sweep: string | null): Promise<StoredEvent[]> {
    return this.#database.read((client) => readEvents(client, afterId, limit, sweep));
  }

  lastEvent(): Promise<number> {
    return this.#database.read(readLastEvent);
  }

  recordingsAfter(seq: number, upTo: number | null): Promise<Recordings> {
    return this.#database.read((client) => readRecordingsAfter(client, seq, upTo));
  }

  async createToken(token: NewToken, actor: string, leaderEpoch: number): Promise<void> {
    const { id, name, role, expiresInMs } = token;
    const event = { type: 'token.created', sweep: null, trial: null, detail: { token: id, name, role, expiresInMs } };
    await this.#database.write(leaderEpoch, ({ run }) => run([newTokenBatch(token, actor), eventBatch([event], actor)]));
  }

  async revokeToken(project: string, id: string, actor: string, leaderEpoch: number): Promise<void> {
    const event = { type: 'token.revoked', sweep: null, trial: null, detail: { token: id } };
    await this.#database.write(leaderEpoch, ({ run }) => run([revokeBatch(project, id), eventBatch([event], actor)]));
  }

  tokens(project: string): Promise<TokenRecord[]> {
    return this.#database.read((client) => readTokens(client, project));
  }

  findTokens(ids: readonly string[]): Promise<TokenRecord[]> {
    return this.#database.read((client) => findTokens(client, ids));
  }

  noteTokens(ids: readonly string[]): Promise<void> {
    return this.#database.read((client) => noteTokens(client, ids));
  }

  openBrowserSession(session: BrowserSession): Promise<void> {
    return this.#database.read((client) => writeBrowserSession(client, session));
  }

  endBrowserSession(hash: string): Promise<void> {
    return this.#database.read((client) => deleteBrowserSession(client, hash));
  }

  findBrowserSession(hash: string): Promise<BrowserSession | null> {
    return this.#database.read((client) => findBrowserSession(client, hash));
  }

  blobMarker(): Promise<BlobId | null> {
    return this.#database.read(readBlobMarker);
  }

  someReferredBlobs(): Promise<BlobId[]> {
    return this.#database.read(readSomeReferred);
  }

  setBlobMarker(id: BlobId): Promise<BlobId> {
    return this.#database.read((client) => writeBlobMarker(client, id));
  }

  putBlob(id: BlobId, bytes: number, kind: string): Promise<void> {
    return this.#database.read((client) => writeBlob(client, id, bytes, kind));
  }

  touchBlob(id: BlobId): Promise<void> {
    return this.#database.read((client) => touchBlob(client, id));
  }

  unreferencedBlobs(before: Date): Promise<UnreferencedBlob[]> {
    return this.#database.read((client) => readUnreferenced(client, before));
  }

  deleteBlob(id: BlobId, before: Date, remove: () => Promise<void>): Promise<boolean> {
    return this.#database.transaction(async (client) => {
      const askedAt = performance.now();
      if (!(await forgetUnreferenced(client, id, before))) return false;
      if (performance.now() - askedAt > holdsForMs) throw new StaleWrite(`blob ${id} was let go while this process stood still`);
      await remove();
      return true;
    });
  }

  manifests(): Promise<BlobId[]> {
    return this.#database.read(readManifests);
  }

  close(): Promise<void> {
    return this.#database.close();
  }
}

/** Of a transaction with nothing to do: half of what the database bears, so that a lock taken is still held. */
const holdsForMs = silentForMs / 2;

/** Throws StaleWrite where another request came between the reading and the writing. */
function requireUnchanged(stored: Pick<StoredSweep, 'id' | 'revision' | 'changes' | 'state'> | null, from: Carried['from'] | null, name: string): void {
  if (stored?.id === from?.id && stored?.revision === from?.revision && stored?.changes === from?.changes && stored?.state === from?.state) return;
  throw new StaleWrite(`sweep ${name} was changed in the same moment`);
}

function hasEnded(state: SweepState): boolean {
  return state !== 'running' && state !== 'paused';
}

/** Whether a sweep that a person gives single trials runs for those alone: it was stopped. */
function runsOnlyAsked({ state, onlyAsked }: { readonly state: SweepState; readonly onlyAsked: boolean }): boolean {
  return state === 'stopped' || onlyAsked;
}

/** A sweep gets work: a paused one waits on, one that has ended runs again. */
function reopened(state: SweepState): SweepState {
  return state === 'paused' ? state : moveSweep(state, 'running');
}
