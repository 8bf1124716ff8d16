/**
 * What is read and worked out of a sweep's trials: results, one trial, the ensemble, importance, how far it is. One
 * for all who ask, whoever they are: it keeps what takes long.
 */
import type { OwnedBlobStore } from '../../blob/store.js';
import type { EpochKey } from '../../proto/work.js';
import type { LeaderSnapshot } from '../leader/snapshot.js';
import { memoryAsk } from '../placement/memory.js';
import type { FormerBest, RecordedEvaluation, SweepRecord, TrialRecord } from '../store/records.js';
import type { Store } from '../store/store.js';
import type { TrialPlan } from '../sweep/spec.js';
import { improves, type Score } from '../trial/rank.js';
import type { EnsembleView, ImportanceView } from './analysis-views.js';
import { assembleEnsemble } from './ensembles.js';
import { importanceOf } from './importance.js';
import { Kept } from './kept.js';
import { KeptOfSweeps } from './kept-sweeps.js';
import { chunks, distinctKeys, epochsOf } from './known-epochs.js';
import type { Leading } from './leading.js';
import { byFirstObjective, chosenValue, leaderboard, meansOf, pathOf, planView, rankedRow, recordedPrefix, rowOf, standsAlone, sweepView, trialResult, type KnownEpochs, type Ranked } from './results.js';
import { StoredProgress, type CompletedBest } from './stored-progress.js';
import { attemptRows } from './timeline.js';
import type { Results, ResultsOptions, TrialDetail, TrialResult } from './trial-views.js';
import type { BestSoFar, ProgressView } from './views.js';
import { waitingFor } from './waiting-for.js';

export interface TrialReadingsOptions {
  readonly store: Store;
  readonly blobs: OwnedBlobStore;
  readonly leader: Pick<Leading, 'snapshot' | 'problem'>;
}

/** Of the ensembles that were asked for last. */
const MOST_ENSEMBLES = 8;
const MOST_IMPORTANCES = 64;
const MOST_FORMER_BESTS = 10_000;

export class TrialReadings {
  readonly #options: TrialReadingsOptions;
  readonly #store: Store;
  readonly #ensembles = new Kept<EnsembleView>(MOST_ENSEMBLES);
  readonly #importances = new KeptOfSweeps<Omit<ImportanceView, 'sweep'>>(MOST_IMPORTANCES);
  readonly #formerBests = new KeptOfSweeps<FormerBest | null>(MOST_FORMER_BESTS);
  readonly #progress: StoredProgress;

  constructor(options: TrialReadingsOptions) {
    this.#options = options;
    this.#store = options.store;
    this.#progress = new StoredProgress(options.store);
  }

  async progress(sweep: SweepRecord, snapshot: LeaderSnapshot | null): Promise<ProgressView> {
    const live = snapshot?.sweeps.find((candidate) => candidate.id === sweep.id);
    const connected = snapshot?.workers.filter((worker) => worker.connected) ?? [];
    const { trials, epochs, best } = live ?? (await this.#progress.of(sweep));
    return {
      ...{ sweep: sweepView(sweep), trials, epochs, best: await this.#bestSoFar(sweep, best) },
      running: connected.flatMap((worker) => worker.running.filter((slot) => slot.sweep === sweep.id).map((slot) => ({ ...slot, worker: worker.name }))),
      workers: connected.map((worker) => ({ name: worker.name, slots: worker.slots })),
      notice: live?.problem ?? (sweep.state === 'running' ? this.#options.leader.problem() ?? waitingFor(live?.numerics ?? 'none', sweep.spec.workers ?? null, connected) : null),
    };
  }

  async #bestSoFar(sweep: SweepRecord, best: CompletedBest | null): Promise<BestSoFar | null> {
    const completed = best === null ? null : { trial: best.trial, number: best.number, value: best.value, goesOn: null };
    // Before it was extended there is nothing; several objectives and replicates are ranked by whole assignments, which have not completed.
    if (sweep.revision === 1 || !standsAlone(sweep)) return completed;
    // Another best asks anew: it may be better than what was.
    const former = await this.#formerBests.of(sweep, JSON.stringify(best), () => this.#store.formerBest(sweep.id));
    if (former === null) return completed;
    const { objective } = sweep.spec;
    const { id, number, shortfall, minimised, after, of } = former;
    const value = objective.direction === 'maximize' ? -minimised : minimised;
    // What was read may be from before the best completed: a leader knows of it before the store does, and answers are kept for a while.
    if (best !== null && (best.trial === id || !improves(scoreOf({ number, value, shortfall }), scoreOf(best), objective))) return completed;
    return { trial: id, number, value, goesOn: { after, of } };
  }

  async results(sweep: SweepRecord, { test, limit }: ResultsOptions): Promise<Results> {
    const rows = await this.#store.trialRows(sweep.id);
    const board = leaderboard(sweep, rows.map((row) => rankedRow(sweep, row))).slice(0, limit);
    const means = await this.#store.trialMeans(sweep.id, limit === undefined ? null : board.map(({ row }) => row.id));
    // Nobody should choose on test numbers: the best shows them, the others only when asked.
    const isShown = ({ state }: Ranked, place: number): boolean => test || (place === 0 && state === 'completed');
    const tests = await this.#testsOf(board.flatMap((trial, place) => (isShown(trial, place) && trial.row.bestEpoch !== null && trial.row.measured !== null ? trial.row.measured.key : [])));
    return {
      sweep: sweepView(sweep),
      trials: board.map((trial, place) => {
        const { rank, mean, spread, row } = trial;
        return { ...trialResult(sweep, row, means.get(row.id) ?? null, isShown(trial, place) ? tests : new Map()), rank, mean, spread };
      }),
      // Paths as they ended; of an open one, as far as it has come.
      requestedEpochs: rows.reduce((sum, { went }) => sum + went, 0),
    };
  }

  /** The same one, so long as no trial completes and nobody changes the sweep; of the sweep itself, what is known now. */
  async ensemble(sweep: SweepRecord): Promise<EnsembleView> {
    const { id, revision, changes, state } = sweep;
    // A trial that is tried again after it has completed is among the changes.
    const basis = [id, revision, changes, state, await this.#store.completedTrials(id)].join(' ');
    return { ...(await this.#ensembles.of(basis, () => this.#assemble(sweep))), sweep: sweepView(sweep) };
  }

  async #assemble(sweep: SweepRecord): Promise<EnsembleView> {
    const trials = (await this.#store.trialsOf(sweep.id)).filter((trial) => trial.state === 'completed');
    const known = await this.#known(trials, true);
    const ranked = byFirstObjective(sweep, trials.map((trial) => resultOf(sweep, trial, known)));
    const evaluations: RecordedEvaluation[] = [];
    for (const keys of chunks(chosenKeys(trials))) evaluations.push(...(await this.#store.evaluationsByKey(keys)));
    return assembleEnsemble({ sweep, trials, ranked, epochs: known.epochs, evaluations, blobs: this.#options.blobs });
  }

  async trial(sweep: SweepRecord, trial: TrialRecord, options: { readonly test: boolean }): Promise<TrialDetail> {
    const known = await this.#known([trial], options.test);
    const curve = recordedPrefix(trial, known).map((epoch, number) => ({
      epoch: number,
      key: epoch.key,
      seconds: epoch.seconds,
      metrics: epoch.result.metrics,
      diverged: epoch.result.diverged,
      checkpoint: epoch.checkpoint,
    }));
    const [attempts, workers] = await Promise.all([this.#store.attemptsOf(trial.plan.path), this.#store.workers()]);
    return {
      sweep: sweepView(sweep),
      trial: resultOf(sweep, trial, known),
      curve,
      attempts: attemptRows(attempts, new Map(workers.map(({ id, name }) => [id, name])), this.#options.leader.snapshot()),
      plan: planView(trial.plan),
      peakBytes: await this.#peakOf(trial.plan),
    };
  }

  async #peakOf(plan: TrialPlan): Promise<number | null> {
    const { trajectory, epochs } = planView(plan);
    const asks = new Set(epochs.flatMap(({ settings }) => memoryAsk(trajectory, settings) ?? []).map(({ family, load }) => `${load} ${family}`));
    const peaks = (await this.#store.memoryPeaks()).filter(({ family, load }) => asks.has(`${load} ${family}`));
    return peaks.length === 0 ? null : Math.max(...peaks.map(({ bytes }) => bytes));
  }

  async importance(sweep: SweepRecord, metric: string | null): Promise<ImportanceView> {
    const wanted = metric ?? sweep.spec.objective.metric;
    const measured = await this.#importances.of(sweep, wanted, async () => {
      const rows = await this.#store.trialRows(sweep.id);
      const values = new Map(rows.map((row) => [row.id, chosenValue(sweep, row, wanted)]));
      const found = await importanceOf(rows.map((row) => trialResult(sweep, row, null, new Map())), sweep.spec.axes, wanted, (trial) => values.get(trial.id) ?? null);
      return { metric: wanted, ...found };
    });
    return { sweep: sweepView(sweep), ...measured };
  }

  async #known(trials: readonly TrialRecord[], test: boolean): Promise<KnownEpochs> {
    const epochs = await epochsOf(this.#store, distinctKeys(trials.map(pathOf)));
    return { epochs, tests: test ? await this.#testsOf(chosenKeys(trials)) : new Map() };
  }

  async #testsOf(chosen: readonly EpochKey[]): Promise<KnownEpochs['tests']> {
    const tests = new Map<EpochKey, RecordedEvaluation>();
    for (const keys of chunks([...new Set(chosen)])) {
      for (const evaluation of await this.#store.evaluationsByKey(keys)) {
        if (evaluation.part === 'test') tests.set(evaluation.key, evaluation);
      }
    }
    return tests;
  }
}

/** By the first objective alone. */
function scoreOf({ number, value, shortfall }: Pick<CompletedBest, 'number' | 'value' | 'shortfall'>): Score {
  return { number, value: value ?? Number.NaN, others: [], shortfall };
}

function resultOf(sweep: SweepRecord, trial: TrialRecord, known: KnownEpochs): TrialResult {
  return trialResult(sweep, rowOf(trial, known), meansOf(trial, known), known.tests);
}

function chosenKeys(trials: readonly TrialRecord[]): EpochKey[] {
  return [...new Set(trials.flatMap((trial) => (trial.bestEpoch === null ? [] : (trial.plan.path[trial.bestEpoch] ?? []))))];
}
