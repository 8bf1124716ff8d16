/**
 * The one application service: everything a person can ask, over the store and whoever leads. It is
 * called in process where nothing else runs on a home, else over /api/v1 (http.ts).
 */
import type { OwnedBlobStore } from '../../blob/store.js';
import type { EpochKey } from '../../proto/work.js';
import type { SweepChange } from '../sweep/change.js';
import { differences, sideBySide } from '../sweep/difference.js';
import type { Assignment, TrialPlan } from '../sweep/spec.js';
import type { RecordedEvaluation, SweepRecord, TrialRecord } from '../store/records.js';
import type { Store } from '../store/store.js';
import type { LeaderSnapshot } from '../leader/snapshot.js';
import { memoryAsk } from '../placement/memory.js';
import { moveSweep } from '../trial/states.js';
import { Garbage } from '../blob/garbage.js';
import { costOf } from './cost.js';
import { DataSets } from './data-sets.js';
import { assembleEnsemble } from './ensembles.js';
import { BadRequest, SweepNotFound } from './errors.js';
import { findTrial } from './find-trial.js';
import { eventView } from './event-feed.js';
import type { EventPage } from './event-views.js';
import { importanceOf } from './importance.js';
import { chunks, distinctKeys, epochsOf } from './known-epochs.js';
import { Kept } from './kept.js';
import { KeptOfSweeps } from './kept-sweeps.js';
import type { Leading } from './leading.js';
import { Notes } from './notes.js';
import { StoredProgress } from './stored-progress.js';
import { Submissions } from './submissions.js';
import { requestOfText, type TextSubmission } from './text-submission.js';
import { attemptRows, Timelines } from './timeline.js';
import { Tokens } from './tokens.js';
import { TrialRequests } from './trial-requests.js';
import { waitingFor } from './waiting-for.js';
import { workerViews } from './workers.js';
import { chosenValue, byFirstObjective, leaderboard, meansOf, pathOf, planView, rankedRow, recordedPrefix, rowOf, sweepView, trialResult, type KnownEpochs, type Ranked } from './results.js';
import type { CostView, EnsembleView, ImportanceView } from './analysis-views.js';
import type { DataImages, DataImagesQuery, DataSetDetail, DataSetView, DataSizes, ImageLook, Picture } from './data-views.js';
import type { Drained, GarbageRequest, GarbageView, MadeToken, QueueView, Released, SlotTimeline, TokenRequest, TokenView, WorkerView } from './fleet-views.js';
import type { Results, ResultsOptions, TrialDetail, TrialResult } from './trial-views.js';
import type { RequestedState, SweepService } from './sweep-service.js';
import type {
  Changed,
  Enqueued,
  Health,
  NoteEdit,
  NoteView,
  Preview,
  ProgressView,
  Recorded,
  Retried,
  Submitted,
  SubmitRequest,
  SweepComparison,
  SweepFileView,
  SweepView,
  TagChange,
} from './views.js';

export interface ServiceOptions {
  readonly store: Store;
  readonly blobs: OwnedBlobStore;
  readonly leader: Leading;
  readonly version: string;
  /** Namespace of everything submitted here. */
  readonly project: string;
  /** Who asks: stands on every event. */
  readonly actor: string;
}

/** More do not fit side by side. */
const MOST_COMPARED = 8;

/** Of one request, which whoever asks does not wait for without end. */
const COLLECT_FOR_MS = 60_000;

/** Of the ensembles that were asked for last. */
const MOST_ENSEMBLES = 8;
const MOST_IMPORTANCES = 64;

/** One for all who ask: it keeps what it has read. */
interface Shared {
  readonly data: DataSets;
  readonly ensembles: Kept<EnsembleView>;
  readonly progress: StoredProgress;
  readonly importance: KeptOfSweeps<ImportanceView>;
}

export class ApplicationService implements SweepService {
  readonly #options: ServiceOptions;
  readonly #store: Store;
  readonly #submissions: Submissions;
  readonly #requests: TrialRequests;
  readonly #notes: Notes;
  readonly #tokens: Tokens;
  readonly #timelines: Timelines;
  readonly #shared: Shared;

  constructor(options: ServiceOptions, shared: Shared = { data: new DataSets(options), ensembles: new Kept(MOST_ENSEMBLES), progress: new StoredProgress(options.store), importance: new KeptOfSweeps(MOST_IMPORTANCES) }) {
    this.#options = options;
    this.#shared = shared;
    this.#store = options.store;
    this.#submissions = new Submissions(options);
    this.#requests = new TrialRequests(options);
    this.#notes = new Notes(options);
    this.#tokens = new Tokens(options);
    this.#timelines = new Timelines(options);
  }

  /** The same service as another person asks it. */
  as(actor: string): ApplicationService {
    return new ApplicationService({ ...this.#options, actor }, this.#shared);
  }

  async health(): Promise<Health> {
    return { status: 'ok', version: this.#options.version, pid: process.pid, leading: this.#options.leader.snapshot() !== null };
  }

  preview(request: SubmitRequest): Promise<Preview> {
    return this.#submissions.preview(request);
  }

  submit(request: SubmitRequest): Promise<Submitted> {
    return this.#submissions.submit(request);
  }

  async previewText(submission: TextSubmission): Promise<Preview> {
    return this.#submissions.preview(await this.#requestOf(submission));
  }

  async submitText(submission: TextSubmission): Promise<Submitted> {
    return this.#submissions.submit(await this.#requestOf(submission));
  }

  async #requestOf(submission: TextSubmission): Promise<SubmitRequest> {
    return requestOfText(submission, await this.#store.listSweeps(this.#options.project));
  }

  async change(idOrName: string, change: SweepChange, options: { readonly dryRun: boolean }): Promise<Changed> {
    return this.#submissions.change(() => this.#find(idOrName), change, options.dryRun);
  }

  async fork(idOrName: string, name: string, change: SweepChange, options: { readonly dryRun: boolean }): Promise<Changed> {
    return this.#submissions.fork(await this.#find(idOrName), name, change, options.dryRun);
  }

  async file(idOrName: string): Promise<SweepFileView> {
    return { text: await this.#submissions.file(await this.#find(idOrName)) };
  }

  async note(idOrName: string): Promise<NoteView> {
    return this.#notes.of(await this.#find(idOrName));
  }

  async writeNote(idOrName: string, edit: NoteEdit): Promise<NoteView> {
    return this.#notes.write(await this.#find(idOrName), edit);
  }

  async changeTags(idOrName: string, change: TagChange): Promise<SweepView> {
    const sweep = await this.#find(idOrName);
    await this.#notes.tag(sweep, change);
    return this.sweep(sweep.id);
  }

  async retry(idOrName: string, trials: readonly string[]): Promise<Retried> {
    return this.#requests.retry(await this.#find(idOrName), trials);
  }

  async enqueue(idOrName: string, trials: readonly Assignment[], options: { readonly front: boolean }): Promise<Enqueued> {
    return this.#requests.enqueue(() => this.#find(idOrName), trials, options.front);
  }

  async sweeps(): Promise<SweepView[]> {
    return (await this.#store.listSweeps(this.#options.project)).map(sweepView);
  }

  async sweep(idOrName: string): Promise<SweepView> {
    return sweepView(await this.#find(idOrName));
  }

  async progress(idOrName: string): Promise<ProgressView> {
    return this.#progressOf(await this.#find(idOrName), this.#options.leader.snapshot());
  }

  async allProgress(): Promise<ProgressView[]> {
    const snapshot = this.#options.leader.snapshot();
    const views: ProgressView[] = [];
    // One after the other: each may count the epochs of many trials.
    for (const sweep of await this.#store.listSweeps(this.#options.project)) views.push(await this.#progressOf(sweep, snapshot));
    return views;
  }

  async #progressOf(sweep: SweepRecord, snapshot: LeaderSnapshot | null): Promise<ProgressView> {
    const live = snapshot?.sweeps.find((candidate) => candidate.id === sweep.id);
    const connected = snapshot?.workers.filter((worker) => worker.connected) ?? [];
    return {
      sweep: sweepView(sweep),
      ...(live === undefined ? await this.#shared.progress.of(sweep) : { trials: live.trials, epochs: live.epochs, best: live.best }),
      running: connected.flatMap((worker) => worker.running.filter((slot) => slot.sweep === sweep.id).map((slot) => ({ ...slot, worker: worker.name }))),
      workers: connected.map((worker) => ({ name: worker.name, slots: worker.slots })),
      notice: live?.problem ?? (sweep.state === 'running' ? this.#options.leader.problem() ?? waitingFor(live?.numerics ?? 'none', sweep.spec.workers ?? null, connected) : null),
    };
  }

  async results(idOrName: string, { test, limit }: ResultsOptions): Promise<Results> {
    const sweep = await this.#find(idOrName);
    const rows = await this.#store.trialRows(sweep.id);
    const board = leaderboard(sweep, rows.map((row) => rankedRow(sweep, row))).slice(0, limit);
    const means = await this.#store.trialMeans(sweep.id, limit === undefined ? null : board.map(({ row }) => row.id));
    // Nobody should choose on test numbers: the best shows them, the others only when asked.
    const isShown = ({ state }: Ranked, place: number): boolean => test || (place === 0 && state === 'completed');
    const tests = await this.#testsOf(board.flatMap((trial, place) => (isShown(trial, place) && trial.row.bestEpoch !== null && trial.row.measured !== null ? trial.row.measured.key : [])));
    return {
      sweep: sweepView(sweep),
      trials: board.map((trial, place) => {
        const { rank, mean, spread, row } = trial;
        return { ...trialResult(sweep, row, means.get(row.id) ?? null, isShown(trial, place) ? tests : new Map()), rank, mean, spread };
      }),
      // Paths as they ended; of an open one, as far as it has come.
      requestedEpochs: rows.reduce((sum, { went }) => sum + went, 0),
    };
  }

  /** The same one, so long as no trial completes and nobody changes the sweep. */
  async ensemble(idOrName: string): Promise<EnsembleView> {
    const sweep = await this.#find(idOrName);
    const { id, revision, changes, state } = sweep;
    // A trial that is tried again after it has completed is among the changes.
    const basis = [id, revision, changes, state, await this.#store.completedTrials(id)].join(' ');
    return this.#shared.ensembles.of(basis, () => this.#assemble(sweep));
  }

  async #assemble(sweep: SweepRecord): Promise<EnsembleView> {
    const trials = (await this.#store.trialsOf(sweep.id)).filter((trial) => trial.state === 'completed');
    const known = await this.#known(trials, true);
    const ranked = byFirstObjective(sweep, trials.map((trial) => resultOf(sweep, trial, known)));
    const evaluations: RecordedEvaluation[] = [];
    for (const keys of chunks(chosenKeys(trials))) evaluations.push(...(await this.#store.evaluationsByKey(keys)));
    return assembleEnsemble({ sweep, trials, ranked, epochs: known.epochs, evaluations, blobs: this.#options.blobs });
  }

  async trial(id: string, options: { readonly test: boolean }): Promise<TrialDetail> {
    const trial = await findTrial(this.#store, this.#options.project, id);
    const sweep = await this.#find(trial.sweep);
    const known = await this.#known([trial], options.test);
    const curve = recordedPrefix(trial, known).map((epoch, number) => ({
      epoch: number,
      key: epoch.key,
      seconds: epoch.seconds,
      metrics: epoch.result.metrics,
      diverged: epoch.result.diverged,
      checkpoint: epoch.checkpoint,
    }));
    const [attempts, workers] = await Promise.all([this.#store.attemptsOf(trial.plan.path), this.#store.workers()]);
    return {
      sweep: sweepView(sweep),
      trial: resultOf(sweep, trial, known),
      curve,
      attempts: attemptRows(attempts, new Map(workers.map(({ id, name }) => [id, name])), this.#options.leader.snapshot()),
      plan: planView(trial.plan),
      peakBytes: await this.#peakOf(trial.plan),
    };
  }

  async #peakOf(plan: TrialPlan): Promise<number | null> {
    const { trajectory, epochs } = planView(plan);
    const asks = new Set(epochs.flatMap(({ settings }) => memoryAsk(trajectory, settings) ?? []).map(({ family, load }) => `${load} ${family}`));
    const peaks = (await this.#store.memoryPeaks()).filter(({ family, load }) => asks.has(`${load} ${family}`));
    return peaks.length === 0 ? null : Math.max(...peaks.map(({ bytes }) => bytes));
  }

  async importance(idOrName: string, metric: string | null): Promise<ImportanceView> {
    const sweep = await this.#find(idOrName);
    const wanted = metric ?? sweep.spec.objective.metric;
    return this.#shared.importance.of(sweep, wanted, async () => {
      const rows = await this.#store.trialRows(sweep.id);
      const values = new Map(rows.map((row) => [row.id, chosenValue(sweep, row, wanted)]));
      const measured = await importanceOf(rows.map((row) => trialResult(sweep, row, null, new Map())), sweep.spec.axes, wanted, (trial) => values.get(trial.id) ?? null);
      return { sweep: sweepView(sweep), metric: wanted, ...measured };
    });
  }

  async cost(idOrName: string): Promise<CostView> {
    const sweep = await this.#find(idOrName);
    const trials = await this.#store.trialsOf(sweep.id);
    const [{ retrained }, beyond] = await Promise.all([this.#store.recordedSince(0, sweep.id), this.#store.recordedBeyond(sweep.id)]);
    return costOf(sweep, trials, await epochsOf(this.#store, distinctKeys(trials.map((trial) => trial.plan.path))), { retrained, beyond });
  }

  async differences(idOrName: string, other: string): Promise<readonly string[]> {
    return differences((await this.#find(idOrName)).spec, (await this.#find(other)).spec);
  }

  async compare(sweeps: readonly string[]): Promise<SweepComparison> {
    if (sweeps.length < 1 || sweeps.length > MOST_COMPARED) throw new BadRequest(`sweeps: found ${sweeps.length} of them, expected 1 to ${MOST_COMPARED}`);
    const records = await Promise.all(sweeps.map((sweep) => this.#find(sweep)));
    return { sweeps: records.map(sweepView), fields: sideBySide(records.map(({ spec }) => spec)) };
  }

  async setState(idOrName: string, state: RequestedState, options: { readonly now: boolean } = { now: false }): Promise<void> {
    const sweep = await this.#find(idOrName);
    const { leader, actor } = this.#options;
    if (options.now && state !== 'stopped') throw new BadRequest(`only a stop can be at once, not ${state}`);
    moveSweep(sweep.state, state);
    // Whoever stopped it and does not want to wait any longer may say so afterwards.
    if (sweep.state === state && !options.now && !(state === 'running' && sweep.onlyAsked)) return;
    if (sweep.state !== state || sweep.onlyAsked) await this.#store.setSweepState(sweep.id, state, options.now ? { now: true } : {}, actor, await leader.epoch());
    await leader.wake(options.now ? sweep.id : undefined);
  }

  dataSets(): Promise<DataSetView[]> {
    return this.#shared.data.list();
  }

  dataSet(id: string): Promise<DataSetDetail> {
    return this.#shared.data.detail(id);
  }

  dataSizes(id: string): Promise<DataSizes> {
    return this.#shared.data.sizes(id);
  }

  dataImages(id: string, query: DataImagesQuery): Promise<DataImages> {
    return this.#shared.data.images(id, query);
  }

  picture(id: string, index: number, look: ImageLook): Promise<Picture> {
    return this.#shared.data.picture(id, index, look);
  }

  async workers(): Promise<WorkerView[]> {
    return workerViews(this.#options.leader.snapshot(), await this.#store.workers(), new Date());
  }

  async queue(): Promise<QueueView> {
    return { waiting: this.#options.leader.snapshot()?.waiting ?? null };
  }

  timeline(query: { readonly minutes: number; readonly limit: number }): Promise<SlotTimeline> {
    return this.#timelines.ofFleet(query);
  }

  async timelineOf(idOrName: string, { limit }: { readonly limit: number }): Promise<SlotTimeline> {
    return this.#timelines.ofSweep(await this.#find(idOrName), limit);
  }

  async drain(worker: string): Promise<Drained> {
    return { leaves: await this.#options.leader.drain(worker, this.#options.actor) };
  }

  async releaseWorker(worker: string): Promise<Released> {
    return { released: await this.#options.leader.releaseWorker(worker, this.#options.actor) };
  }

  async events(idOrName: string, { after, limit }: { readonly after: number; readonly limit: number }): Promise<EventPage> {
    const sweep = await this.#find(idOrName);
    const events = (await this.#store.events(after, limit, sweep.id)).map(eventView);
    return { events, next: events.length < limit ? null : (events.at(-1)?.id ?? null) };
  }

  tokens(): Promise<TokenView[]> {
    return this.#tokens.list();
  }

  createToken(request: TokenRequest): Promise<MadeToken> {
    return this.#tokens.create(request);
  }

  revokeToken(id: string): Promise<TokenView> {
    return this.#tokens.revoke(id);
  }

  async collectGarbage({ olderThanMs, dryRun }: GarbageRequest): Promise<GarbageView> {
    const { store, blobs, leader } = this.#options;
    const garbage = new Garbage({ store, blobs });
    const before = new Date(Date.now() - olderThanMs);
    // Only the one that leads may: another might refer to a blob in the same moment.
    if (!dryRun) await leader.epoch();
    const { deleted: found, more } = dryRun ? { deleted: await garbage.find(before), more: false } : await garbage.collect(before, COLLECT_FOR_MS);
    return { deleted: !dryRun, more, bytes: found.reduce((sum, blob) => sum + (blob.bytes ?? 0), 0), blobs: found.map((blob) => ({ ...blob, lastUsed: blob.lastUsed.toISOString() })) };
  }

  recordedSeq(): Promise<number> {
    return this.#store.recordedSeq();
  }

  async recordedSince(idOrName: string, seq: number): Promise<Recorded> {
    const sweep = await this.#find(idOrName);
    return this.#store.recordedSince(seq, sweep.id);
  }

  async #find(idOrName: string): Promise<SweepRecord> {
    const sweep = await this.#store.findSweep(this.#options.project, idOrName);
    if (sweep === null) throw new SweepNotFound(idOrName);
    return sweep;
  }

  async #known(trials: readonly TrialRecord[], test: boolean): Promise<KnownEpochs> {
    const epochs = await epochsOf(this.#store, distinctKeys(trials.map(pathOf)));
    return { epochs, tests: test ? await this.#testsOf(chosenKeys(trials)) : new Map() };
  }

  async #testsOf(chosen: readonly EpochKey[]): Promise<KnownEpochs['tests']> {
    const tests = new Map<EpochKey, RecordedEvaluation>();
    for (const keys of chunks([...new Set(chosen)])) {
      for (const evaluation of await this.#store.evaluationsByKey(keys)) {
        if (evaluation.part === 'test') tests.set(evaluation.key, evaluation);
      }
    }
    return tests;
  }
}

function resultOf(sweep: SweepRecord, trial: TrialRecord, known: KnownEpochs): TrialResult {
  return trialResult(sweep, rowOf(trial, known), meansOf(trial, known), known.tests);
}

function chosenKeys(trials: readonly TrialRecord[]): EpochKey[] {
  return [...new Set(trials.flatMap((trial) => (trial.bestEpoch === null ? [] : (trial.plan.path[trial.bestEpoch] ?? []))))];
}
