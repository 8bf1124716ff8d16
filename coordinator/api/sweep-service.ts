/** The application service as commands ask it, in process or over /api/v1. */
import type { SweepChange } from '../sweep/change.js';
import type { Assignment } from '../sweep/spec.js';
import type { CostView, EnsembleView, ImportanceView } from './analysis-views.js';
import type { DataImages, DataImagesQuery, DataSetDetail, DataSetView, DataSizes } from './data-views.js';
import type { EventPage } from './event-views.js';
import type { Drained, GarbageRequest, GarbageView, MadeToken, Released, TokenRequest, TokenView, WorkerView, SlotTimeline, QueueView } from './fleet-views.js';
import type { TextSubmission } from './text-submission.js';
import type { Results, ResultsOptions, TrialDetail } from './trial-views.js';
import type { Changed, Enqueued, Health, NoteEdit, NoteView, Preview, ProgressView, Recorded, Retried, SubmitRequest, Submitted, SweepComparison, SweepFileView, SweepView, TagChange } from './views.js';

/**
 * Everything a person can ask of trawl. Each call throws an error with a stable `code`:
 * `SweepNotFound`, `TrialNotFound`, `TokenNotFound`, `BadRequest`, `IllegalTransition`, `NoEnsemble`, `NotLeader`, `StoreUnavailable`.
 */
export interface SweepService {
  health(): Promise<Health>;
  preview(request: SubmitRequest): Promise<Preview>;
  submit(request: SubmitRequest): Promise<Submitted>;
  /** Of a sweep file by its text alone (text-submission.ts says which can be). */
  previewText(submission: TextSubmission): Promise<Preview>;
  submitText(submission: TextSubmission): Promise<Submitted>;
  sweeps(): Promise<SweepView[]>;
  sweep(idOrName: string): Promise<SweepView>;
  progress(idOrName: string): Promise<ProgressView>;
  /** Of all sweeps, in the order in which they were made. */
  allProgress(): Promise<ProgressView[]>;
  results(idOrName: string, options: ResultsOptions): Promise<Results>;
  /** Of the trials that have completed so far. Throws `NoEnsemble` where none has, or they have no predictions. */
  ensemble(idOrName: string): Promise<EnsembleView>;
  trial(id: string, options: { readonly test: boolean }): Promise<TrialDetail>;
  /** Of the objective's metric where none is named. Throws `BadRequest` where too few trials have completed. */
  importance(idOrName: string, metric: string | null): Promise<ImportanceView>;
  cost(idOrName: string): Promise<CostView>;
  /** What sets one sweep's file apart from another's, a line each. */
  differences(idOrName: string, other: string): Promise<readonly string[]>;
  /** Sweeps side by side, at most eight, in the order in which they are named. */
  compare(sweeps: readonly string[]): Promise<SweepComparison>;
  /** `now`, of a stop alone: leases are given back at once, without the epochs in progress. */
  setState(idOrName: string, state: RequestedState, options?: { readonly now: boolean }): Promise<void>;
  /** Extends or edits a sweep; with `dryRun` only says what that would mean. */
  change(idOrName: string, change: SweepChange, options: { readonly dryRun: boolean }): Promise<Changed>;
  /** A new sweep of the spec and data of another, with a change. */
  fork(idOrName: string, name: string, change: SweepChange, options: { readonly dryRun: boolean }): Promise<Changed>;
  /** The sweep's file as it stands, with what commands changed. */
  file(idOrName: string): Promise<SweepFileView>;
  note(idOrName: string): Promise<NoteView>;
  /** Throws `NoteChanged` where somebody else has written it since the version that was read. */
  writeNote(idOrName: string, edit: NoteEdit): Promise<NoteView>;
  /** Throws `BadRequest`, `TooManyTags`. */
  changeTags(idOrName: string, change: TagChange): Promise<SweepView>;
  /** What happened to it after an event, oldest first. */
  events(idOrName: string, page: { readonly after: number; readonly limit: number }): Promise<EventPage>;
  /** Trials by their numbers or ids; none for all that failed or were cancelled. */
  retry(idOrName: string, trials: readonly string[], options?: { readonly dryRun: boolean }): Promise<Retried>;
  enqueue(idOrName: string, trials: readonly Assignment[], options: { readonly front: boolean }): Promise<Enqueued>;
  /** Those that sweeps train on, the one of the latest sweep first. */
  dataSets(): Promise<DataSetView[]>;
  /** Throws `DataSetNotFound`, as the following do. */
  dataSet(id: string): Promise<DataSetDetail>;
  dataSizes(id: string): Promise<DataSizes>;
  dataImages(id: string, query: DataImagesQuery): Promise<DataImages>;
  /** Those that are connected, and those that have left within a day. */
  workers(): Promise<WorkerView[]>;
  /** Ready work by what it waits for. */
  queue(): Promise<QueueView>;
  /** What the slots of all workers were at in the last `minutes`. */
  timeline(query: { readonly minutes: number; readonly limit: number }): Promise<SlotTimeline>;
  /** What slots were at on behalf of a sweep: its latest attempts. */
  timelineOf(idOrName: string, query: { readonly limit: number }): Promise<SlotTimeline>;
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
