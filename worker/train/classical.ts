/**
 * A classical model's one epoch: it is fitted to the whole training part at once, and judged as every
 * classifier is. Fits wait now and then, so that whoever does not want them any more is heard.
 */
import { readFile } from 'node:fs/promises';
import { isPlainNumerics } from '../../proto/numerics.js';
import type { ClassicalEpochSettings, ClassicalTrajectory, EpochSettings, EvaluatedPart } from '../../proto/work.js';
import { FitInterrupted, type Fitted, type Pulse } from '../classical/fit.js';
import { flatImages, scalingOf } from '../classical/flat-images.js';
import { kindOf } from '../classical/kinds.js';
import { openClassical } from '../classical/open.js';
import { encodeClassical } from '../classical/state.js';
import { OutOfMemoryError } from '../engine/engine.js';
import { evaluateLogits, type LogitMetrics } from '../evaluate/metrics.js';
import { Breather } from './breather.js';
import { type ImageData, openImageData } from './image-data.js';
import { recalibrationImages, trainingSubset } from './order.js';
import type { Order } from './protocol.js';
import type { EpochWatch, Evaluation, TrainedEpoch, Trainer } from './trainer.js';

/** Images that are predicted between two looks at the world. */
const PREDICTED_TOGETHER = 32;
const PROGRESS_MS = 250;

/** Throws OutOfMemoryError, and DataError where a checkpoint is of something else. */
export async function classicalTrainer(order: Order, trajectory: ClassicalTrajectory): Promise<ClassicalTrainer> {
  if (!isPlainNumerics(trajectory.numerics)) throw new Error(`a classical model is fitted in plain JavaScript, and the trajectory is one of ${trajectory.numerics}`);
  const data = openImageData(order.pixels, trajectory.input.normalisation);
  const start = order.start.from === 'file' ? await readFile(order.start.path) : null;
  return new ClassicalTrainer(trajectory, data, start, order.memoryBytes - process.memoryUsage.rss());
}

export class ClassicalTrainer implements Trainer {
  readonly #trajectory: ClassicalTrajectory;
  readonly #data: ImageData;
  readonly #memoryBytes: number;
  readonly #breather = new Breather();
  #fitted: Fitted | null;
  /** Of what is fitted, so that an evaluation right after it predicts `val` once. */
  #validation: Evaluation | null = null;

  constructor(trajectory: ClassicalTrajectory, data: ImageData, state: Uint8Array | null, memoryBytes: number) {
    this.#trajectory = trajectory;
    this.#data = data;
    this.#memoryBytes = memoryBytes;
    this.#fitted = state === null ? null : openClassical(state, { classes: trajectory.classes, size: sizeOf(data), normalisation: data.normalisation });
  }

  async train(_epoch: number, settings: EpochSettings, watch: EpochWatch): Promise<TrainedEpoch | null> {
    const chosen = settings as ClassicalEpochSettings;
    const began = performance.now();
    const { source, parts } = this.#data;
    const images = trainingSubset(parts.train, source.labels, chosen.trainFraction, chosen.dataSeed, this.#trajectory.replicate);
    this.#requireMemory(images.length);
    this.#validation = null;
    try {
      this.#fitted = await this.#fit(images, chosen, this.#pulse(watch));
    } catch (error) {
      if (error instanceof FitInterrupted) return null;
      throw error;
    }
    const train = await this.#measure(recalibrationImages(images, chosen.dataSeed));
    this.#validation = await this.evaluate('val');
    const metrics: { [metric: string]: number } = { 'train.loss': train.loss, 'train.accuracy': train.accuracy };
    if (this.#validation !== null) {
      const { loss, accuracy, auc } = this.#validation.metrics;
      Object.assign(metrics, { 'val.loss': loss, 'val.accuracy': accuracy }, Number.isFinite(auc) ? { 'val.auc': auc } : {});
    }
    const roc = this.#validation?.roc ?? [];
    return {
      result: { metrics, confusion: this.#validation?.confusion ?? null, ...(roc.length === 0 ? {} : { roc }), diverged: false },
      cost: { seconds: (performance.now() - began) / 1000, steps: 1, params: this.#fitted.params, msPerImage: this.#validation?.msPerImage ?? null },
    };
  }

  state(): Uint8Array {
    const { model, classes } = this.#trajectory;
    return encodeClassical({ model: model.name, classes, arrays: this.#model.arrays });
  }

  async evaluate(part: EvaluatedPart): Promise<Evaluation | null> {
    if (part === 'val' && this.#validation !== null) return this.#validation;
    const images = this.#data.parts[part];
    if (images.length === 0) return null;
    const began = performance.now();
    const { loss, accuracy, auc, confusion, roc, probabilities } = await this.#measure(images);
    return { metrics: { loss, accuracy, auc }, confusion, roc, msPerImage: (performance.now() - began) / images.length, probabilities };
  }

  async close(): Promise<void> {
    this.#data.close();
  }

  get #model(): Fitted {
    if (this.#fitted === null) throw new Error('no model was fitted');
    return this.#fitted;
  }

  #requireMemory(count: number): void {
    const { model, classes } = this.#trajectory;
    const needed = kindOf(model.name).memory({ count, size: sizeOf(this.#data), classes, knobs: model.knobs });
    if (needed > this.#memoryBytes) throw new OutOfMemoryError(`fitting ${model.name} to ${count} images takes ${mebibytes(needed)} of memory, and ${mebibytes(this.#memoryBytes)} are left of the slot's`, needed + process.memoryUsage.rss());
  }

  async #fit(images: Int32Array, { classWeights }: ClassicalEpochSettings, pulse: Pulse): Promise<Fitted> {
    const { model, classes, seed, replicate } = this.#trajectory;
    const { source, normalisation } = this.#data;
    const labels = Uint16Array.from(images, (image) => source.labels[image]!);
    const problem = { images: flatImages(source, images), labels, classes, scaling: scalingOf(normalisation, sizeOf(this.#data)), classWeights, knobs: model.knobs, seed, replicate };
    return kindOf(model.name).fit(problem, pulse);
  }

  #pulse(watch: EpochWatch): Pulse {
    let progressAt = -Infinity;
    return {
      beat: (done, of) => {
        if (!this.#breather.due()) return undefined;
        return this.#breather.breathe().then(() => {
          if (watch.interrupted()) throw new FitInterrupted();
          if (performance.now() - progressAt < PROGRESS_MS) return;
          progressAt = performance.now();
          watch.step(done, of, NaN);
        });
      },
    };
  }

  async #measure(images: Int32Array): Promise<LogitMetrics> {
    const { classes } = this.#trajectory;
    const { source } = this.#data;
    const logits = new Float32Array(images.length * classes);
    for (let from = 0; from < images.length; from += PREDICTED_TOGETHER) {
      logits.set(this.#model.predict(flatImages(source, images.subarray(from, from + PREDICTED_TOGETHER))), from * classes);
      if (this.#breather.due()) await this.#breather.breathe();
    }
    return evaluateLogits(logits, Uint16Array.from(images, (image) => source.labels[image]!), classes);
  }
}

function sizeOf({ source: { height, width, channels } }: ImageData): number {
  return height * width * channels;
}

function mebibytes(bytes: number): string {
  return `${Math.max(0, Math.round(bytes / 2 ** 20)).toLocaleString('en')} MiB`;
}
