/** What a person reads when a sweep has ended: leaderboard, the best trial, what sharing saved. Pure. */
import type { Results, TrialResult } from '../../coordinator/api/trial-views.js';
import type { Recorded, SweepView } from '../../coordinator/api/views.js';
import type { BudgetEnd, BudgetSpec, ObjectiveSpec } from '../../coordinator/sweep/spec.js';
import { count, duration, metric, settingText } from '../text/format.js';
import { confusionTable, table, type Column } from '../text/table.js';
import { bestOf } from './document.js';

const SHOWN_TRIALS = 15;

/** Names of the settings that differ between trials; all of them where none does. */
export function varyingSettings(trials: readonly TrialResult[]): string[] {
  const names = [...new Set(trials.flatMap((trial) => Object.keys(trial.settings)))];
  const varying = names.filter((name) => new Set(trials.map((trial) => JSON.stringify(trial.settings[name]))).size > 1);
  return varying.length > 0 ? varying : names;
}

/** `rows`: which trials, in which order; each keeps its place among all. */
export function leaderboardLines(results: Results, limit = SHOWN_TRIALS, rows = results.trials): string[] {
  const { sweep } = results;
  const shown = rows.slice(0, limit);
  const lines = table(leaderboardColumns(results, shown), shown);
  const rest = rows.length - shown.length;
  const left = rest > 0 ? [`and ${count(rest, 'more trial')}`] : [];
  const front = results.trials.filter(({ rank }) => rank === 1).length;
  // It comes first, and goes on where these are not all trials.
  const atLeast = results.trials.at(-1)?.rank === 1 ? 'at least ' : '';
  const meaning = sweep.objective.others === undefined ? [] : [`* on the Pareto front (${atLeast}${count(front, 'trial')}): no other trial is better in one objective and as good in all others`];
  return [`Leaderboard of ${sweep.name} (${objectiveText(sweep.objective)})`, ...lines, ...left, ...meaning, ...markLines(shown)];
}

/** A number of a trial that has chosen no epoch: it may still change, or would have. */
export function marked({ state, metricsEpoch }: TrialResult, text: string): string {
  return state === 'completed' || metricsEpoch === null || text === '-' ? text : `(${text})`;
}

/** What the marks of these trials mean. */
export function markLines(trials: readonly TrialResult[]): string[] {
  return trials.some(({ state, metricsEpoch }) => state !== 'completed' && metricsEpoch !== null) ? ['(in brackets: last reported, of trials that have not completed)'] : [];
}

/** e.g. `maximize val.auc, minimize cost.bytes; val.recall[b] at least 0.9` */
export function objectiveText(objective: ObjectiveSpec): string {
  const goals = [objective, ...(objective.others ?? [])].map(({ direction, metric: name }) => `${direction} ${name}`);
  const floors = Object.entries(objective.floors).map(([name, floor]) => `${name} at least ${floor}`);
  const ceilings = Object.entries(objective.ceilings ?? {}).map(([name, ceiling]) => `${name} at most ${ceiling}`);
  const limits = [...floors, ...ceilings];
  return `${goals.join(', ')}${limits.length > 0 ? `; ${limits.join(', ')}` : ''}`;
}

/** Counts (of parameters, of bytes) are whole. */
function objectiveCell(value: number | null | undefined): string {
  return typeof value === 'number' && Number.isInteger(value) && Math.abs(value) >= 1000 ? String(value) : metric(value);
}

function leaderboardColumns(results: Results, shown: readonly TrialResult[]): Column<TrialResult>[] {
  const { objective } = results.sweep;
  const floors = [...Object.keys(objective.floors), ...Object.keys(objective.ceilings ?? {})];
  const title = Object.keys(objective.ceilings ?? {}).length === 0 ? 'floors' : 'limits';
  const places = new Map(results.trials.map(({ id }, index) => [id, String(index + 1)]));
  const columns: Column<TrialResult>[] = [
    { title: 'place', value: (trial) => (trial.state === 'completed' ? (places.get(trial.id) ?? '-') : '-'), align: 'right' },
    { title: 'trial', value: (trial) => `#${trial.number}`, align: 'right' },
    { title: objective.metric, value: (trial) => marked(trial, objectiveCell(trial.objective)), align: 'right' },
    ...(objective.others ?? []).map(({ metric: name }, index): Column<TrialResult> => ({ title: name, value: (trial) => marked(trial, objectiveCell(trial.objectives[index + 1])), align: 'right' })),
  ];
  if (results.sweep.replicates > 1) {
    columns.push({ title: 'mean', value: (trial) => objectiveCell(trial.mean), align: 'right' }, { title: 'spread', value: (trial) => (trial.spread === null ? '' : `± ${objectiveCell(trial.spread)}`), align: 'right' });
  }
  if (objective.others !== undefined) columns.splice(2, 0, { title: 'front', value: (trial) => (trial.rank === 1 ? '*' : '') });
  if (floors.length > 0) columns.push({ title, value: (trial) => marked(trial, trial.shortfall === 0 ? 'met' : trial.shortfall === null ? '-' : `short by ${metric(trial.shortfall)}`) });
  if (shown.some((trial) => trial.val?.accuracy !== null && trial.val !== null) && objective.metric !== 'val.accuracy') {
    columns.push({ title: 'val.accuracy', value: (trial) => marked(trial, metric(trial.val?.accuracy)), align: 'right' });
  }
  columns.push({ title: 'epochs', value: (trial) => String(trial.epochs), align: 'right' });
  for (const name of varyingSettings(results.trials)) {
    if (name !== 'epochs') columns.push({ title: name, value: (trial) => settingText(trial.settings[name] ?? null) });
  }
  if (shown.some((trial) => trial.state !== 'completed')) {
    columns.push({ title: 'state', value: (trial) => (trial.failure === null ? trial.state : `${trial.state}: ${trial.failure.class}`) });
  }
  return columns;
}

export function bestLines(results: Results): string[] {
  const best = bestOf(results);
  if (best === null) return ['No trial completed.'];
  const settings = Object.entries(best.settings).map(([name, value]) => `${name} ${settingText(value)}`);
  const whole = results.trials.filter(({ state, settings }) => state === 'completed' && JSON.stringify(settings) === JSON.stringify(best.settings)).length;
  const together = best.spread === null ? '' : `; its settings: ${objectiveCell(best.mean)} ± ${objectiveCell(best.spread)} over ${count(whole, 'replicate')}`;
  const lines = [`Best: trial #${best.number} (${best.id}), epoch ${best.bestEpoch ?? '-'} of ${best.epochs}${together}`, `  ${settings.join(', ')}`];
  for (const [part, values] of [['validation', best.val], ['test', best.test]] as const) {
    if (values === null || values.accuracy === null) continue;
    lines.push(`  ${part}: loss ${metric(values.loss)}, accuracy ${metric(values.accuracy)}, AUC ${metric(values.auc)}, F1 ${metric(values.f1)}`);
  }
  const part = best.test === null ? 'validation' : 'test';
  const confusion = (best.test ?? best.val)?.confusion ?? null;
  if (confusion !== null && confusion.length <= 10) {
    lines.push(`  confusion on ${part}:`, ...confusionTable(confusion, results.sweep.data?.classes ?? []).map((line) => `    ${line}`));
  }
  return lines;
}

/** What this invocation trained, and what it did not have to. */
export function savingLines(results: Results, recorded: Recorded, wallMs: number): string[] {
  const requested = results.requestedEpochs;
  const planned = results.trials.reduce((sum, trial) => sum + trial.plannedEpochs, 0);
  // What a sweep announces at its start is what it plans.
  const ended = planned > requested && results.sweep.state === 'completed' ? ` (of ${planned} planned; trials ended early)` : '';
  const shared = requested - recorded.trained;
  const percent = requested === 0 ? 0 : Math.round((shared / requested) * 100);
  const again = recorded.retrained > 0 ? `, ${count(recorded.retrained, 'epoch')} trained again to restore a state` : '';
  const pruned = results.trials.filter(({ state }) => state === 'pruned').length;
  const trials = pruned === 0 ? [] : [`Trials: ${results.trials.filter(({ state }) => state === 'completed').length} completed, ${pruned} pruned`];
  return [...trials, `Epochs: ${requested} requested${ended}, ${recorded.trained} trained in ${duration(wallMs)}, ${shared} shared or stored already (${percent} % saved)${again}`];
}

/** Why a sweep ended before all of its trials did. */
export function endLines({ endedBy, budget, objective }: SweepView, cancelled: number): string[] {
  if (endedBy === null) return [];
  const trials = cancelled === 0 ? '' : `; ${count(cancelled, 'trial')} cancelled`;
  return [`Ended by budget.${endedBy}: ${endText[endedBy](budget, objective.metric)}${trials}`];
}

const hours = (ms: number | null | undefined): string => `${Number(((ms ?? 0) / 3_600_000).toPrecision(6))} hours`;

const endText: { readonly [end in BudgetEnd]: (budget: BudgetSpec, metric: string) => string } = {
  wallClock: ({ wallClockMs }) => `it has run for ${duration(wallClockMs ?? 0)}`,
  epochs: ({ epochs = 0 }) => `${count(epochs, 'epoch')} trained for it`,
  slotHours: ({ slotMs }) => `${hours(slotMs)} of slots used`,
  gpuHours: ({ gpuMs }) => `${hours(gpuMs)} of GPUs used`,
  target: ({ target = 0 }, name) => `${name} has reached ${target}`,
  stagnation: ({ stagnation = 0 }) => `no better trial among the last ${stagnation}`,
};

export function failureLines(results: Results): string[] {
  const failed = results.trials.filter((trial) => trial.failure !== null);
  return failed.slice(0, 5).map((trial) => `Trial #${trial.number} ${trial.state}: ${trial.failure?.class ?? ''}: ${trial.failure?.message ?? ''}`);
}

/** One line per sweep. */
export function sweepTable(sweeps: readonly SweepView[]): string[] {
  return table(
    [
      { title: 'name', value: (sweep) => sweep.name },
      { title: 'state', value: (sweep) => sweep.state },
      { title: 'revision', value: (sweep) => String(sweep.revision), align: 'right' },
      { title: 'objective', value: (sweep) => objectiveText({ ...sweep.objective, floors: {}, ceilings: {} }) },
      { title: 'images', value: (sweep) => (sweep.data === null ? '-' : String(sweep.data.images)), align: 'right' },
      ...(sweeps.some(({ tags }) => tags.length > 0) ? [{ title: 'tags', value: (sweep: SweepView) => sweep.tags.join(' ') }] : []),
      { title: 'created', value: (sweep) => sweep.createdAt },
      { title: 'id', value: (sweep) => sweep.id },
    ],
    sweeps,
  );
}
