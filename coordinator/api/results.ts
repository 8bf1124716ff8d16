/** From stored trials and epochs to the rows that people read. Pure: records in, rows out. */
import { canonicalJson } from '../../proto/canonical.js';
import { metricValue, overallScore, type Confusion } from '../../proto/confusion.js';
import type { EpochKey, EpochSettings } from '../../proto/work.js';
import type { RecordedEpoch, RecordedEvaluation, SweepRecord, TrialMeans, TrialRecord, TrialRow } from '../store/records.js';
import { replicateOf, replicatesOf, spreadOf } from '../sweep/replicates.js';
import { compareScores, meanScore, ranksOf, scoreOf, valueOf, type Score } from '../trial/rank.js';
import type { TrialPlan } from '../sweep/spec.js';
import { warmStartView } from './warm-starts.js';
import type { PartMetrics, PlanView, TrialResult } from './trial-views.js';
import type { SweepView } from './views.js';

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
    tags: record.tags,
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

/** A trial that was read whole, as a leaderboard has it. */
export function rowOf(trial: TrialRecord, known: KnownEpochs): TrialRow {
  const { id, number, assignment, state, bestEpoch, failure, plan } = trial;
  const recorded = recordedPrefix(trial, known);
  const epoch = bestEpoch ?? lastReported(recorded);
  const measured = epoch === null ? undefined : known.epochs.get(plan.path[epoch] ?? '');
  return { id, number, assignment, replicate: replicateOf(plan), state, planned: plan.path.length, went: trial.epochs ?? recorded.length, bestEpoch, failure, measured: measured === undefined || epoch === null ? null : { ...measured, epoch } };
}

/** Null where none of its epochs is recorded. */
export function meansOf(trial: TrialRecord, known: KnownEpochs): TrialMeans | null {
  const recorded = recordedPrefix(trial, known);
  const last = recorded.at(-1);
  return last === undefined ? null : { params: last.params, secondsPerEpoch: recorded.reduce((sum, epoch) => sum + epoch.seconds, 0) / recorded.length };
}

/** Of what was measured; null where nothing was. */
export function rowScore({ spec, data }: SweepRecord, { number, measured }: TrialRow): Score | null {
  return measured === null ? null : scoreOf(number, measured, spec.objective, data?.classes ?? [], data?.positive ?? 0);
}

/**
 * What places a trial on the leaderboard, without what it shows there. Here and in `trialResult` every field is
 * written out: a literal of so many fields with `...` between them costs 60 microseconds, and there are 100,000 trials.
 */
export function rankedRow(sweep: SweepRecord, row: TrialRow): Ranked & { readonly row: TrialRow } {
  const { number, state, assignment } = row;
  const score = rowScore(sweep, row);
  return {
    row,
    number,
    state,
    settings: assignment,
    objective: score === null || Number.isNaN(score.value) ? null : score.value,
    objectives: score === null ? [] : [score.value, ...score.others].map((value) => (Number.isNaN(value) ? null : value)),
    rank: null,
    mean: null,
    spread: null,
    shortfall: score === null || !Number.isFinite(score.shortfall) ? null : score.shortfall,
  };
}

/** `means`: null where they are not known, or were not asked for; `tests`: of the test part, by epoch. */
export function trialResult(sweep: SweepRecord, row: TrialRow, means: TrialMeans | null, tests: KnownEpochs['tests']): TrialResult {
  const { bestEpoch, measured } = row;
  const ranked = rankedRow(sweep, row);
  const evaluation = measured === null || bestEpoch === null ? undefined : tests.get(measured.key);
  const classes = sweep.data?.classes ?? [];
  const positive = sweep.data?.positive ?? 0;
  const metrics = measured?.result.metrics ?? {};
  return {
    id: row.id,
    number: row.number,
    replicate: row.replicate,
    state: row.state,
    settings: row.assignment,
    epochs: row.went,
    plannedEpochs: row.planned,
    bestEpoch,
    metricsEpoch: measured?.epoch ?? null,
    params: means?.params ?? measured?.params ?? 0,
    secondsPerEpoch: means?.secondsPerEpoch ?? null,
    train: measured === null ? null : { loss: metrics['train.loss'] ?? null, accuracy: metrics['train.accuracy'] ?? null },
    val: measured === null ? null : validation(measured, classes, positive),
    test: evaluation === undefined ? null : partMetrics(evaluation.result.metrics, evaluation.result.confusion, positive),
    metrics,
    objective: ranked.objective,
    objectives: ranked.objectives,
    rank: ranked.rank,
    mean: ranked.mean,
    spread: ranked.spread,
    shortfall: ranked.shortfall,
    failure: row.failure,
  };
}

/** Index of the last epoch with numbers; null where there is none. */
function lastReported(recorded: readonly RecordedEpoch[]): number | null {
  const last = recorded.findLastIndex(({ result }) => !result.diverged);
  return last < 0 ? null : last;
}

/** Any metric that an objective may name, at the trial's chosen epoch; null where it was not measured. */
export function chosenValue(sweep: SweepRecord, { bestEpoch, measured }: TrialRow, metric: string): number | null {
  const value = bestEpoch === null || measured === null ? null : valueOf(metric, measured, sweep.data?.classes ?? [], sweep.data?.positive ?? 0);
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

function validation(epoch: Pick<RecordedEpoch, 'result'>, classes: readonly string[], positive: number): PartMetrics {
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

/** Whether each trial's place goes by its own standing: not by a Pareto front, or a mean over replicates. */
export function standsAlone({ spec }: SweepRecord): boolean {
  return spec.objective.others === undefined && replicatesOf(spec) === 1;
}

/** What places a trial on the leaderboard. */
export type Ranked = Pick<TrialResult, 'number' | 'state' | 'settings' | 'objective' | 'objectives' | 'rank' | 'mean' | 'spread' | 'shortfall'>;

/** Of a trial whose values were read before. */
function score({ number, objectives, shortfall }: Ranked): Score {
  const [value = Number.NaN, ...others] = objectives.map((each) => each ?? Number.NaN);
  return { number, value, others, shortfall: shortfall ?? Number.POSITIVE_INFINITY };
}

/** The completed replicates of one assignment, the best first; without replicates one trial. */
interface Group<Trial> {
  readonly trials: readonly Trial[];
  /** The mean over them. */
  readonly score: Score;
  /** Whether all replicates have completed. */
  readonly whole: boolean;
}

function groupsOf<Trial extends Ranked>({ spec }: SweepRecord, completed: readonly Trial[]): Group<Trial>[] {
  const count = replicatesOf(spec);
  if (count === 1) return completed.map((trial) => ({ trials: [trial], score: score(trial), whole: true }));
  const members = new Map<string, Trial[]>();
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
function groupKey(spec: SweepRecord['spec'], { number, settings }: Ranked): string {
  return replicatesOf(spec) === 1 ? String(number) : canonicalJson(settings);
}

/** Means of part of the replicates are no match for whole ones. */
function compareGroups(a: Group<unknown>, b: Group<unknown>, { objective }: SweepRecord['spec']): number {
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
export function leaderboard<Trial extends Ranked>(sweep: SweepRecord, trials: readonly Trial[]): Trial[] {
  const { spec } = sweep;
  const groups = groupsOf(sweep, trials.filter(({ state }) => state === 'completed'));
  const ranks = ranksOf(groups.filter(({ whole }) => whole).map((group) => group.score), spec.objective);
  const place = ({ score: { number } }: Group<Trial>): number => ranks.get(number) ?? Number.POSITIVE_INFINITY;
  const byRank = (a: Group<Trial>, b: Group<Trial>): number => (place(a) === place(b) ? 0 : place(a) - place(b));
  const isSingle = replicatesOf(spec) === 1;
  const sums = new Map(isSingle ? [] : groups.flatMap((group) => group.trials.map((trial) => [groupKey(spec, trial), group] as const)));
  const summed = (trial: Trial): Trial => {
    if (isSingle) return trial.state === 'completed' ? { ...trial, mean: trial.objective } : trial;
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
