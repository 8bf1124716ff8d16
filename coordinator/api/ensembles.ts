/**
 * From a sweep's completed trials to its ensemble: reads their stored predictions and asks the pure
 * functions of coordinator/ensemble. Nothing of it is stored: the same trials give the same ensemble.
 */
import { buffer } from 'node:stream/consumers';
import type { BlobStore } from '../../blob/store.js';
import { decodeManifest } from '../../proto/manifest.js';
import { shellWord } from '../../proto/shell-word.js';
import { isClassifier, type BlobId, type ClassifierTrajectory, type DataFile, type EvaluatedPart } from '../../proto/work.js';
import { decide, meanProbabilities, type Decision, type WeightedMember } from '../ensemble/combine.js';
import { measure, measureNamed, scoreBy, type Truth } from '../ensemble/measure.js';
import { selectBest, type Candidate, type Selected } from '../ensemble/select.js';
import { chooseThreshold, recallFloor } from '../ensemble/threshold.js';
import type { RecordedEpoch, RecordedEvaluation, SweepRecord, TrialRecord } from '../store/records.js';
import { DEFAULT_ENSEMBLE } from '../sweep/compose.js';
import type { DataSummary, EnsembleSpec } from '../sweep/spec.js';
import { NoEnsemble } from './errors.js';
import { sweepView } from './results.js';
import { searchEnsemble } from './selection.js';
import type { EnsembleMember, EnsembleView, PartValues } from './analysis-views.js';
import type { PartMetrics, TrialResult } from './trial-views.js';

export interface EnsembleFacts {
  readonly sweep: SweepRecord;
  readonly trials: readonly TrialRecord[];
  /** The same trials, best first, with their test numbers. */
  readonly ranked: readonly TrialResult[];
  /** Of the completed trials' chosen epochs. */
  readonly epochs: ReadonlyMap<string, RecordedEpoch>;
  readonly evaluations: readonly RecordedEvaluation[];
  readonly blobs: BlobStore;
}

interface Model extends Candidate {
  readonly trial: TrialRecord;
  readonly result: TrialResult;
  readonly trajectory: ClassifierTrajectory;
  readonly key: string;
  readonly stored: { readonly val: BlobId; readonly test: BlobId | null };
}

/** Throws NoEnsemble where there is nothing to combine, and the blob store's errors. */
export async function assembleEnsemble(facts: EnsembleFacts): Promise<EnsembleView> {
  const { sweep, blobs } = facts;
  const { data } = sweep;
  if (data === null) throw new NoEnsemble(`sweep ${sweep.name} trains no image classifier, so there are no predictions to combine`);
  const models = await distinctModels(facts);
  const [best] = models;
  if (best === undefined) throw new NoEnsemble(`sweep ${sweep.name} has no completed trial to make an ensemble of; \`trawl show ${shellWord(sweep.name)}\` says how far it is`);
  const files = await readFiles(blobs, data.manifest);
  const truthOf = (part: EvaluatedPart): Truth => ({ labels: labelsOf(files, part), classes: data.classes, positive: data.positive });
  // A revision from before there were ensembles says nothing of them; `none` is about what `trawl run` does.
  const { rule, maxMembers }: EnsembleSpec = (sweep.spec.ensemble as EnsembleSpec | null | undefined) ?? DEFAULT_ENSEMBLE;
  const validation = truthOf('val');
  const { objective } = sweep.spec;
  const score = scoreBy(objective.metric, objective.direction, validation);
  const greedy = rule === 'greedy' ? await searchEnsemble(models, { metric: score.metric, direction: score.direction, truth: validation, maxMembers }) : null;
  const members = greedy?.members ?? selectBest(models, maxMembers);
  const threshold = thresholdOf(facts, data, members, validation, rule);
  const decided = (weighted: readonly WeightedMember[], by: Pick<Decision, 'rule' | 'threshold'>): Predictions => {
    const mean = meanProbabilities(weighted);
    return { mean, predicted: decide(weighted, mean, { ...by, classes: data.classes.length, positive: data.positive }) };
  };
  const metricsOf = ({ mean, predicted }: Predictions, truth: Truth): PartMetrics => measure(mean, predicted, truth);
  const objectiveOf = (val: Predictions, test: Predictions | null): PartValues => ({
    val: measureNamed(objective.metric, val.mean, val.predicted, validation),
    test: test === null ? null : measureNamed(objective.metric, test.mean, test.predicted, truthOf('test')),
  });
  const all = await onParts(members, blobs, (weighted) => decided(weighted, { rule, threshold }));
  const one = await onParts([{ candidate: best, weight: 1, probabilities: best.probabilities }], blobs, (weighted) => decided(weighted, { rule: 'average', threshold: null }));
  return {
    sweep: sweepView(sweep),
    rule,
    maximised: greedy === null ? null : { metric: score.metric, direction: score.direction },
    selection: greedy === null ? null : { rounds: greedy.rounds, path: greedy.path.map(({ candidate, members: distinct, value }) => ({ number: candidate.number, members: distinct, value: Number.isFinite(value) ? value : null })) },
    candidates: models.length,
    members: members.map(({ candidate, weight }) => memberView(candidate, weight, facts)),
    threshold,
    val: metricsOf(all.val, validation),
    test: all.test === null ? null : metricsOf(all.test, truthOf('test')),
    objective: objectiveOf(all.val, all.test),
    single: { trial: best.trial.id, number: best.number, val: best.result.val, test: best.result.test, objective: objectiveOf(one.val, one.test), probabilities: best.stored },
  };
}

/** Mean probabilities, and the class of each image. */
interface Predictions {
  readonly mean: Float32Array;
  readonly predicted: Uint16Array;
}

/** What members say together of each part; null where there is no test part. */
async function onParts(members: readonly Selected<Model>[], blobs: BlobStore, decided: (members: readonly WeightedMember[]) => Predictions): Promise<{ readonly val: Predictions; readonly test: Predictions | null }> {
  const onTest = await testMembers(members, blobs);
  return { val: decided(members), test: onTest === null ? null : decided(onTest) };
}

/** Best first; of trials that chose the same epoch the first by number stands for all. */
async function distinctModels({ ranked, trials, evaluations, blobs }: EnsembleFacts): Promise<Model[]> {
  const records = new Map(trials.map((trial) => [trial.id, trial]));
  const stored = new Map(evaluations.map((evaluation) => [`${evaluation.key} ${evaluation.part}`, evaluation.result.probabilities]));
  const models = new Map<string, Model>();
  for (const result of ranked) {
    const trial = records.get(result.id);
    const key = trial?.plan.path[result.bestEpoch ?? -1];
    const val = stored.get(`${key ?? ''} val`);
    if (trial === undefined || key === undefined || val === undefined || result.state !== 'completed' || models.has(key)) continue;
    const { trajectory } = trial.plan;
    if (!isClassifier(trajectory)) continue;
    const test = stored.get(`${key} test`) ?? null;
    models.set(key, { number: trial.number, probabilities: await readFloats(blobs, val), trial, result, trajectory, key, stored: { val, test } });
  }
  return [...models.values()];
}

/** Null for more than two classes, and 0.5 for a vote, whose members decide each for themselves. */
function thresholdOf({ sweep }: EnsembleFacts, data: DataSummary, members: readonly Selected<Model>[], { labels }: Truth, rule: EnsembleSpec['rule']): number | null {
  if (data.classes.length !== 2) return null;
  if (rule === 'vote') return 0.5;
  const { positive, classes } = data;
  const { floors } = sweep.spec.objective;
  const floor = recallFloor(floors, classes[positive] ?? '');
  return chooseThreshold({ floor, probabilities: meanProbabilities(members), labels, positive });
}

/** The members with their predictions for the test part; null where there is none. */
async function testMembers(members: readonly Selected<Model>[], blobs: BlobStore): Promise<WeightedMember[] | null> {
  const read: WeightedMember[] = [];
  for (const { candidate, weight } of members) {
    if (candidate.stored.test === null) return null;
    read.push({ weight, probabilities: await readFloats(blobs, candidate.stored.test) });
  }
  return read;
}

function memberView(model: Model, weight: number, { epochs }: EnsembleFacts): EnsembleMember {
  const { trial, result, trajectory, key, stored } = model;
  return {
    trial: trial.id,
    number: trial.number,
    weight,
    settings: trial.assignment,
    epoch: result.bestEpoch ?? 0,
    key,
    trajectory,
    checkpoint: epochs.get(key)?.checkpoint ?? null,
    probabilities: stored,
    params: result.params,
    val: result.val,
  };
}

/** Float32 little-endian, on machines of either order. */
export async function readFloats(blobs: BlobStore, id: BlobId): Promise<Float32Array> {
  const bytes = await buffer(await blobs.open(id));
  const values = new Float32Array(Math.floor(bytes.byteLength / 4));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let index = 0; index < values.length; index += 1) values[index] = view.getFloat32(4 * index, true);
  return values;
}

async function readFiles(blobs: BlobStore, manifest: BlobId): Promise<readonly DataFile[]> {
  return decodeManifest(await buffer(await blobs.open(manifest))).files;
}

/** In manifest order, which is that of the stored predictions. */
function labelsOf(files: readonly DataFile[], part: EvaluatedPart): Uint16Array {
  return Uint16Array.from(files.filter((file) => file.part === part).map((file) => file.label));
}
