/**
 * What leaderboards (`trawl trials`, the dashboard) can show, sort and filter by: one vocabulary, that of its CSV. A hyperparameter may
 * be written without `settings.` where no other column has its name.
 */
import { metricValue } from '../../proto/confusion.js';
import { namedSettings } from '../../proto/named-settings.js';
import type { Json } from '../../proto/work.js';
import { suggestMetric, suggestValue } from '../sweep/suggest.js';
import { BadRequest } from './errors.js';
import type { Results, TrialResult } from './trial-views.js';

export interface TrialColumn {
  readonly name: string;
  /** Null where the trial has none. */
  readonly value: (trial: TrialResult) => Json;
  /** What is better: that is what a table sorted by it begins with. */
  readonly best: 'high' | 'low';
  /** Whether it was measured in the trial's `metricsEpoch`. */
  readonly measured?: boolean;
}

/** Trials of a sweep, ranked. */
export type Ranking = Pick<Results, 'sweep' | 'trials'>;

/** Every column of a sweep's results, in the order of its CSV. */
export function trialColumns({ sweep, trials }: Ranking): TrialColumn[] {
  const places = new Map(trials.filter(({ state }) => state === 'completed').map((trial, index) => [trial.id, index + 1]));
  const { direction } = sweep.objective;
  const fixed: readonly TrialColumn[] = [
    { name: 'place', value: (trial) => places.get(trial.id) ?? null, best: 'low' },
    { name: 'trial', value: (trial) => trial.number, best: 'low' },
    { name: 'id', value: (trial) => trial.id, best: 'low' },
    { name: 'state', value: (trial) => trial.state, best: 'low' },
    { name: 'objective', value: (trial) => trial.objective, best: direction === 'maximize' ? 'high' : 'low', measured: true },
    ...replicated(sweep),
    { name: 'epochs', value: (trial) => trial.epochs, best: 'low' },
    { name: 'bestEpoch', value: (trial) => trial.bestEpoch, best: 'low' },
    { name: 'metricsEpoch', value: (trial) => trial.metricsEpoch, best: 'low' },
    { name: 'params', value: (trial) => trial.params, best: 'low' },
    { name: 'secondsPerEpoch', value: (trial) => trial.secondsPerEpoch, best: 'low' },
  ];
  const named = (of: (trial: TrialResult) => object): string[] => {
    const names = new Set<string>();
    for (const trial of trials) for (const name in of(trial)) names.add(name);
    return [...names];
  };
  const settings = named((trial) => trial.settings).flatMap((name): TrialColumn[] => [
    { name: `settings.${name}`, value: (trial) => trial.settings[name] ?? null, best: 'low' },
    ...named(({ settings: { [name]: setting = null } }) => innerSettings(name, setting)).map((inner): TrialColumn => ({ name: `settings.${inner}`, value: (trial) => innerSettings(name, trial.settings[name] ?? null)[inner] ?? null, best: 'low' })),
  ]);
  const metrics = named((trial) => trial.metrics).map((name) => metricColumn(sweep, name));
  const test = (['loss', 'accuracy', 'auc', 'f1'] as const).map((name): TrialColumn => ({ name: `test.${name}`, value: (trial) => trial.test?.[name] ?? null, best: bestOf(name) }));
  return [...fixed, ...weighed(sweep, new Set(metrics.map(({ name }) => name))), ...settings, ...metrics, ...(sweep.data === null ? [] : [metricColumn(sweep, 'val.f1'), ...test])];
}

/** Of several replicates: which it is, and what they come to together. */
function replicated({ replicates, objective }: Results['sweep']): TrialColumn[] {
  if (replicates === 1) return [];
  return [
    { name: 'replicate', value: (trial) => trial.replicate, best: 'low' },
    { name: 'mean', value: (trial) => trial.mean, best: objective.direction === 'maximize' ? 'high' : 'low' },
    { name: 'spread', value: (trial) => trial.spread, best: 'low' },
  ];
}

/** Of several objectives: the rank, and what is read off no reported metric. */
function weighed({ objective }: Results['sweep'], reported: ReadonlySet<string>): TrialColumn[] {
  if (objective.others === undefined) return [];
  const goals = [objective, ...objective.others].map(({ metric, direction }, index): TrialColumn => ({ name: metric, value: (trial) => trial.objectives[index] ?? null, best: direction === 'maximize' ? 'high' : 'low', measured: true }));
  return [{ name: 'rank', value: (trial) => trial.rank, best: 'low' }, ...goals.filter(({ name }) => !reported.has(name))];
}

/** Of a choice its settings, each by its place: `optimizer.adam.beta2`. */
function innerSettings(name: string, setting: Json): { readonly [place: string]: Json } {
  if (typeof setting !== 'object' || setting === null) return {};
  const { numbers, texts } = namedSettings({ [name]: setting });
  return Object.fromEntries(Object.entries({ ...numbers, ...texts }).filter(([place]) => place.startsWith(`${name}.`)));
}

function metricColumn(sweep: Results['sweep'], name: string): TrialColumn {
  const classes = sweep.data?.classes ?? [];
  const read = (trial: TrialResult): number | null => {
    const value = metricValue(name, { metrics: trial.metrics, confusion: trial.val?.confusion ?? null }, classes, sweep.data?.positive ?? 0);
    return value === null || Number.isNaN(value) ? null : value;
  };
  return { name, value: read, measured: true, best: name === sweep.objective.metric ? (sweep.objective.direction === 'maximize' ? 'high' : 'low') : bestOf(name) };
}

function bestOf(metric: string): 'high' | 'low' {
  return /loss|error|regret/i.test(metric) ? 'low' : 'high';
}

/** The column of that name. Throws BadRequest, saying at which option, for one that no trial has. */
export function columnNamed(name: string, results: Ranking, columns: readonly TrialColumn[], option: string): TrialColumn {
  const known = columns.find((column) => column.name === name);
  if (known !== undefined) return known;
  const read = [settingColumn(name), metricColumn(results.sweep, name)].find((column) => results.trials.some((trial) => column.value(trial) !== null));
  if (read !== undefined) return read;
  const names = columns.map((column) => column.name.replace(/^settings\.(?!epochs$)/, ''));
  const advice = suggestValue(name, names) ?? suggestMetric(name, names);
  throw new BadRequest(`${option}: found ${name}, which no trial has, expected one of ${names.join(', ')}${advice === null ? '' : `; ${advice}`}`);
}

/** A hyperparameter by its bare name, or one inside a choice: `optimizer.adam.beta2`. A choice is its name. */
function settingColumn(written: string): TrialColumn {
  const name = written.replace(/^settings\./, '');
  const value = (trial: TrialResult): Json => {
    const { numbers, texts } = namedSettings(trial.settings);
    return (Object.hasOwn(numbers, name) ? numbers[name] : Object.hasOwn(texts, name) ? texts[name] : trial.settings[name]) ?? null;
  };
  return { name: written, value, best: 'low' };
}
