/**
 * Everything that a coordinator tells Prometheus, in one place; docs/metrics.md lists the same (a test
 * holds both equal). Labels have few values that are known beforehand: no sweep, trial or attempt.
 */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** From one commit on a quiet machine to a coordinator that is far behind, in seconds. */
const LATENCIES = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const ROWS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000];
/** The default looks a hundred times a second, all day long. */
const EVENT_LOOP_PRECISION_MS = 100;

type Labels<Name extends string> = readonly Name[];

/** The instruments of one coordinator, in a registry of their own. */
export class CoordinatorMetrics {
  readonly registry = new Registry();

  readonly leader = this.#gauge('trawl_leader', 'Whether this coordinator leads: 1, else 0');
  readonly leaderEpoch = this.#gauge('trawl_leader_epoch', 'Number of the leadership that this coordinator had last');
  readonly leaderChanges = this.#counter('trawl_leader_changes_total', 'Times that this coordinator took the lead');
  readonly leaderEnds = this.#counter('trawl_leader_ends_total', 'Times that its leadership ended, by the code of the error that ended it', ['code']);

  readonly sweeps = this.#gauge('trawl_sweeps', 'Open sweeps by state', ['state']);
  readonly sweepsEnded = this.#counter('trawl_sweeps_ended_total', 'Sweeps that ended, by state', ['state']);
  readonly sweepStalled = this.#gauge('trawl_sweep_stalled_seconds', 'Of the running sweep that has gone longest without any progress');
  readonly trials = this.#gauge('trawl_trials', 'Open trials of open sweeps by state', ['state']);
  readonly trialsEnded = this.#counter('trawl_trials_ended_total', 'Trials that ended, by state and by the class of what failed them', ['state', 'class']);
  readonly stages = this.#gauge('trawl_stages', 'Stages by state: ready, offered to a worker that has not begun, running', ['state']);
  readonly evaluations = this.#gauge('trawl_evaluations', 'Evaluations that are dispatched by themselves, by state', ['state']);
  readonly stagesEnded = this.#counter('trawl_stages_ended_total', 'Attempts at stages that ended, by outcome', ['outcome']);
  readonly evaluationsEnded = this.#counter('trawl_evaluations_ended_total', 'Attempts at evaluations that ended, by outcome', ['outcome']);
  readonly evaluationsRecorded = this.#counter('trawl_evaluations_recorded_total', 'Evaluations recorded, by part of the data', ['part']);

  readonly queueDepth = this.#gauge('trawl_queue_depth', 'Ready work that waits, by what it waits for', ['reason']);
  readonly queueWait = this.#counter('trawl_queue_wait_seconds_total', 'Time that ready work waited, summed over its pieces, by what it waited for', ['reason']);
  readonly placements = this.#counter('trawl_placements_total', 'Decisions of placement, by what decided', ['decision']);
  readonly leasesGranted = this.#counter('trawl_leases_granted_total', 'Leases granted, by kind of work', ['kind']);
  readonly leasesExpired = this.#counter('trawl_leases_expired_total', 'Leases that ended because their worker was silent for a term');
  readonly staleReports = this.#counter('trawl_stale_reports_total', 'Reports refused because their lease was gone');

  readonly epochsTrained = this.#counter('trawl_epochs_trained_total', 'Epochs recorded for the first time');
  readonly epochsShared = this.#counter('trawl_epochs_shared_total', 'Epochs of ended trials that another trial had trained, or that were recorded before their sweep');
  readonly epochsPruned = this.#counter('trawl_epochs_pruned_total', 'Planned epochs of pruned trials that were not trained');
  readonly epochsStopped = this.#counter('trawl_epochs_stopped_total', 'Planned epochs of trials that stopped early that were not trained');
  readonly epochsRetrained = this.#counter('trawl_epochs_retrained_total', 'Recorded epochs trained again to restore a state that was lost');
  readonly trainingSeconds = this.#counter('trawl_training_seconds_total', 'Time that recorded epochs took to train, as workers measured it');

  readonly workers = this.#gauge('trawl_workers', 'Workers by state', ['state']);
  readonly gpus = this.#gauge('trawl_gpus', 'GPUs of connected workers');
  readonly gpuMemory = this.#gauge('trawl_gpu_memory_bytes', 'Memory of the GPUs of connected workers');
  readonly gpuMemoryUsed = this.#gauge('trawl_gpu_memory_used_bytes', 'Memory in use on the GPUs of connected workers');
  readonly gpuUtilisation = this.#gauge('trawl_gpu_utilisation_ratio', 'Mean utilisation of the GPUs of connected workers, from 0 to 1');
  readonly epochRate = this.#gauge('trawl_worker_epochs_per_second', 'Epochs per second of all connected workers over the last minute, as they tell');
  readonly slots = this.#gauge('trawl_slots', 'Slots of connected workers by state', ['state']);

  readonly reportLatency = this.#histogram('trawl_report_latency_seconds', "From a report's arrival until its answer, which follows its commit, went out", LATENCIES);
  readonly commitSeconds = this.#histogram('trawl_store_commit_seconds', "Duration of a turn's transaction", LATENCIES);
  readonly commitRows = this.#histogram('trawl_store_commit_rows', 'Rows that a turn wrote in its transaction', ROWS);
  readonly storeRows = this.#counter('trawl_store_rows_total', 'Rows written by turns, by what they are', ['what']);

  readonly linkSessions = this.#gauge('trawl_link_sessions', 'Open sessions of workers, by carrier', ['carrier']);
  readonly linkConnects = this.#counter('trawl_link_connects_total', 'Sessions that workers opened, by carrier', ['carrier']);
  readonly linkReconnects = this.#counter('trawl_link_reconnects_total', 'Sessions opened by workers that this coordinator had seen before, by carrier', ['carrier']);
  readonly linkMessages = this.#counter('trawl_link_messages_total', 'Messages of the session protocol, by carrier and direction as the coordinator sees it', ['carrier', 'direction']);
  readonly linkBytes = this.#counter('trawl_link_bytes_total', 'Bytes of frames of the session protocol, by carrier and direction', ['carrier', 'direction']);

  readonly blobBytes = this.#counter('trawl_blob_bytes_total', 'Bytes of blobs by direction: received from workers and commands, sent to them', ['direction']);
  readonly blobLookups = this.#counter('trawl_blob_lookups_total', 'Blobs that workers and commands asked for, by whether they were there', ['result']);

  constructor() {
    collectDefaultMetrics({ register: this.registry, eventLoopMonitoringPrecision: EVENT_LOOP_PRECISION_MS });
  }

  #counter<Name extends string = never>(name: string, help: string, labelNames: Labels<Name> = []): Counter<Name> {
    return new Counter({ name, help, labelNames: [...labelNames], registers: [this.registry] });
  }

  #gauge<Name extends string = never>(name: string, help: string, labelNames: Labels<Name> = []): Gauge<Name> {
    return new Gauge({ name, help, labelNames: [...labelNames], registers: [this.registry] });
  }

  #histogram<Name extends string = never>(name: string, help: string, buckets: readonly number[], labelNames: Labels<Name> = []): Histogram<Name> {
    return new Histogram({ name, help, buckets: [...buckets], labelNames: [...labelNames], registers: [this.registry] });
  }
}
