/**
 * The one application service: everything a person can ask, over the store and whoever leads. It is
 * called in process where nothing else runs on a home, else over /api/v1 (http.ts).
 */
import type { OwnedBlobStore } from '../../blob/store.js';
import type { SweepChange } from '../sweep/change.js';
import { differences, sideBySide } from '../sweep/difference.js';
import type { Assignment } from '../sweep/spec.js';
import type { SweepRecord } from '../store/records.js';
import type { Store } from '../store/store.js';
import { moveSweep } from '../trial/states.js';
import { Garbage } from '../blob/garbage.js';
import { costOf } from './cost.js';
import { DataSets } from './data-sets.js';
import { BadRequest, SweepNotFound } from './errors.js';
import { findTrial } from './find-trial.js';
import { eventView } from './event-feed.js';
import type { EventPage } from './event-views.js';
import { distinctKeys, epochsOf } from './known-epochs.js';
import type { Leading } from './leading.js';
import { Notes } from './notes.js';
import { Submissions } from './submissions.js';
import { requestOfText, type TextSubmission } from './text-submission.js';
import { Timelines } from './timeline.js';
import { Tokens } from './tokens.js';
import { TrialReadings } from './trial-readings.js';
import { TrialRequests } from './trial-requests.js';
import { workerViews } from './workers.js';
import { sweepView } from './results.js';
import type { CostView, EnsembleView, ImportanceView } from './analysis-views.js';
import type { DataImages, DataImagesQuery, DataSetDetail, DataSetView, DataSizes, ImageLook, Picture } from './data-views.js';
import type { Drained, GarbageRequest, GarbageView, MadeToken, QueueView, Released, SlotTimeline, TokenRequest, TokenView, WorkerView } from './fleet-views.js';
import type { Results, ResultsOptions, TrialDetail } from './trial-views.js';
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

/** One for all who ask: it keeps what it has read. */
interface Shared {
  readonly data: DataSets;
  readonly readings: TrialReadings;
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

  constructor(options: ServiceOptions, shared: Shared = { data: new DataSets(options), readings: new TrialReadings(options) }) {
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

  async retry(idOrName: string, trials: readonly string[], { dryRun }: { readonly dryRun: boolean } = { dryRun: false }): Promise<Retried> {
    return this.#requests.retry(await this.#find(idOrName), trials, dryRun);
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
    return this.#shared.readings.progress(await this.#find(idOrName), this.#options.leader.snapshot());
  }

  async allProgress(): Promise<ProgressView[]> {
    const snapshot = this.#options.leader.snapshot();
    const views: ProgressView[] = [];
    // One after the other: each may count the epochs of many trials.
    for (const sweep of await this.#store.listSweeps(this.#options.project)) views.push(await this.#shared.readings.progress(sweep, snapshot));
    return views;
  }

  async results(idOrName: string, options: ResultsOptions): Promise<Results> {
    return this.#shared.readings.results(await this.#find(idOrName), options);
  }

  async ensemble(idOrName: string): Promise<EnsembleView> {
    return this.#shared.readings.ensemble(await this.#find(idOrName));
  }

  async trial(id: string, options: { readonly test: boolean }): Promise<TrialDetail> {
    const trial = await findTrial(this.#store, this.#options.project, id);
    return this.#shared.readings.trial(await this.#find(trial.sweep), trial, options);
  }

  async importance(idOrName: string, metric: string | null): Promise<ImportanceView> {
    return this.#shared.readings.importance(await this.#find(idOrName), metric);
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
}
