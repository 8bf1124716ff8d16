/** Trials, or sweeps, side by side: what sets them apart first. Pure. */
import { sameJson } from '../../proto/canonical.js';
import type { Json } from '../../proto/work.js';
import type { CostView } from '../../coordinator/api/analysis-views.js';
import type { Results, TrialDetail, TrialResult } from '../../coordinator/api/trial-views.js';
import type { SweepView } from '../../coordinator/api/views.js';
import { count, metric, settingText } from '../text/format.js';
import { sparkline, table } from '../text/table.js';
import { bestOf } from '../run/document.js';

/** One line of a comparison: a name and what each side has, null for nothing. */
export interface CompareRow {
  readonly name: string;
  readonly values: readonly Json[];
}

export interface TrialComparison {
  readonly trials: readonly { readonly id: string; readonly sweep: string; readonly number: number; readonly state: string }[];
  readonly differing: readonly CompareRow[];
  readonly same: readonly CompareRow[];
  readonly metrics: readonly CompareRow[];
  /** How many epochs from their first on all of them share. */
  readonly sharedEpochs: number;
}

/** Two or more trials. */
export function compareTrials(details: readonly TrialDetail[]): TrialComparison {
  const trials = details.map(({ trial }) => trial);
  const names = namesOf(trials.map(({ settings }) => settings));
  const settings = names.map((name): CompareRow => ({ name, values: trials.map((trial) => trial.settings[name] ?? null) }));
  const differs = ({ values }: CompareRow): boolean => values.some((value) => !sameJson(value, values[0] ?? null));
  const curves = details.map(({ curve }) => curve.map(({ key }) => key));
  const shortest = Math.min(...curves.map((curve) => curve.length));
  const apart = Array.from({ length: shortest }, (_, epoch) => epoch).find((epoch) => curves.some((curve) => curve[epoch] !== curves[0]?.[epoch]));
  return {
    trials: details.map(({ sweep, trial }) => ({ id: trial.id, sweep: sweep.name, number: trial.number, state: trial.state })),
    differing: settings.filter(differs),
    same: settings.filter((row) => !differs(row)),
    metrics: metricRows(trials),
    sharedEpochs: apart ?? shortest,
  };
}

function metricRows(trials: readonly TrialResult[]): CompareRow[] {
  const row = (name: string, read: (trial: TrialResult) => Json): CompareRow => ({ name, values: trials.map(read) });
  const test = trials.some((trial) => trial.test !== null) ? (['loss', 'accuracy', 'auc', 'f1'] as const).map((name) => row(`test.${name}`, (trial) => trial.test?.[name] ?? null)) : [];
  return [
    row('objective', (trial) => trial.objective),
    ...namesOf(trials.map(({ metrics }) => metrics)).map((name) => row(name, (trial) => trial.metrics[name] ?? null)),
    ...(trials.some((trial) => typeof trial.val?.f1 === 'number') ? [row('val.f1', (trial) => trial.val?.f1 ?? null)] : []),
    ...test,
    row('epochs', (trial) => trial.epochs),
    row('bestEpoch', (trial) => trial.bestEpoch),
    row('params', (trial) => trial.params),
    row('secondsPerEpoch', (trial) => trial.secondsPerEpoch),
  ];
}

export function trialComparisonLines(comparison: TrialComparison, details: readonly TrialDetail[]): string[] {
  const heads = comparison.trials.map(({ sweep, number }) => `${sweep}/${number}`);
  const side = (rows: readonly CompareRow[], text: (value: Json) => string): string[] => rowsTable(heads, rows, text).map((line) => `  ${line}`);
  const { differing, same, metrics, sharedEpochs } = comparison;
  const curves = [...new Set(details.flatMap(({ curve }) => curve.flatMap((row) => Object.keys(row.metrics))))].flatMap((name) => [
    `  ${name}`,
    ...details.map(({ curve }, index) => `    ${(heads[index] ?? '').padEnd(Math.max(...heads.map((head) => head.length)))}  ${sparkline(curve.map((row) => row.metrics[name] ?? null))}`),
  ]);
  return [
    differing.length === 0 ? 'Their settings are the same.' : 'Settings that differ:',
    ...(differing.length === 0 ? [] : side(differing, shown)),
    ...(same.length === 0 ? [] : ['', `The same: ${same.map(({ name, values }) => `${name} ${shown(values[0] ?? null)}`).join(', ')}`]),
    '',
    'Results:',
    ...side(metrics, (value) => (typeof value === 'number' && !Number.isInteger(value) ? metric(value) : shown(value))),
    ...(sharedEpochs === 0 ? [] : ['', `They share their first ${count(sharedEpochs, 'epoch')}.`]),
    ...(curves.length === 0 ? [] : ['', 'Curves (each from its lowest to its highest):', ...curves]),
  ];
}

export interface SweepComparison {
  readonly sweeps: readonly SweepView[];
  /** What each later file changes in the first. */
  readonly differences: readonly (readonly string[])[];
  readonly rows: readonly CompareRow[];
}

export function compareSweeps(sides: readonly { readonly results: Results; readonly cost: CostView }[], differences: readonly (readonly string[])[]): SweepComparison {
  const bests = sides.map(({ results }) => bestOf(results));
  const row = (name: string, read: (side: (typeof sides)[number], index: number) => Json): CompareRow => ({ name, values: sides.map(read) });
  return {
    sweeps: sides.map(({ results }) => results.sweep),
    differences,
    rows: [
      row('state', ({ results }) => results.sweep.state),
      row('trials', ({ results }) => results.trials.length),
      row('completed', ({ cost }) => cost.trials.completed ?? 0),
      row('pruned', ({ cost }) => cost.trials.pruned ?? 0),
      row('epochs requested', ({ cost }) => cost.epochs.requested),
      row('epochs trained', ({ cost }) => cost.epochs.trained),
      row('training seconds', ({ cost }) => Math.round(cost.seconds.trained)),
      row('objective', ({ results }) => `${results.sweep.objective.direction} ${results.sweep.objective.metric}`),
      row('best', (_, index) => bests[index]?.objective ?? null),
      row('best trial', (_, index) => (bests[index] ? `#${bests[index].number}` : null)),
      ...namesOf(bests.map((best) => best?.settings ?? {})).map((name) => row(`best ${name}`, (_, index) => bests[index]?.settings[name] ?? null)),
    ],
  };
}

export function sweepComparisonLines({ sweeps, differences, rows }: SweepComparison): string[] {
  const files = differences.flatMap((lines, index) => [`From ${sweeps[0]?.name ?? ''} to ${sweeps[index + 1]?.name ?? ''}:`, ...(lines.length === 0 ? ['  nothing but the name'] : lines.map((line) => `  ${line}`)), '']);
  return [...files, ...rowsTable(sweeps.map(({ name }) => name), rows, (value) => (typeof value === 'number' && !Number.isInteger(value) ? metric(value) : shown(value)))];
}

function rowsTable(heads: readonly string[], rows: readonly CompareRow[], text: (value: Json) => string): string[] {
  return table<CompareRow>([{ title: '', value: ({ name }) => name }, ...heads.map((title, index) => ({ title, value: ({ values }: CompareRow) => text(values[index] ?? null) }))], rows);
}

function shown(value: Json): string {
  return value === null ? '-' : settingText(value);
}

/** In order of their first appearance. */
function namesOf(maps: readonly object[]): string[] {
  return [...new Set(maps.flatMap((map) => Object.keys(map)))];
}
