/** What the page reads of the API. Types only: nothing of the coordinator is bundled. */
export type { Answers, Operation } from '../../coordinator/api/answers.js';
export type { EventView, StreamMessages } from '../../coordinator/api/event-views.js';
export type { LogAttempt, LogMessages } from '../../coordinator/api/log-views.js';
export type { ProgressView, SweepView } from '../../coordinator/api/views.js';
export type { Results, TrialResult, EpochRow, PartMetrics, TrialDetail } from '../../coordinator/api/trial-views.js';
export type { SweepState, TrialState } from '../../coordinator/trial/states.js';
export type { Json, Part } from '../../proto/work.js';
export type { EnsembleComparison, PredictionsView, PredictionView, RocCurve } from '../../coordinator/api/model-views.js';
export type { DataImage, DataLook, DataSetDetail, DataSetView, DataSizes } from '../../coordinator/api/data-views.js';
export type { SlotSpan, SlotTimeline, GpuView, QueueView, WorkerStage, WorkerView } from '../../coordinator/api/fleet-views.js';
