/** Where a sweep's epochs went. Pure: records in, sums out. */
import { namedSettings } from '../../proto/named-settings.js';
import type { EpochKey } from '../../proto/work.js';
import type { RecordedEpoch, SweepRecord, TrialRecord } from '../store/records.js';
import { isEnded } from '../trial/states.js';
import { sweepView } from './results.js';
import type { CostOfValue, CostView } from './analysis-views.js';

export interface BesidePaths {
  /** Recordings of epochs that were trained again to restore a state. */
  readonly retrained: number;
  /** Epochs past where trials ended, and their seconds. */
  readonly beyond: { readonly epochs: number; readonly seconds: number };
}

export function costOf(sweep: SweepRecord, trials: readonly TrialRecord[], epochs: ReadonlyMap<EpochKey, RecordedEpoch>, { retrained, beyond }: BesidePaths): CostView {
  const sums = { planned: 0, pruned: 0, stopped: 0, unfinished: 0, requested: 0, shared: 0, before: 0, trained: 0 };
  const seconds = { trained: 0, saved: 0 };
  const values = new Map<string, CostOfValue>();
  const seen = new Set<EpochKey>();
  for (const trial of trials) {
    const { path } = trial.plan;
    const went = recordedLength(trial, epochs);
    sums.planned += path.length;
    sums.requested += went;
    sums[reasonOfRest(trial)] += path.length - went;
    for (const key of path.slice(0, went)) {
      const epoch = epochs.get(key);
      if (epoch === undefined) continue;
      const how = seen.has(key) ? 'shared' : epoch.recordedAt < sweep.createdAt ? 'before' : 'trained';
      seen.add(key);
      sums[how] += 1;
      seconds[how === 'trained' ? 'trained' : 'saved'] += epoch.seconds;
      if (how === 'trained') count(values, trial, epoch.seconds);
    }
  }
  return { sweep: sweepView(sweep), trials: byState(trials), epochs: { ...sums, beyond: beyond.epochs, retrained }, seconds: { ...seconds, beyond: beyond.seconds }, values: inOrder(trials, [...values.values()]) };
}

function recordedLength(trial: TrialRecord, epochs: ReadonlyMap<EpochKey, RecordedEpoch>): number {
  const { path } = trial.plan;
  const end = trial.epochs ?? path.length;
  const missing = path.findIndex((key, index) => index >= end || !epochs.has(key));
  return missing < 0 ? path.length : missing;
}

/** Why the epochs after its last were not asked for, or not yet. */
function reasonOfRest(trial: TrialRecord): 'pruned' | 'stopped' | 'unfinished' {
  if (trial.state === 'pruned') return 'pruned';
  return trial.state === 'completed' ? 'stopped' : 'unfinished';
}

/** An epoch that several trials share is counted for the first of them. */
function count(values: Map<string, CostOfValue>, trial: TrialRecord, seconds: number): void {
  const { numbers, texts } = namedSettings(trial.assignment);
  for (const [name, value] of [...Object.entries(texts), ...Object.entries(numbers)]) {
    const place = JSON.stringify([name, value]);
    const known = values.get(place) ?? { name, value, epochs: 0, seconds: 0 };
    values.set(place, { ...known, epochs: known.epochs + 1, seconds: known.seconds + seconds });
  }
}

/** Of hyperparameters that differ between trials, by name and value. */
function inOrder(trials: readonly TrialRecord[], values: readonly CostOfValue[]): CostOfValue[] {
  const named = trials.map((trial) => namedSettings(trial.assignment));
  const names = [...new Set(named.flatMap(({ numbers, texts }) => [...Object.keys(texts), ...Object.keys(numbers)]))];
  const distinct = new Map(names.map((name) => [name, values.filter((value) => value.name === name)]));
  const compare = (a: CostOfValue, b: CostOfValue): number => (typeof a.value === 'number' && typeof b.value === 'number' ? a.value - b.value : String(a.value).localeCompare(String(b.value)));
  return names.flatMap((name) => {
    const own = (distinct.get(name) ?? []).sort(compare);
    return own.length < 2 ? [] : own.length > MOST_VALUES && own.every(({ value }) => typeof value === 'number') ? inRanges(own) : own;
  });
}

/** Numbers that were drawn from a range are too many to list. */
const MOST_VALUES = 12;
const RANGES = 5;

/** Neighbours together, as many values in each. */
function inRanges(values: readonly CostOfValue[]): CostOfValue[] {
  return Array.from({ length: RANGES }, (_, index) => {
    const own = values.slice(Math.floor((index * values.length) / RANGES), Math.floor(((index + 1) * values.length) / RANGES));
    const text = (value: CostOfValue | undefined): string => String(Number(Number(value?.value).toPrecision(3)));
    const sum = (field: 'epochs' | 'seconds'): number => own.reduce((total, each) => total + each[field], 0);
    return { name: own[0]?.name ?? '', value: `${text(own[0])} to ${text(own.at(-1))}`, epochs: sum('epochs'), seconds: sum('seconds') };
  });
}

function byState(trials: readonly TrialRecord[]): CostView['trials'] {
  const counts: { [state: string]: number } = {};
  for (const trial of trials) {
    const state = isEnded(trial.state) ? trial.state : 'open';
    counts[state] = (counts[state] ?? 0) + 1;
  }
  return counts;
}
