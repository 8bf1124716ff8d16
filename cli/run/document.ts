/** The one document of `trawl run --json`. Its field names are a contract: checks read them. */
import type { PartMetrics, Results, TrainMetrics, TrialResult } from '../../coordinator/api/trial-views.js';
import type { Recorded, WarmStartView } from '../../coordinator/api/views.js';
import type { Deployed } from './deploy.js';
import type { Answer } from './question.js';
import { ensembleDocument, type EnsembleDocument } from './ensemble.js';
import type { Assignment, DataSummary } from '../../coordinator/sweep/spec.js';

export interface RunDocument {
  readonly sweep: {
    readonly id: string;
    readonly name: string;
    readonly state: string;
    /** What of its budget ended it: wallClock, epochs, slotHours, gpuHours, target or stagnation; null where all trials ended by themselves. */
    readonly endedBy: string | null;
    /** What its sampler knew of other sweeps before its first proposal; only with warmStart. */
    readonly warmStart?: WarmStartView;
  };
  /** Null for a trainable without data. */
  readonly data: {
    readonly images: number;
    readonly classes: { readonly [name: string]: number };
    readonly split: { readonly train: number; readonly val: number; readonly test: number };
    readonly rejected: readonly { readonly file: string; readonly why: string }[];
  } | null;
  /** Of this invocation. */
  readonly epochs: { readonly requested: number; readonly trained: number; readonly shared: number; readonly retrained: number };
  readonly wallMs: number;
  /** Best first. */
  readonly trials: readonly TrialDocument[];
  readonly best: { readonly trial: string; readonly val: PartMetrics | null; readonly test: PartMetrics | null } | null;
  /** Of the completed trials, once the sweep has ended; null where there is none. */
  readonly ensemble: EnsembleDocument | null;
  /** Folder of the ensemble's bundle. */
  readonly bundle: string | null;
  /** For two classes: what the models come to at a threshold that finds 95 % of the positive class on validation; else null. */
  readonly screening: Answer | null;
}

export interface TrialDocument {
  readonly id: string;
  readonly number: number;
  /** Only with several replicates: which one it is, from 0; mean and sample standard deviation of the objective over the completed ones of its settings. */
  readonly replicate?: number;
  readonly mean?: number | null;
  readonly spread?: number | null;
  readonly state: string;
  readonly settings: Assignment;
  readonly epochs: number;
  readonly bestEpoch: number | null;
  /** Whose metrics these are: the chosen epoch, else the last one that was reported. */
  readonly metricsEpoch: number | null;
  readonly params: number;
  readonly secondsPerEpoch: number | null;
  readonly train: TrainMetrics | null;
  readonly val: PartMetrics | null;
  /** Only with --test. */
  readonly test?: PartMetrics | null;
  /** Only with several objectives: each one's value; 1 for the Pareto front, 2 for the front without it; whether it is on the front. */
  readonly objectives?: readonly (number | null)[];
  readonly rank?: number | null;
  readonly front?: boolean;
  /** Everything that that epoch reported, under its own names. */
  readonly metrics: { readonly [metric: string]: number };
  /** Only where it ended short of completion. */
  readonly failure?: { readonly class: string; readonly message: string };
}

export interface DocumentOptions {
  readonly recorded: Recorded;
  readonly wallMs: number;
  /** Whether every trial shows its test numbers. */
  readonly test: boolean;
  readonly deployed: Deployed | null;
  readonly answer: Answer | null;
}

export function runDocument(results: Results, options: DocumentOptions): RunDocument {
  const { sweep } = results;
  const { trained, retrained } = options.recorded;
  const best = bestOf(results);
  return {
    sweep: { id: sweep.id, name: sweep.name, state: sweep.state, endedBy: sweep.endedBy, ...(sweep.warmStart === null ? {} : { warmStart: sweep.warmStart }) },
    data: sweep.data === null ? null : dataDocument(sweep.data),
    epochs: { requested: results.requestedEpochs, trained, shared: results.requestedEpochs - trained, retrained },
    wallMs: Math.round(options.wallMs),
    trials: results.trials.map((trial) => trialDocument(trial, sweep.replicates > 1, options.test)),
    best: best === null ? null : { trial: best.id, val: best.val, test: best.test },
    ensemble: options.deployed === null ? null : ensembleDocument(options.deployed.view),
    bundle: options.deployed?.bundle ?? null,
    screening: options.answer,
  };
}

export function bestOf(results: Results): TrialResult | null {
  const first = results.trials[0];
  return first?.state === 'completed' ? first : null;
}

function dataDocument(data: DataSummary): NonNullable<RunDocument['data']> {
  const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);
  const { train, val, test } = data.counts;
  return {
    images: data.images,
    classes: Object.fromEntries(data.classes.map((name, label) => [name, (train[label] ?? 0) + (val[label] ?? 0) + (test[label] ?? 0)])),
    split: { train: sum(train), val: sum(val), test: sum(test) },
    rejected: data.rejected,
  };
}

function trialDocument(trial: TrialResult, isReplicate: boolean, test: boolean): TrialDocument {
  return {
    id: trial.id,
    number: trial.number,
    ...(isReplicate ? { replicate: trial.replicate, mean: trial.mean, spread: trial.spread } : {}),
    state: trial.state,
    settings: trial.settings,
    epochs: trial.epochs,
    bestEpoch: trial.bestEpoch,
    metricsEpoch: trial.metricsEpoch,
    params: trial.params,
    secondsPerEpoch: trial.secondsPerEpoch,
    train: trial.train,
    val: trial.val,
    ...(test ? { test: trial.test } : {}),
    ...(trial.objectives.length > 1 ? { objectives: trial.objectives, rank: trial.rank, front: trial.rank === 1 } : {}),
    metrics: trial.metrics,
    ...(trial.failure === null ? {} : { failure: trial.failure }),
  };
}
