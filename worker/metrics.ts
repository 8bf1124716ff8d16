/**
 * Everything that a worker tells Prometheus, in one place; docs/metrics.md lists the same (a test holds
 * both equal). Labels have few values that are known beforehand: no sweep, trial or attempt.
 */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { GpuFacts, GpuUse } from '../proto/messages.js';
import type { Report } from './link/session.js';

/** From a no-op to an epoch of the largest studies, in seconds. */
const EPOCH_SECONDS = [0.001, 0.01, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600];
/** The default looks a hundred times a second, all day long. */
const EVENT_LOOP_PRECISION_MS = 100;

/** The instruments of one worker, in a registry of their own. */
export class WorkerMetrics {
  readonly registry = new Registry();

  readonly connected = this.#gauge('trawl_worker_connected', 'Whether its coordinator has welcomed it and the session stands: 1, else 0');
  readonly slots = this.#gauge('trawl_worker_slots', 'Its slots by state', ['state']);
  readonly epochs = this.#counter('trawl_worker_epochs_total', 'Epochs trained and reported');
  readonly epochSeconds = this.#histogram('trawl_worker_epoch_seconds', 'Duration of an epoch', EPOCH_SECONDS);
  readonly evaluations = this.#counter('trawl_worker_evaluations_total', 'Evaluations reported, by part of the data', ['part']);
  readonly checkpoints = this.#counter('trawl_worker_checkpoints_total', 'Checkpoints stored');
  readonly attemptsEnded = this.#counter('trawl_worker_attempts_ended_total', 'Attempts that ended, by outcome', ['outcome']);

  readonly linkConnects = this.#counter('trawl_worker_link_connects_total', 'Connections to a coordinator that were tried, by carrier', ['carrier']);
  readonly linkLosses = this.#counter('trawl_worker_link_losses_total', 'Connections that ended, by carrier and the code of their end', ['carrier', 'code']);
  readonly linkMessages = this.#counter('trawl_worker_link_messages_total', 'Messages of the session protocol, by carrier and direction as the worker sees it', ['carrier', 'direction']);

  readonly blobBytes = this.#counter('trawl_worker_blob_bytes_total', 'Bytes of blobs by direction: received from the store, sent to it', ['direction']);
  readonly blobLookups = this.#counter('trawl_worker_blob_lookups_total', 'Blobs that were asked for before they were sent, by whether the store had them', ['result']);

  readonly cacheBytes = this.#gauge('trawl_worker_cache_bytes', 'Packs, decoded images and programs that are kept to be used again');
  readonly cacheLimit = this.#gauge('trawl_worker_cache_limit_bytes', 'How much may be kept');
  readonly cacheEvictions = this.#counter('trawl_worker_cache_evictions_total', 'Files that made room for others');

  readonly gpuMemory = this.#gauge('trawl_worker_gpu_memory_bytes', 'Memory of each GPU', ['gpu']);
  readonly gpuMemoryUsed = this.#gauge('trawl_worker_gpu_memory_used_bytes', 'Memory in use on each GPU', ['gpu']);
  readonly gpuUtilisation = this.#gauge('trawl_worker_gpu_utilisation_ratio', 'Utilisation of each GPU, from 0 to 1', ['gpu']);
  readonly gpuTemperature = this.#gauge('trawl_worker_gpu_temperature_celsius', 'Temperature of each GPU', ['gpu']);

  constructor() {
    collectDefaultMetrics({ register: this.registry, eventLoopMonitoringPrecision: EVENT_LOOP_PRECISION_MS });
  }

  /** Takes note of what was reported, once each. */
  reported(report: Report): void {
    switch (report.kind) {
      case 'epoch':
        this.epochs.inc();
        this.epochSeconds.observe(report.cost.seconds);
        return;
      case 'checkpoint':
        this.checkpoints.inc();
        return;
      case 'evaluation':
        this.evaluations.inc({ part: report.part });
        return;
      case 'finished':
        this.attemptsEnded.inc({ outcome: report.outcome.class });
    }
  }

  setSlots(busy: number, all: number): void {
    this.slots.set({ state: 'busy' }, busy);
    this.slots.set({ state: 'idle' }, all - busy);
  }

  setGpus(gpus: readonly GpuFacts[], use: readonly GpuUse[]): void {
    for (const { index, memoryBytes } of gpus) this.gpuMemory.set({ gpu: String(index) }, memoryBytes);
    for (const { index, memoryUsedBytes, utilisation, celsius } of use) {
      const gpu = String(index);
      this.gpuMemoryUsed.set({ gpu }, memoryUsedBytes);
      this.gpuUtilisation.set({ gpu }, utilisation);
      this.gpuTemperature.set({ gpu }, celsius);
    }
  }

  #counter<Name extends string = never>(name: string, help: string, labelNames: readonly Name[] = []): Counter<Name> {
    return new Counter({ name, help, labelNames: [...labelNames], registers: [this.registry] });
  }

  #gauge<Name extends string = never>(name: string, help: string, labelNames: readonly Name[] = []): Gauge<Name> {
    return new Gauge({ name, help, labelNames: [...labelNames], registers: [this.registry] });
  }

  #histogram(name: string, help: string, buckets: readonly number[]): Histogram {
    return new Histogram({ name, help, buckets: [...buckets], registers: [this.registry] });
  }
}
