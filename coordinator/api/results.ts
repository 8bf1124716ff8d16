/** From stored trials and epochs to the rows that people read. Pure: records in, rows out. */
import { canonicalJson } from '../../proto/canonical.js';
import { metricValue, overallScore, type Confusion } from '../../proto/confusion.js';
import type { EpochKey, EpochSettings } from '../../proto/work.js';
import type { RecordedEpoch, RecordedEvaluation, SweepRecord, TrialRecord } from '../store/store.js';
import { replicateOf, replicatesOf, spreadOf } from '../sweep/replicates.js';
import { compareScores, meanScore, ranksOf, scoreOf, valueOf, type Score } from '../trial/rank.js';
import type { TrialPlan } from '../sweep/spec.js';
import { warmStartView } from './warm-starts.js';
import type { PartMetrics, PlanView, SweepView, TrialResult } from './views.js';

export function sweepView(record: SweepRecord): SweepView {
  return {
    id: record.id,
    name: record.name,
    project: record.project,
    revision: record.revision,
    state: record.state,
    createdAt: record.createdAt.toISOString(),
    finishedAt: record.finishedAt?.toISOString() ?? null,
    endedBy: record.endedBy,
    budget: record.spec.budget,
    priority: record.spec.priority ?? 0,
    concurrency: record.spec.concurrency ?? null,
    objective: record.spec.objective,
    replicates: replicatesOf(record.spec),
    ensemble: record.spec.ensemble,
    restoreBest: record.spec.stop?.restoreBest === true,
    data: record.data,
    warmStart: record.warmStart === null ? null : warmStartView(record.warmStart),
    onlyAsked: record.onlyAsked,
  };
}

/** What the store knows of the epochs on some trials' paths. */
export interface KnownEpochs {
  readonly epochs: ReadonlyMap<EpochKey, RecordedEpoch>;
  /** On the test part; empty where the caller did not ask for test numbers. */
  readonly tests: ReadonlyMap<EpochKey, RecordedEvaluation>;
}

/** The part of its path that a trial has gone or, where it has ended, went. */
export function pathOf(trial: TrialRecord): readonly EpochKey[] {
  return trial.epochs === null ? trial.plan.path : trial.plan.path.slice(0, trial.epochs);
}

export function trialResult(sweep: SweepRecord, trial: TrialRecord, known: KnownEpochs): TrialResult {
  const recorded = recordedPrefix(trial, known);
  const metricsEpoch = trial.bestEpoch ?? lastReported(recorded);
  const key = metricsEpoch === null ? undefined : trial.plan.path[metricsEpoch];
  const chosen = key === undefined ? undefined : known.epochs.get(key);
  const evaluation = key === undefined || trial.bestEpoch === null ? undefined : known.tests.get(key);
  const classes = sweep.data?.classes ?? [];
  const positive = sweep.data?.positive ?? 0;
  const score = chosen === undefined ? null : scoreOf(trial.number, chosen, sweep.spec.objective, classes, positive);
  const metrics = chosen?.result.metrics ?? {};
  return {
    id: trial.id,
    number: trial.number,
    replicate: replicateOf(trial.plan),
    state: trial.state,
    settings: trial.assignment,
    epochs: trial.epochs ?? recorded.length,
    plannedEpochs: trial.plan.path.length,
    bestEpoch: trial.bestEpoch,
    metricsEpoch: chosen === undefined ? null : metricsEpoch,
    params: recorded.at(-1)?.params ?? 0,
    secondsPerEpoch: meanSeconds(recorded),
    train: chosen === undefined ? null : { loss: metrics['train.loss'] ?? null, accuracy: metrics['train.accuracy'] ?? null },
    val: chosen === undefined ? null : validation(chosen, classes, positive),
    test: evaluation === undefined ? null : partMetrics(evaluation.result.metrics, evaluation.result.confusion, positive),
    metrics,
    objective: score === null || Number.isNaN(score.value) ? null : score.value,
    objectives: score === null ? [] : [score.value, ...score.others].map((value) => (Number.isNaN(value) ? null : value)),
    rank: null,
    mean: null,
    spread: null,
    shortfall: score === null || !Number.isFinite(score.shortfall) ? null : score.shortfall,
    failure: trial.failure,
  };
}

/** Index of the last epoch with numbers; null where there is none. */
function lastReported(recorded: readonly RecordedEpoch[]): number | null {
  const last = recorded.findLastIndex(({ result }) => !result.diverged);
  return last < 0 ? null : last;
}

/** Any metric that an objective may name, at the trial's chosen epoch; null where it was not measured. */
export function chosenValue(sweep: SweepRecord, trial: TrialRecord, known: KnownEpochs, metric: string): number | null {
  const chosen = known.epochs.get(trial.bestEpoch === null ? '' : (trial.plan.path[trial.bestEpoch] ?? ''));
  const value = chosen === undefined ? null : valueOf(metric, chosen, sweep.data?.classes ?? [], sweep.data?.positive ?? 0);
  return value === null || Number.isNaN(value) ? null : value;
}

/** Equal settings are one object where a trial was just resolved, but not where it was read back. */
export function planView({ trajectory, epochs }: TrialPlan): PlanView {
  const runs: { count: number; settings: EpochSettings; text: string }[] = [];
  for (const settings of epochs) {
    const text = JSON.stringify(settings);
    const last = runs.at(-1);
    if (last?.text === text) last.count += 1;
    else runs.push({ count: 1, settings, text });
  }
  return { trajectory, epochs: runs.map(({ count, settings }) => ({ count, settings })) };
}

/** The epochs of its path that are recorded, up to the first that is not. */
export function recordedPrefix(trial: TrialRecord, known: KnownEpochs): RecordedEpoch[] {
  const recorded: RecordedEpoch[] = [];
  for (const key of pathOf(trial)) {
    const epoch = known.epochs.get(key);
    if (epoch === undefined) break;
    recorded.push(epoch);
  }
  return recorded;
}

function meanSeconds(epochs: readonly RecordedEpoch[]): number | null {
  if (epochs.length === 0) return null;
  return epochs.reduce((sum, epoch) => sum + epoch.seconds, 0) / epochs.length;
}

function validation(epoch: RecordedEpoch, classes: readonly string[], positive: number): PartMetrics {
  const { metrics, confusion } = epoch.result;
  const value = (metric: string): number | null => metricValue(metric, epoch.result, classes, positive);
  return { ...partMetrics({ loss: metrics['val.loss'], accuracy: value('val.accuracy') ?? undefined, auc: metrics['val.auc'] }, confusion, positive), f1: value('val.f1') };
}

function partMetrics(
  metrics: { readonly loss?: number | undefined; readonly accuracy?: number | undefined; readonly auc?: number | undefined },
  confusion: Confusion | null,
  positive: number,
): PartMetrics {
  return {
    loss: finite(metrics.loss),
    accuracy: finite(metrics.accuracy),
    auc: finite(metrics.auc),
    f1: confusion === null ? null : overallScore(confusion, 'f1', positive),
    confusion,
  };
}

function finite(value: number | undefined): number | null {
  return value === undefined || !Number.isFinite(value) ? null : value;
}

/** Of a trial whose values were read before. */
function score({ number, objectives, shortfall }: TrialResult): Score {
  const [value = Number.NaN, ...others] = objectives.map((each) => each ?? Number.NaN);
  return { number, value, others, shortfall: shortfall ?? Number.POSITIVE_INFINITY };
}

/** The completed replicates of one assignment, the best first; without replicates one trial. */
interface Group {
  readonly trials: readonly TrialResult[];
  /** The mean over them. */
  readonly score: Score;
  /** Whether all replicates have completed. */
  readonly whole: boolean;
}

function groupsOf({ spec }: SweepRecord, completed: readonly TrialResult[]): Group[] {
  const count = replicatesOf(spec);
  const members = new Map<string, TrialResult[]>();
  for (const trial of completed) {
    const key = groupKey(spec, trial);
    members.set(key, [...(members.get(key) ?? []), trial]);
  }
  return [...members.values()].map((trials) => ({
    trials: trials.sort((a, b) => compareScores(score(a), score(b), spec.objective)),
    score: meanScore(trials.map(score)),
    whole: trials.length >= count,
  }));
}

/** Without replicates every trial is by itself. */
function groupKey(spec: SweepRecord['spec'], { number, settings }: TrialResult): string {
  return replicatesOf(spec) === 1 ? String(number) : canonicalJson(settings);
}

/** Means of part of the replicates are no match for whole ones. */
function compareGroups(a: Group, b: Group, { objective }: SweepRecord['spec']): number {
  return Number(b.whole) - Number(a.whole) || compareScores(a.score, b.score, objective);
}

/** Completed trials by one number: the first objective's, whatever fronts they are on. The first of them is that of the leaderboard. */
export function byFirstObjective(sweep: SweepRecord, trials: readonly TrialResult[]): TrialResult[] {
  const groups = groupsOf(sweep, trials.filter(({ state }) => state === 'completed'));
  return groups.sort((a, b) => compareGroups(a, b, sweep.spec)).flatMap((group) => group.trials);
}

/**
 * Completed trials by floors and objective, ties by number; the others after them by number. Of several
 * objectives, trials go by the rank of their front first, and within one by the first objective.
 * Replicates stand together and go by their mean, those of whole assignments before those that lack some.
 */
export function leaderboard(sweep: SweepRecord, trials: readonly TrialResult[]): TrialResult[] {
  const { spec } = sweep;
  const groups = groupsOf(sweep, trials.filter(({ state }) => state === 'completed'));
  const ranks = ranksOf(groups.filter(({ whole }) => whole).map((group) => group.score), spec.objective);
  const place = ({ score: { number } }: Group): number => ranks.get(number) ?? Number.POSITIVE_INFINITY;
  const byRank = (a: Group, b: Group): number => (place(a) === place(b) ? 0 : place(a) - place(b));
  const sums = new Map(groups.flatMap((group) => group.trials.map((trial) => [groupKey(spec, trial), group] as const)));
  const summed = (trial: TrialResult): TrialResult => {
    const group = sums.get(groupKey(spec, trial));
    if (group === undefined) return trial;
    const mean = group.score.value;
    const values = group.trials.flatMap(({ objective }) => objective ?? []);
    return { ...trial, mean: Number.isNaN(mean) ? null : mean, spread: spreadOf(values) };
  };
  return [
    ...groups.sort((a, b) => byRank(a, b) || compareGroups(a, b, spec)).flatMap((group) => group.trials.map((trial) => ({ ...summed(trial), rank: ranks.get(group.score.number) ?? null }))),
    ...trials.filter(({ state }) => state !== 'completed').sort((a, b) => a.number - b.number).map(summed),
  ];
}
