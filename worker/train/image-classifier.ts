/**
 * The built-in `image-classifier`: one epoch is one pass over the training part in an order of its
 * own, then fresh batch-norm statistics from a fixed set of training images, then predictions for
 * the validation part. All randomness is named by (dataSeed, replicate, epoch, step), and the
 * engine's state is all that passes from one epoch to the next, so a span may be cut anywhere.
 */
import type { EpochSettings, EvaluatedPart, ImageEpochSettings, ImageTrajectory, Part } from '../../proto/work.js';
import { withSchedule } from '../engine/state.js';
import { evaluateLogits } from '../evaluate/metrics.js';
import { Breather } from './breather.js';
import type { Models } from './models.js';
import { plateauAfter, plateauBegin, plateauJson, type PlateauState } from './plateau.js';
import { epochOrder, recalibrationImages, trainingSubset } from './order.js';
import { stepSettings } from './step-settings.js';
import type { EpochWatch, Evaluation, TrainedEpoch, Trainer } from './trainer.js';

/**
 * Images per call of `predict`. One size for every caller and every batch, so that the predictions
 * of an epoch have the same bits whether they are made in its own lease or from its checkpoint.
 */
const PREDICTION_BATCH = 64;

/** Least time between two reports of progress. */
const PROGRESS_MS = 250;

/** Indices into the source, part by part, ascending. */
export type PartIndices = { readonly [part in Part]: Int32Array };

interface Trained {
  readonly loss: number;
  readonly accuracy: number;
  readonly steps: number;
}

export class ImageClassifier implements Trainer {
  readonly #trajectory: ImageTrajectory;
  readonly #models: Models;
  readonly #parts: PartIndices;
  readonly #breather = new Breather();
  /** Of the weights at hand, so that an evaluation right after its epoch predicts `val` once. */
  #validation: Evaluation | null = null;
  #plateau: PlateauState | null;

  /** `plateau`: what a reduced rate goes on from, at the end of the epoch whose state the models hold; null where no rule was in force. */
  constructor(trajectory: ImageTrajectory, models: Models, parts: PartIndices, plateau: PlateauState | null = null) {
    this.#plateau = plateau;
    this.#trajectory = trajectory;
    this.#models = models;
    this.#parts = parts;
  }

  async train(epoch: number, settings: EpochSettings, watch: EpochWatch): Promise<TrainedEpoch | null> {
    const chosen = settings as ImageEpochSettings;
    const began = performance.now();
    this.#validation = null;
    const { trainFraction, dataSeed } = chosen;
    const loaded = await this.#models.forEpoch(chosen, watch);
    if (loaded === null) return null;
    const images = trainingSubset(this.#parts.train, loaded.source.labels, trainFraction, dataSeed, this.#trajectory.replicate);
    const plateau = chosen.plateau === undefined ? null : (this.#plateau ?? plateauBegin(chosen.lr));
    const trained = await this.#pass(epoch, plateau === null ? chosen : { ...chosen, lr: plateau.rate, lrFrom: plateau.rate }, images, watch);
    if (trained === null) return null;

    const metrics: { [metric: string]: number } = {};
    let diverged = !Number.isFinite(trained.loss);
    if (!diverged) {
      metrics['train.loss'] = trained.loss;
      metrics['train.accuracy'] = trained.accuracy;
      loaded.executable.recalibrate(recalibrationImages(images, dataSeed), Math.ceil(Math.min(chosen.batch, images.length) / chosen.accumulate));
      this.#validation = await this.evaluate('val');
    }
    if (this.#validation !== null) {
      const { loss, accuracy, auc } = this.#validation.metrics;
      diverged = !Number.isFinite(loss);
      if (!diverged) Object.assign(metrics, { 'val.loss': loss, 'val.accuracy': accuracy });
      if (!diverged && Number.isFinite(auc)) metrics['val.auc'] = auc;
    }
    if (plateau !== null && chosen.plateau !== undefined && !diverged) {
      metrics['train.lr'] = plateau.rate;
      this.#plateau = plateauAfter(chosen.plateau, plateau, { metrics });
    }
    const confusion = diverged ? null : (this.#validation?.confusion ?? null);
    const roc = diverged ? [] : (this.#validation?.roc ?? []);
    const seconds = (performance.now() - began) / 1000;
    return {
      // A diverged epoch has no numbers: those before the loss went to infinity say nothing.
      result: { metrics: diverged ? {} : metrics, confusion, ...(roc.length === 0 ? {} : { roc }), diverged },
      cost: { seconds, steps: trained.steps, params: this.#models.params, msPerImage: this.#validation?.msPerImage ?? null },
    };
  }

  /** What a reduced rate goes on from; null where no rule was in force. */
  get plateau(): PlateauState | null {
    return this.#plateau;
  }

  state(): Uint8Array {
    const state = this.#models.state();
    return this.#plateau === null ? state : withSchedule(state, plateauJson(this.#plateau));
  }

  async evaluate(part: EvaluatedPart): Promise<Evaluation | null> {
    if (part === 'val' && this.#validation !== null) return this.#validation;
    const images = this.#parts[part];
    if (images.length === 0) return null;
    const began = performance.now();
    const logits = await this.#predict(images);
    const msPerImage = (performance.now() - began) / images.length;
    const { labels: all } = this.#models.current.source;
    const labels = Uint16Array.from(images, (image) => all[image]!);
    const { loss, accuracy, auc, confusion, roc, probabilities } = evaluateLogits(logits, labels, this.#trajectory.classes);
    return { metrics: { loss, accuracy, auc }, confusion, roc, msPerImage, probabilities };
  }

  /** One pass over `train`; loss and accuracy are means over its images. */
  async #pass(epoch: number, settings: ImageEpochSettings, train: Int32Array, watch: EpochWatch): Promise<Trained | null> {
    const { lr, lrFrom, batch, dataSeed } = settings;
    const { replicate } = this.#trajectory;
    const order = epochOrder(train, dataSeed, replicate, epoch);
    const steps = Math.ceil(order.length / batch);
    let lossSum = 0;
    let correct = 0;
    let progressAt = -Infinity;
    for (let step = 0; step < steps; step++) {
      const images = order.subarray(step * batch, Math.min((step + 1) * batch, order.length));
      const result = this.#models.current.executable.step(images, stepSettings(this.#trajectory, settings, epoch, step, images, lrFrom + (lr - lrFrom) * ((step + 1) / steps), train));
      if (!Number.isFinite(result.loss)) return { loss: result.loss, accuracy: 0, steps: step + 1 };
      lossSum += result.loss * images.length;
      correct += result.correct;
      if (performance.now() - progressAt >= PROGRESS_MS) {
        progressAt = performance.now();
        watch.step(step + 1, steps, result.loss);
      }
      if (this.#breather.due()) {
        await this.#breather.breathe();
        if (watch.interrupted()) return null;
      }
    }
    return { loss: lossSum / order.length, accuracy: correct / order.length, steps };
  }

  /** Logits [images.length, classes]. */
  async #predict(images: Int32Array): Promise<Float32Array> {
    const { classes } = this.#trajectory;
    const logits = new Float32Array(images.length * classes);
    for (let from = 0; from < images.length; from += PREDICTION_BATCH) {
      logits.set(this.#models.current.executable.predict(images.subarray(from, from + PREDICTION_BATCH)), from * classes);
      if (this.#breather.due()) await this.#breather.breathe();
    }
    return logits;
  }
}
