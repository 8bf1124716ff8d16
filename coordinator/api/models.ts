/** What the page shows of models: their predictions, layers and blobs, and ensembles to be tried out. */
import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { OwnedBlobStore } from '../../blob/store.js';
import type { BlobId, DataFile, EvaluatedPart, ImageTrajectory } from '../../proto/work.js';
import { DataFiles } from '../blob/data-files.js';
import type { Store } from '../store/store.js';
import type { EnsembleView } from './analysis-views.js';
import { Comparison } from './comparison.js';
import { readFloats } from './ensembles.js';
import { BadRequest, NoPredictions } from './errors.js';
import { FileAnswer } from './file-answer.js';
import type { ModelProcess } from './model-process.js';
import type { EnsembleComparison, LayersView, PredictionsView, PredictionView, TrialBlob } from './model-views.js';
import type { SweepService } from './sweep-service.js';
import type { TrialDetail } from './trial-views.js';

/** Told at once: an answer stays below some megabytes. */
const MOST_IMAGES = 20_000;
const MOST_PROBABILITIES = 200_000;

interface PlacedFile extends DataFile {
  readonly index: number;
}

export interface ModelsOptions {
  readonly service: Pick<SweepService, 'trial' | 'ensemble'>;
  readonly store: Pick<Store, 'evaluationsByKey'>;
  readonly blobs: OwnedBlobStore;
  readonly process: Pick<ModelProcess, 'ask'>;
}

export class Models {
  readonly #options: ModelsOptions;
  readonly #files: DataFiles;
  readonly #comparisons = new WeakMap<EnsembleView['members'], Comparison>();

  constructor(options: ModelsOptions) {
    this.#options = options;
    this.#files = new DataFiles(options.blobs);
  }

  /** Of the trial's chosen epoch. Throws NoPredictions where none are stored. */
  async predictions(trial: string, part: EvaluatedPart): Promise<PredictionsView> {
    const detail = await this.#trial(trial);
    const { data } = detail.sweep;
    const epoch = detail.trial.bestEpoch;
    if (data === null) throw new NoPredictions(`trial #${detail.trial.number} of ${detail.sweep.name} trains no image classifier, so it predicts nothing`);
    const stored = epoch === null ? undefined : await this.#stored(detail.curve[epoch]?.key ?? '', part);
    if (stored === undefined || epoch === null) throw new NoPredictions(`no predictions for the ${part} part are stored of trial #${detail.trial.number} of ${detail.sweep.name}; they come with the epoch that is chosen when a trial completes`);
    const [files, probabilities] = await Promise.all([this.#filesOf(data.manifest, part), readFloats(this.#options.blobs, stored)]);
    const classes = data.classes.length;
    const shown = evenly(files.length, Math.min(MOST_IMAGES, Math.floor(MOST_PROBABILITIES / classes)));
    return {
      ...{ part, epoch, classes: data.classes, positive: data.positive, of: files.length },
      images: shown.flatMap((at) => files.slice(at, at + 1).map(({ index, name, label }) => ({ index, name, label }))),
      probabilities: shown.flatMap((index) => [...probabilities.subarray(index * classes, (index + 1) * classes)]),
    };
  }

  async layers(trial: string): Promise<LayersView> {
    const detail = await this.#trial(trial);
    return this.#options.process.ask('layers', { trajectory: imageTrajectory(detail) });
  }

  /** What the trial has stored, its data set first. */
  async blobs(trial: string): Promise<readonly TrialBlob[]> {
    const detail = await this.#trial(trial);
    const { data } = detail.sweep;
    const found: { readonly id: BlobId; readonly what: string }[] = data === null ? [] : [{ id: data.manifest, what: 'list of the data set' }];
    for (const { epoch, checkpoint } of detail.curve) if (checkpoint !== null) found.push({ id: checkpoint, what: `checkpoint of epoch ${epoch + 1}` });
    const best = detail.trial.bestEpoch;
    const evaluations = best === null ? [] : await this.#options.store.evaluationsByKey([detail.curve[best]?.key ?? '']);
    for (const { part, result } of evaluations) found.push({ id: result.probabilities, what: `predictions for the ${part} part` });
    return Promise.all(found.map(async (blob) => ({ ...blob, bytes: await this.#options.blobs.size(blob.id) })));
  }

  /** `of`: the class that the curves tell from the rest; null for the positive one of two, else the first. Throws NoEnsemble, BadRequest. */
  async comparison(sweep: string, of: string | null): Promise<EnsembleComparison> {
    const ensemble = await this.#options.service.ensemble(sweep);
    const { data } = ensemble.sweep;
    const classes = data?.classes ?? [];
    const label = of === null ? (classes.length === 2 ? (data?.positive ?? 0) : 0) : classes.indexOf(of);
    if (label < 0) throw new BadRequest(`class: found ${of ?? ''}, expected one of ${classes.join(', ')}`);
    return { ...(await this.#comparisonOf(ensemble).of(label)), ensemble };
  }

  /** Kept as long as the service gives the same members: what it says of the sweep itself may be newer. */
  #comparisonOf(ensemble: EnsembleView): Comparison {
    const labels = async (): Promise<number[]> => (await this.#filesOf(ensemble.sweep.data?.manifest ?? '', 'val')).map((file) => file.label);
    const comparison = this.#comparisons.get(ensemble.members) ?? new Comparison({ ensemble, blobs: this.#options.blobs, labels });
    this.#comparisons.set(ensemble.members, comparison);
    return comparison;
  }

  /** The folder that `trawl pull` writes, as one tar file. */
  async bundle(sweep: string): Promise<FileAnswer> {
    const view = await this.#options.service.ensemble(sweep);
    const { tar } = await this.#options.process.ask('bundle', { view });
    const stream = createReadStream(tar);
    stream.once('close', () => void rm(tar, { force: true }));
    return new FileAnswer('application/x-tar', `${view.sweep.name}-bundle.tar`, stream);
  }

  /** As `trawl predict` does with the bundle of the ensemble. Throws UnreadableImage. */
  async predict(sweep: string, image: Uint8Array): Promise<PredictionView> {
    const view: EnsembleView = await this.#options.service.ensemble(sweep);
    return this.#options.process.ask('predict', { view, image });
  }

  #trial(trial: string): Promise<TrialDetail> {
    return this.#options.service.trial(trial, { test: false });
  }

  async #stored(key: string, part: EvaluatedPart): Promise<BlobId | undefined> {
    return (await this.#options.store.evaluationsByKey([key])).find((evaluation) => evaluation.part === part)?.result.probabilities;
  }

  /** With their places in the manifest, in whose order predictions are stored. */
  async #filesOf(manifest: BlobId, part: EvaluatedPart): Promise<readonly PlacedFile[]> {
    const { files } = await this.#files.manifest(manifest);
    return files.map((file, index) => ({ ...file, index })).filter((file) => file.part === part);
  }
}

function imageTrajectory({ plan: { trajectory }, sweep }: TrialDetail): ImageTrajectory {
  if (trajectory.trainable !== 'image-classifier') throw new NoPredictions(`sweep ${sweep.name} trains no image classifier, so it has no layers`);
  return trajectory;
}

/** At most `most` of the places below `of`, at even distances. */
function evenly(of: number, most: number): number[] {
  const step = Math.max(1, of / most);
  return Array.from({ length: Math.min(of, most) }, (_, index) => Math.floor(index * step));
}
