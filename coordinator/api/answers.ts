/**
 * What each operation of /api/v1 answers: the one list of routes and of their answers' types. Routes are
 * held to it by the compiler, the schemas of /api/openapi.json are generated from it (`npm run generate`),
 * and the dashboard imports its types from here. Paths are below /api/v1.
 */
import type { DataImages, DataSetDetail, DataSetView, DataSizes } from './data-views.js';
import type { Right, Role } from '../access/roles.js';
import type { SweepCosts } from '../store/records.js';
import type { CostView, EnsembleView, ImportanceView } from './analysis-views.js';
import type { EventPage, StreamMessage } from './event-views.js';
import type { Drained, GarbageView, MadeToken, Released, TokenView, WorkerView, SlotTimeline, QueueView } from './fleet-views.js';
import type { LogMessage } from './log-views.js';
import type { EnsembleComparison, LayersView, PredictionsView, PredictionView, TrialBlob } from './model-views.js';
import type { CurvesView, FailuresView, LeaderboardView, PointsView, SeriesView, SpaceView } from './page-views.js';
import type { StagesView } from './stage-views.js';
import type { Results, TrialDetail } from './trial-views.js';
import type { Changed, Enqueued, Health, NoteView, Preview, ProgressView, Recorded, Retried, Submitted, SweepComparison, SweepFileView, SweepView } from './views.js';

export interface Answers {
  'GET /health': Health;

  'POST /login': Me;
  'POST /logout': Done;
  'GET /me': Me;
  'POST /login-codes': LoginCode;

  'GET /costs': readonly SweepCosts[];
  'GET /sweeps/:sweep/leaderboard': LeaderboardView;
  'GET /sweeps/:sweep/series': SeriesView;
  'GET /sweeps/:sweep/curves': CurvesView;
  'GET /sweeps/:sweep/points': PointsView;
  'GET /sweeps/:sweep/pareto': PointsView;
  'GET /sweeps/:sweep/failures': FailuresView;
  'GET /sweeps/:sweep/space': SpaceView;
  'GET /sweeps/:sweep/timeline': SlotTimeline;
  'GET /sweeps/:sweep/stages': StagesView;

  'GET /events': StreamMessage;
  'GET /sweeps/:sweep/events': EventPage;

  'GET /sweeps': readonly SweepView[];
  'GET /sweeps/:sweep': SweepView;
  'GET /progress': readonly ProgressView[];
  'GET /sweeps/:sweep/progress': ProgressView;
  'GET /sweeps/:sweep/trials': Results;
  'GET /sweeps/:sweep/importance': ImportanceView;
  'GET /sweeps/:sweep/cost': CostView;
  'GET /sweeps/:sweep/differences': readonly string[];
  'GET /sweeps/:sweep/ensemble': EnsembleView;
  'GET /sweeps/:sweep/recorded': Recorded;
  'GET /sweeps/:sweep/file': SweepFileView;
  'GET /sweeps/:sweep/note': NoteView;
  'GET /recordings': RecordingsEnd;
  'GET /comparison': SweepComparison;

  'POST /sweeps/preview': Preview;
  'POST /sweeps': Submitted;
  'POST /sweeps/text': Submitted;
  'POST /sweeps/text/preview': Preview;
  'POST /sweeps/:sweep/state': Done;
  'POST /sweeps/:sweep/changes': Changed;
  'POST /sweeps/:sweep/forks': Changed;
  'POST /sweeps/:sweep/retries': Retried;
  'POST /sweeps/:sweep/trials': Enqueued;
  'POST /sweeps/:sweep/note': NoteView;
  'POST /sweeps/:sweep/tags': SweepView;

  'GET /trials/:trial': TrialDetail;
  'GET /trials/:trial/log': LogMessage;
  'GET /trials/:trial/predictions': PredictionsView;
  'GET /trials/:trial/layers': LayersView;
  'GET /trials/:trial/blobs': readonly TrialBlob[];

  'GET /sweeps/:sweep/ensemble/comparison': EnsembleComparison;
  'GET /sweeps/:sweep/ensemble/bundle': File;
  'POST /sweeps/:sweep/ensemble/predictions': PredictionView;

  'GET /datasets': readonly DataSetView[];
  'GET /datasets/:dataset': DataSetDetail;
  'GET /datasets/:dataset/sizes': DataSizes;
  'GET /datasets/:dataset/images': DataImages;

  'GET /workers': readonly WorkerView[];
  'GET /queue': QueueView;
  'GET /timeline': SlotTimeline;
  'POST /workers/:worker/drain': Drained;
  'POST /workers/:worker/release': Released;

  'GET /tokens': readonly TokenView[];
  'POST /tokens': MadeToken;
  'DELETE /tokens/:token': TokenView;
  'POST /garbage': GarbageView;
}

/** A method and a path below /api/v1. */
export type Operation = keyof Answers;

/** Who asks. */
export interface Me {
  /** As events name them. */
  readonly actor: string;
  readonly role: Role;
  readonly rights: readonly Right[];
}

export interface LoginCode {
  readonly code: string;
  readonly expiresInMs: number;
}

/** It was done; there is nothing to tell. */
export type Done = Readonly<Record<string, never>>;

/** Bytes of the content type that the operation names. */
export type File = string;

export interface RecordingsEnd {
  /** Of the last epoch that was recorded. */
  readonly seq: number;
}

/** What every operation answers with a status of 400 or above (docs/errors.md lists the codes). */
export interface Refusal {
  readonly code: string;
  readonly message: string;
  /** Of a standby (code NotLeader): where the coordinator that leads is; null where it is not known. */
  readonly leader?: string | null;
}
