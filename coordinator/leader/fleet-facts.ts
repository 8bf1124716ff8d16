/** What the leader holds, in numbers, for those who watch. Linear in the trials of open sweeps. */
import type { SweepState, TrialState } from '../trial/states.js';
import type { Dispatcher } from './dispatcher.js';
import type { WorkerRun } from './model.js';
import type { Waiting } from './notes.js';
import { stateOf, type LiveWorkerState } from './snapshot.js';

export type OpenSweepState = Extract<SweepState, 'running' | 'paused'>;
export type OpenTrialState = Extract<TrialState, 'queued' | 'running' | 'paused'>;
/** `offered`: leased, and begun by no slot so far. */
export type WorkState = 'ready' | 'offered' | 'running';

export interface GpuSums {
  readonly count: number;
  readonly memoryBytes: number;
  readonly memoryUsedBytes: number;
  /** The mean, from 0 to 1. */
  readonly utilisation: number;
}

export interface FleetFacts {
  readonly sweeps: { readonly [state in OpenSweepState]: number };
  /** Of open sweeps. */
  readonly trials: { readonly [state in OpenTrialState]: number };
  readonly stages: { readonly [state in WorkState]: number };
  readonly evaluations: { readonly [state in WorkState]: number };
  readonly waiting: Waiting;
  readonly workers: { readonly [state in LiveWorkerState]: number };
  /** Of connected workers, as far as they tell. */
  readonly gpus: GpuSums;
  readonly slots: { readonly busy: number; readonly idle: number };
  readonly epochsPerSecond: number;
  /** Of the running sweep that has gone longest without an epoch or an evaluation, in seconds; 0 where none runs. */
  readonly stalledSeconds: number;
}

export function fleetFactsOf({ board, ledger, workers, waiting }: Dispatcher, now: number): FleetFacts {
  const sweeps = { running: 0, paused: 0 };
  const trials = { queued: 0, running: 0, paused: 0 };
  const stages = { ready: 0, offered: 0, running: 0 };
  const evaluations = { ready: 0, offered: 0, running: 0 };
  let stalledMs = 0;
  for (const sweep of board.sweeps.values()) {
    if (sweep.state !== 'running' && sweep.state !== 'paused') continue;
    sweeps[sweep.state] += 1;
    for (const { state } of sweep.trials) if (state === 'queued' || state === 'running' || state === 'paused') trials[state] += 1;
    if (sweep.state !== 'running') continue;
    stages.ready += sweep.ready.counts.train;
    evaluations.ready += sweep.ready.counts.evaluate;
    stalledMs = Math.max(stalledMs, now - (sweep.movedAt ?? now));
  }
  for (const { kind, begunAt } of ledger.live()) (kind === 'train' ? stages : evaluations)[begunAt === null ? 'offered' : 'running'] += 1;
  const states = { active: 0, draining: 0, quarantined: 0, silent: 0 };
  for (const worker of workers.values()) states[stateOf(worker)] += 1;
  const connected = [...workers.values()].filter(({ peer }) => peer !== null);
  const gpus = gpuFacts(connected);
  const total = connected.reduce((sum, { slots }) => sum + slots, 0);
  const busy = connected.reduce((sum, { slots, attempts, waiting: ahead }) => sum + Math.min(slots, attempts.size - ahead), 0);
  return {
    ...{ sweeps, trials, stages, evaluations, waiting },
    workers: states,
    gpus,
    slots: { busy, idle: total - busy },
    epochsPerSecond: connected.reduce((sum, { use }) => sum + (use?.epochsPerSecond ?? 0), 0),
    stalledSeconds: stalledMs / 1000,
  };
}

function gpuFacts(workers: readonly WorkerRun[]): GpuSums {
  const memoryBytes = workers.flatMap(({ box }) => box.gpus).reduce((sum, gpu) => sum + gpu.memoryBytes, 0);
  const told = workers.flatMap(({ use }) => use?.gpus ?? []);
  const busy = told.reduce((sum, { utilisation }) => sum + utilisation, 0);
  return {
    count: workers.reduce((sum, { box }) => sum + box.gpus.length, 0),
    memoryBytes,
    memoryUsedBytes: told.reduce((sum, gpu) => sum + gpu.memoryUsedBytes, 0),
    utilisation: told.length === 0 ? 0 : busy / told.length,
  };
}
