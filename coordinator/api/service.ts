/**
 * The one application service: everything a person can ask, over the store and whoever leads. It is
 * called in process where nothing else runs on a home, else over /api/v1 (http.ts).
 */
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import type { OwnedBlobStore } from '../../blob/store.js';
import type { BlobId, EpochKey, Trajectory } from '../../proto/work.js';
import { isProposed } from '../sampler/search.js';
import { differences } from '../sweep/difference.js';
import { formatMistake, parseSweepFile } from '../sweep/parse.js';
import { epochCounts, resolveTrials } from '../sweep/resolve.js';
import type { SweepSpec, TrialPlan } from '../sweep/spec.js';
import type { RecordedEpoch, RecordedEvaluation, Store, SweepRecord, TrialRecord } from '../store/store.js';
import { memoryAsk } from '../placement/memory.js';
import { isEnded, moveSweep } from '../trial/states.js';
import { costOf } from './cost.js';
import { assembleEnsemble } from './ensembles.js';
import { endedPaths } from './ended-paths.js';
import { BadRequest, SweepNotFound, TrialNotFound } from './errors.js';
import { checkCosts } from '../sweep/check-constraints.js';
import { checkAgainstData } from '../sweep/check-data.js';
import { checkAgainstEngine } from '../sweep/check-engine.js';
import { importanceOf } from './importance.js';
import type { Leading } from './leading.js';
import { waitingFor } from './waiting-for.js';
import { leaderboard, metricOf, pathOf, planView, recordedPrefix, sweepView, trialResult, type KnownEpochs } from './results.js';
import type {
  CostView,
  EnsembleView,
  Health,
  ImportanceView,
  Preview,
  ProgressView,
  Recorded,
  RequestedState,
  Results,
  Submitted,
  SubmitRequest,
  SweepService,
  SweepView,
  TrialCounts,
  TrialDetail,
  TrialResult,
  WorkGroup,
  WorkerView,
} from './views.js';

/** All that the coordinator reads of a data set. */
const manifestPacks = z.object({ packs: z.array(z.string()) });

/** How many keys one query asks for. */
const KEYS_PER_QUERY = 5_000;

export interface ServiceOptions {
  readonly store: Store;
  readonly blobs: OwnedBlobStore;
  readonly leader: Leading;
  readonly version: string;
  /** Namespace of everything submitted here. */
  readonly project: string;
  /** Who asks: stands on every event. */
  readonly actor: string;
}

interface Compiled {
  readonly spec: SweepSpec;
  readonly trials: TrialPlan[];
}

export class ApplicationService implements SweepService {
  readonly #options: ServiceOptions;
  readonly #store: Store;

  constructor(options: ServiceOptions) {
    this.#options = options;
    this.#store = options.store;
  }

  async health(): Promise<Health> {
    return { status: 'ok', version: this.#options.version, pid: process.pid, leading: this.#options.leader.snapshot() !== null };
  }

  async preview(request: SubmitRequest): Promise<Preview> {
    const { spec, trials: planned } = compile(request);
    const existing = await this.#store.findSweep(this.#options.project, spec.name);
    const differing = existing === null ? [] : changes(existing, spec, request);
    const all = await this.#epochs(distinctKeys(planned.map((trial) => trial.path)));
    const trials = existing === null || differing.length > 0 ? planned : endedPaths(planned, await this.#store.trialsOf(existing.id), existing.state, (key) => all.has(key));
    const counts = epochCounts(trials);
    const keys = distinctKeys(trials.map((trial) => trial.path));
    const wanted = new Set(keys);
    const stored = new Map([...all].filter(([key]) => wanted.has(key)));
    const evaluated = new Set((await this.#store.evaluationsByKey(keys)).map(({ key }) => key));
    const again = lostStates(trials, stored, evaluated);
    return {
      name: spec.name,
      trials: trials.length,
      proposed: isProposed(spec) ? { most: spec.budget.trials } : null,
      epochs: { requested: counts.requested, distinct: counts.distinct, stored: stored.size, again: again.size, budget: spec.budget.epochs ?? null },
      existing: existing === null ? null : { id: existing.id, revision: existing.revision, state: existing.state, numerics: await this.#numericsOf(existing.id) },
      differences: differing,
      work: workGroups(trials, (key) => !stored.has(key) || again.has(key)),
    };
  }

  async submit(request: SubmitRequest): Promise<Submitted> {
    const { spec, trials } = compile(request);
    const { project, actor, leader } = this.#options;
    if (request.data !== null) await this.#registerData(request.data.manifest);
    const answer = await this.#store.submit({ project, actor, spec, data: request.data, numerics: request.numerics, trials }, await leader.epoch());
    await leader.wake();
    return answer;
  }

  async sweeps(): Promise<SweepView[]> {
    return (await this.#store.listSweeps(this.#options.project)).map(sweepView);
  }

  async sweep(idOrName: string): Promise<SweepView> {
    return sweepView(await this.#find(idOrName));
  }

  async progress(idOrName: string): Promise<ProgressView> {
    const sweep = await this.#find(idOrName);
    const snapshot = this.#options.leader.snapshot();
    const live = snapshot?.sweeps.find((candidate) => candidate.id === sweep.id);
    const connected = snapshot?.workers.filter((worker) => worker.connected) ?? [];
    return {
      sweep: sweepView(sweep),
      ...(live === undefined ? await this.#storedProgress(sweep) : { trials: live.trials, epochs: live.epochs, best: live.best }),
      running: connected.flatMap((worker) => worker.running.filter((slot) => slot.sweep === sweep.id).map((slot) => ({ ...slot, worker: worker.name }))),
      workers: connected.map((worker) => ({ name: worker.name, slots: worker.slots })),
      notice: live?.problem ?? (sweep.state === 'running' ? waitingFor(live?.numerics ?? 'none', connected) : null),
    };
  }

  /** Of a sweep that no leader has in memory: it has ended, or nothing runs. */
  async #storedProgress(sweep: SweepRecord): Promise<Pick<ProgressView, 'trials' | 'epochs' | 'best'>> {
    const trials = await this.#store.trialsOf(sweep.id);
    const keys = distinctKeys(trials.filter((trial) => trial.state !== 'cancelled').map(pathOf));
    const known: KnownEpochs = { epochs: await this.#epochs(keys), tests: new Map() };
    const completed = trials.filter((trial) => trial.state === 'completed');
    const best = leaderboard(sweep, completed.map((trial) => trialResult(sweep, trial, known)))[0];
    return {
      trials: countTrials(trials),
      epochs: { total: keys.length, recorded: known.epochs.size },
      best: best === undefined ? null : { trial: best.id, number: best.number, value: best.objective },
    };
  }

  async results(idOrName: string, options: { readonly test: boolean }): Promise<Results> {
    const sweep = await this.#find(idOrName);
    const trials = await this.#store.trialsOf(sweep.id);
    const known = await this.#known(trials, true);
    const ranked = leaderboard(sweep, trials.map((trial) => trialResult(sweep, trial, known)));
    return {
      sweep: sweepView(sweep),
      // Nobody should choose on test numbers: the best shows them, the others only when asked.
      trials: ranked.map((trial, place) => (options.test || isBest(trial, place) ? trial : { ...trial, test: null })),
      // Paths as they ended; of an open one, as far as it has come.
      requestedEpochs: trials.reduce((sum, trial) => sum + recordedPrefix(trial, known).length, 0),
    };
  }

  async ensemble(idOrName: string): Promise<EnsembleView> {
    const sweep = await this.#find(idOrName);
    const trials = (await this.#store.trialsOf(sweep.id)).filter((trial) => trial.state === 'completed');
    const known = await this.#known(trials, true);
    // Members are chosen by one number: the first objective's.
    const { others: _, ...first } = sweep.spec.objective;
    const judged = { ...sweep, spec: { ...sweep.spec, objective: first } };
    const ranked = leaderboard(judged, trials.map((trial) => trialResult(judged, trial, known)));
    const evaluations: RecordedEvaluation[] = [];
    for (const keys of chunks(chosenKeys(trials))) evaluations.push(...(await this.#store.evaluationsByKey(keys)));
    return assembleEnsemble({ sweep, trials, ranked, epochs: known.epochs, evaluations, blobs: this.#options.blobs });
  }

  async trial(id: string, options: { readonly test: boolean }): Promise<TrialDetail> {
    const trial = await this.#findTrial(id);
    const sweep = await this.#find(trial.sweep);
    const known = await this.#known([trial], options.test);
    const curve = recordedPrefix(trial, known).map((epoch, number) => ({
      epoch: number,
      key: epoch.key,
      seconds: epoch.seconds,
      metrics: epoch.result.metrics,
      diverged: epoch.result.diverged,
      checkpoint: epoch.checkpoint,
    }));
    const attempts = await this.#store.attemptsOf(trial.plan.path);
    return {
      sweep: sweepView(sweep),
      trial: trialResult(sweep, trial, known),
      curve,
      attempts: attempts.map((attempt) => ({ ...attempt, startedAt: attempt.startedAt.toISOString(), endedAt: attempt.endedAt?.toISOString() ?? null })),
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

  async importance(idOrName: string, metric: string | null): Promise<ImportanceView> {
    const sweep = await this.#find(idOrName);
    const trials = await this.#store.trialsOf(sweep.id);
    const known = await this.#known(trials, false);
    const wanted = metric ?? sweep.spec.objective.metric;
    const results = trials.map((trial) => trialResult(sweep, trial, known));
    const measured = await importanceOf(results, sweep.spec.axes, wanted, (trial) => metricOf(sweep, trial, wanted));
    return { sweep: sweepView(sweep), metric: wanted, ...measured };
  }

  async cost(idOrName: string): Promise<CostView> {
    const sweep = await this.#find(idOrName);
    const trials = await this.#store.trialsOf(sweep.id);
    const { retrained } = await this.#store.recordedSince(0, sweep.id);
    return costOf(sweep, trials, await this.#epochs(distinctKeys(trials.map((trial) => trial.plan.path))), retrained);
  }

  async differences(idOrName: string, other: string): Promise<readonly string[]> {
    return differences((await this.#find(idOrName)).spec, (await this.#find(other)).spec);
  }

  async setState(idOrName: string, state: RequestedState): Promise<void> {
    const sweep = await this.#find(idOrName);
    moveSweep(sweep.state, state);
    if (sweep.state === state) return;
    await this.#store.setSweepState(sweep.id, state, this.#options.actor, await this.#options.leader.epoch());
    await this.#options.leader.wake();
  }

  async workers(): Promise<WorkerView[]> {
    const connected = this.#options.leader.snapshot()?.workers.filter((worker) => worker.connected) ?? [];
    return connected.map(({ name, slots, numerics }) => ({ name, slots, numerics }));
  }

  recordedSeq(): Promise<number> {
    return this.#store.recordedSeq();
  }

  async recordedSince(idOrName: string, seq: number): Promise<Recorded> {
    const sweep = await this.#find(idOrName);
    return this.#store.recordedSince(seq, sweep.id);
  }

  /** The bytes are there already; from now on the store knows them, so that they are kept while a sweep needs them. */
  async #registerData(manifest: BlobId): Promise<void> {
    const register = async (id: BlobId, kind: string): Promise<void> => {
      const bytes = await this.#options.blobs.size(id);
      if (bytes === null) throw new BadRequest(`data blob ${id} was not uploaded before the sweep; submit it again`);
      await this.#store.putBlob(id, bytes, kind);
    };
    await register(manifest, 'manifest');
    const { packs } = manifestPacks.parse(JSON.parse(await text(await this.#options.blobs.open(manifest))));
    for (const pack of packs) await register(pack, 'data');
  }

  /** All trials of a revision have the same: they were submitted with one. */
  async #numericsOf(sweep: string): Promise<string | null> {
    return (await this.#store.trialsOf(sweep))[0]?.plan.trajectory.numerics ?? null;
  }

  async #find(idOrName: string): Promise<SweepRecord> {
    const sweep = await this.#store.findSweep(this.#options.project, idOrName);
    if (sweep === null) throw new SweepNotFound(idOrName);
    return sweep;
  }

  /** By its id, or as SWEEP/NUMBER. */
  async #findTrial(id: string): Promise<TrialRecord> {
    const named = /^(.+)\/(\d+)$/.exec(id);
    if (named === null) {
      const trial = await this.#store.findTrial(id);
      if (trial === null) throw new TrialNotFound(id);
      return trial;
    }
    const sweep = await this.#find(named[1] ?? '');
    const trial = (await this.#store.trialsOf(sweep.id)).find((candidate) => candidate.number === Number(named[2]));
    if (trial === undefined) throw new TrialNotFound(id);
    return trial;
  }

  async #known(trials: readonly TrialRecord[], test: boolean): Promise<KnownEpochs> {
    const epochs = await this.#epochs(distinctKeys(trials.map(pathOf)));
    const tests = new Map<EpochKey, RecordedEvaluation>();
    if (!test) return { epochs, tests };
    for (const keys of chunks(chosenKeys(trials))) {
      for (const evaluation of await this.#store.evaluationsByKey(keys)) {
        if (evaluation.part === 'test') tests.set(evaluation.key, evaluation);
      }
    }
    return { epochs, tests };
  }

  async #epochs(keys: readonly EpochKey[]): Promise<Map<EpochKey, RecordedEpoch>> {
    const known = new Map<EpochKey, RecordedEpoch>();
    for (const some of chunks(keys)) {
      for (const epoch of await this.#store.epochsByKey(some)) known.set(epoch.key, epoch);
    }
    return known;
  }
}

function compile(request: SubmitRequest): Compiled {
  const parsed = parseSweepFile(request.source.text, request.source.name, request.module ?? null, request.list ?? null);
  if ('mistakes' in parsed) throw new BadRequest(parsed.mistakes.map((mistake) => formatMistake(request.source.name, mistake)).join('\n'));
  const spec: SweepSpec = { ...parsed.spec, sharing: request.sharing };
  if ((spec.trainable.kind === 'image-classifier') !== (request.data !== null)) {
    throw new BadRequest(`sweep ${spec.name}: ${request.data === null ? 'its data was not submitted with it' : 'a trainable without data was submitted with data'}`);
  }
  const unknown = parsed.place([...(request.data === null ? [] : checkAgainstData(spec, request.data)), ...checkAgainstEngine(spec, request.numerics)]);
  if (unknown.length > 0) {
    throw new BadRequest(unknown.map((mistake) => formatMistake(request.source.name, mistake)).join('\n'));
  }
  const costly = parsed.place(checkCosts(spec, request.data, request.module ?? null));
  if (costly.length > 0) throw new BadRequest(costly.map((mistake) => formatMistake(request.source.name, mistake)).join('\n'));
  return { spec, trials: resolveTrials(spec, request.data, request.numerics, request.module ?? null) };
}

function changes(existing: SweepRecord, spec: SweepSpec, request: SubmitRequest): string[] {
  const said = differences(existing.spec, spec);
  const sameData = existing.data?.digest === request.data?.digest;
  return sameData ? said : [...said, 'data: the images, their classes or their parts are others than before'];
}

function isBest(trial: TrialResult, place: number): boolean {
  return place === 0 && trial.state === 'completed';
}

function distinctKeys(paths: readonly (readonly EpochKey[])[]): EpochKey[] {
  return [...new Set(paths.flat())];
}

function chosenKeys(trials: readonly TrialRecord[]): EpochKey[] {
  return [...new Set(trials.flatMap((trial) => (trial.bestEpoch === null ? [] : (trial.plan.path[trial.bestEpoch] ?? []))))];
}

function* chunks(keys: readonly EpochKey[]): Generator<readonly EpochKey[]> {
  for (let start = 0; start < keys.length; start += KEYS_PER_QUERY) yield keys.slice(start, start + KEYS_PER_QUERY);
}

function countTrials(trials: readonly TrialRecord[]): TrialCounts {
  const number = (matches: (trial: TrialRecord) => boolean): number => trials.filter(matches).length;
  const done = number((trial) => trial.state === 'completed' || trial.state === 'pruned');
  const running = number((trial) => trial.state === 'running');
  const cancelled = number((trial) => trial.state === 'cancelled');
  const ended = number((trial) => isEnded(trial.state));
  return { total: trials.length, done, failed: ended - done - cancelled, cancelled, running, waiting: trials.length - ended - running };
}

/**
 * Epochs that are recorded, but whose state is needed and was not kept: where a path goes on, or ends
 * without predictions. They are trained again from the nearest checkpoint before (design rule 6).
 */
function lostStates(trials: readonly TrialPlan[], stored: ReadonlyMap<EpochKey, RecordedEpoch>, evaluated: ReadonlySet<EpochKey>): Set<EpochKey> {
  const again = new Set<EpochKey>();
  for (const { trajectory, path } of trials) {
    const missing = path.findIndex((key) => !stored.has(key));
    const isDone = missing < 0 && path.some((key) => evaluated.has(key));
    if (trajectory.trainable !== 'image-classifier' || isDone) continue;
    for (let epoch = (missing < 0 ? path.length : missing) - 1; epoch >= 0; epoch -= 1) {
      const recorded = stored.get(path[epoch] ?? '');
      if (recorded === undefined || recorded.checkpoint !== null) break;
      again.add(recorded.key);
    }
  }
  return again;
}

/** Epochs not in the store, counted by what decides how long one takes: the network, its input and the batch. */
function workGroups(trials: readonly TrialPlan[], isToTrain: (key: EpochKey) => boolean): WorkGroup[] {
  const groups = new Map<string, WorkGroup>();
  const counted = new Set<EpochKey>();
  for (const trial of trials) {
    if (trial.trajectory.trainable !== 'image-classifier') continue;
    for (const [epoch, key] of trial.path.entries()) {
      const settings = trial.epochs[epoch];
      if (settings === undefined || !isToTrain(key) || counted.has(key)) continue;
      counted.add(key);
      const name = groupName(trial.trajectory, 'batch' in settings ? settings.batch : 0);
      const group = groups.get(name) ?? { trajectory: trial.trajectory, settings, epochs: 0 };
      groups.set(name, { ...group, epochs: group.epochs + 1 });
    }
  }
  return [...groups.values()];
}

function groupName(trajectory: Trajectory, batch: number): string {
  return trajectory.trainable === 'image-classifier' ? JSON.stringify([trajectory.input, trajectory.model, trajectory.optimizer, batch]) : '';
}
