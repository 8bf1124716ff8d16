/** Feeds the metrics: counters from what each turn of the leader did, gauges from what it holds when Prometheus asks. */
import type { FleetFacts } from '../leader/fleet-facts.js';
import type { LeaderObserver, ObservedTurn } from '../leader/observer.js';
import type { TurnWrites } from '../store/turn-writes.js';
import { isEnded } from '../trial/states.js';
import type { CoordinatorMetrics } from './metrics.js';

export class TurnMetrics implements LeaderObserver {
  readonly #metrics: CoordinatorMetrics;

  constructor(metrics: CoordinatorMetrics) {
    this.#metrics = metrics;
  }

  led(epoch: number): void {
    this.#metrics.leaderEpoch.set(epoch);
    this.#metrics.leaderChanges.inc();
  }

  ended(code: string | null): void {
    this.#metrics.leaderEnds.inc({ code: code ?? 'none' });
  }

  turn({ writes, notes, commitMs, reportMs }: ObservedTurn): void {
    const metrics = this.#metrics;
    this.#work(writes);
    this.#store(writes, commitMs);
    for (const ms of reportMs) metrics.reportLatency.observe(ms / 1000);
    for (const { kind, outcome } of notes.ended) (kind === 'train' ? metrics.stagesEnded : metrics.evaluationsEnded).inc({ outcome });
    for (const [decision, times] of Object.entries(notes.placed)) metrics.placements.inc({ decision }, times);
    for (const [reason, ms] of Object.entries(notes.waitedMs)) metrics.queueWait.inc({ reason }, ms / 1000);
    metrics.leasesExpired.inc(notes.expired);
    metrics.staleReports.inc(notes.stale);
    metrics.epochsShared.inc(notes.shared);
    metrics.epochsPruned.inc(notes.pruned);
    metrics.epochsStopped.inc(notes.stopped);
    metrics.sweepsEnded.inc({ state: 'stopped' }, notes.sweepsStopped);
    metrics.trialsEnded.inc({ state: 'cancelled', class: 'none' }, notes.trialsCancelled);
  }

  #work(writes: TurnWrites): void {
    const metrics = this.#metrics;
    metrics.epochsTrained.inc(writes.epochs.length);
    metrics.trainingSeconds.inc(writes.epochs.reduce((sum, { seconds }) => sum + seconds, 0));
    metrics.epochsRetrained.inc(writes.retrained.length);
    for (const { part } of writes.evaluations) metrics.evaluationsRecorded.inc({ part });
    for (const { kind } of writes.grants) metrics.leasesGranted.inc({ kind });
    for (const { state } of writes.sweeps) if (state === 'completed' || state === 'failed') metrics.sweepsEnded.inc({ state });
    for (const { state, failure } of writes.trials) if (isEnded(state)) metrics.trialsEnded.inc({ state, class: failure?.class ?? 'none' });
  }

  #store(writes: TurnWrites, commitMs: number | null): void {
    if (commitMs === null) return;
    let rows = 0;
    for (const [what, written] of Object.entries<readonly unknown[]>({ ...writes })) {
      rows += written.length;
      this.#metrics.storeRows.inc({ what }, written.length);
    }
    this.#metrics.commitSeconds.observe(commitMs / 1000);
    this.#metrics.commitRows.observe(rows);
  }
}

/** `facts`: null while another coordinator leads; then nothing is said of the fleet, so that sums over coordinators count it once. */
export function setGauges(metrics: CoordinatorMetrics, facts: FleetFacts | null): void {
  metrics.leader.set(facts === null ? 0 : 1);
  const perState = [
    [metrics.sweeps, facts?.sweeps],
    [metrics.trials, facts?.trials],
    [metrics.stages, facts?.stages],
    [metrics.evaluations, facts?.evaluations],
    [metrics.workers, facts?.workers],
    [metrics.slots, facts?.slots],
  ] as const;
  for (const [gauge, counts] of perState) {
    gauge.reset();
    for (const [state, count] of Object.entries(counts ?? {})) gauge.set({ state }, count);
  }
  metrics.queueDepth.reset();
  for (const [reason, count] of Object.entries(facts?.waiting ?? {})) metrics.queueDepth.set({ reason }, count);
  metrics.gpus.set(facts?.gpus.count ?? 0);
  metrics.gpuMemory.set(facts?.gpus.memoryBytes ?? 0);
  metrics.gpuMemoryUsed.set(facts?.gpus.memoryUsedBytes ?? 0);
  metrics.gpuUtilisation.set(facts?.gpus.utilisation ?? 0);
  metrics.epochRate.set(facts?.epochsPerSecond ?? 0);
  metrics.sweepStalled.set(facts?.stalledSeconds ?? 0);
}
