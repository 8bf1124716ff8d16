import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import type { Executable, ImageSource, PixelTransform, StepResult, StepSettings, Training } from '../engine.js';
import { JoinedMoments } from '../joined-moments.js';
import { AVERAGE, stateNames, stepRates } from '../optimizer.js';
import { batchParts, recalibrationBatches } from '../parts.js';
import { decodeState, encodeState, type Tensor } from '../state.js';
import { calling } from './errors.js';
import { NormalisedImages } from './images.js';
import { type BuiltLayer, buildLayers, disposeLayers, type EagerModel, variableOf } from './model.js';
import { withDropout, withSeeds } from './seeded.js';
import { optimizerState, penaltyOf, scalar, type TrainedWeight, updateWeights } from './updates.js';

/** A batch norm and its statistics of inference. */
interface Norm {
  /** Which output of `beforeNorms` is its input; null where that is the image. */
  readonly before: number | null;
  /** All axes of the input but that of the channels. */
  readonly axes: readonly number[];
  readonly channels: number;
  readonly mean: layers.LayerVariable;
  readonly variance: layers.LayerVariable;
}

/** A variable and its name and shape in a checkpoint. */
interface Stored {
  readonly name: string;
  readonly shape: readonly number[];
  readonly value: tf.Variable;
}

/**
 * Trains a model of tf.layers operation by operation. tfjs finds the gradients; everything that has to
 * begin or go on anywhere (weights, masks, the optimizer, the statistics of batch norms) is trawl's.
 */
export class EagerExecutable implements Executable {
  readonly params: number;
  readonly learnables: number;
  readonly memoryBytes: number;
  private readonly training: Training;
  private readonly source: ImageSource;
  private readonly images: NormalisedImages;
  private readonly classes: number;
  private readonly isSingle: boolean;
  /** Images that are in a pass at a time. */
  private readonly most: number;
  private readonly placed: EagerModel['layers'];
  private readonly built: readonly BuiltLayer[];
  private readonly model: layers.LayersModel;
  private readonly weights: readonly TrainedWeight[];
  private readonly norms: readonly Norm[];
  /** Gives the inputs of all batch norms. */
  private readonly beforeNorms: layers.LayersModel | null;
  private readonly stored: readonly Stored[];
  private steps = 0;
  /** Whether averages lie in the place of weights, and weights in theirs. */
  private swapped = false;

  constructor(model: EagerModel, training: Training, source: ImageSource, memoryBytes: number) {
    this.training = training;
    this.source = source;
    this.memoryBytes = memoryBytes;
    this.classes = model.classes;
    this.isSingle = model.isSingle;
    this.placed = model.layers;
    this.most = Math.ceil(training.maxBatch / training.accumulate);
    this.params = model.summaries.reduce((sum, { params }) => sum + params, 0);
    this.learnables = model.summaries.reduce((sum, { learnables }) => sum + learnables, 0);
    this.images = new NormalisedImages(source, training.normalisation);
    this.built = calling('make the weights', () => withSeeds(training.initSeed, training.replicate, () => buildLayers(model.layers, false)));
    const image = this.built.find(({ layer, placed }) => layer === null || placed.inputs.length === 0)!;
    const input = image.layer === null ? image.output : (image.layer.input as layers.SymbolicTensor);
    this.model = layers.model({ inputs: input, outputs: this.built.at(-1)!.output });
    this.weights = this.built.flatMap(({ layer }) => layer?.trainableWeights ?? []).map((weight) => {
      const value = variableOf(weight);
      return { name: weight.originalName, value, state: optimizerState(training.optimizer, value), isKernel: weight.originalName.endsWith('kernel') };
    });
    const norms = this.built.filter(({ placed }) => placed.className === 'BatchNormalization').map(({ layer }) => layer!);
    const inputs = [...new Set(norms.map((norm) => norm.input as layers.SymbolicTensor))].filter((value) => value !== input);
    this.beforeNorms = inputs.length === 0 ? null : layers.model({ inputs: input, outputs: inputs });
    this.norms = norms.map((norm) => normOf(norm, inputs));
    this.stored = this.storedVariables();
  }

  step(indices: Int32Array, settings: StepSettings): StepResult {
    const count = indices.length;
    const { maxBatch, accumulate, optimizer, clips, augments } = this.training;
    if (count < 1 || count > maxBatch) throw new RangeError(`a step takes 1 to ${String(maxBatch)} images, not ${String(count)}`);
    if (settings.clipNorm !== null && !clips) throw new RangeError('this training was compiled without room for clipping');
    if (settings.augment !== null && !augments) throw new RangeError('this training was compiled without room for augmentation');
    this.averages(false);
    return calling('train', () => {
      let loss = penaltyOf(this.weights, settings.l2);
      let correct = 0;
      let gradients: tf.Tensor[] | null = null;
      try {
        for (const { from, to } of batchParts(count, accumulate)) {
          const part = this.part(indices.subarray(from, to), from, count, settings);
          loss += part.loss;
          correct += part.correct;
          gradients = gradients === null ? part.gradients : added(gradients, part.gradients);
        }
        updateWeights(this.weights, gradients!, optimizer, stepRates(optimizer, settings.lr, this.steps + 1), settings);
      } finally {
        tf.dispose(gradients ?? []);
      }
      this.steps++;
      return { loss, correct };
    });
  }

  /** Forward and backward over a part of a batch of `count` images, from image `first` on. The gradients are the caller's. */
  private part(indices: Int32Array, first: number, count: number, settings: StepSettings): StepResult & { readonly gradients: tf.Tensor[] } {
    const augment = settings.augment?.slice(first, first + indices.length) ?? null;
    const targets = this.targets(indices, augment, count, settings);
    let correct = 0;
    let loss = NaN;
    const gradients = tf.tidy(() => {
      const images = this.imageTensor(indices, augment);
      const shares = tf.tensor(targets, [indices.length, this.classes], 'float32');
      const { value, grads } = withDropout({ seed: settings.dropoutSeed, rate: settings.dropout, first }, () => tf.variableGrads(() => {
        const logits = this.forward(images, true);
        correct = this.right(indices, logits.dataSync());
        return tf.neg(tf.sum<tf.Scalar>(tf.mul(shares, tf.logSoftmax(logits))));
      }, this.weights.map((weight) => weight.value)));
      loss = scalar(value);
      // A weight that the output does not depend on has none.
      return this.weights.map((weight) => grads[weight.value.name] ?? tf.zerosLike(weight.value));
    });
    return { loss, correct, gradients };
  }

  /** As in the other executors: one training's forward pass, of which each batch norm's input is looked at. */
  recalibrate(indices: Int32Array, batch: number): void {
    const batches = recalibrationBatches(indices.length, batch, this.most);
    if (this.norms.length === 0) return;
    this.averages(true);
    calling('recalibrate', () => {
      const joined = this.norms.map(({ channels }) => new JoinedMoments(channels));
      for (const { from, to } of batches) {
        tf.tidy(() => {
          const values = this.normInputs(this.imageTensor(indices.subarray(from, to), null));
          this.norms.forEach(({ axes }, index) => {
            const value = values[index]!;
            const count = axes.reduce((product, axis) => product * value.shape[axis]!, 1);
            const { mean, variance } = tf.moments(value, [...axes]);
            joined[index]!.take(mean.dataSync(), Float64Array.from(variance.dataSync(), (square) => square * count), count);
          });
        });
      }
      tf.tidy(() => this.norms.forEach(({ mean, variance, channels }, index) => {
        mean.write(tf.tensor(joined[index]!.mean(), [channels], 'float32'));
        variance.write(tf.tensor(joined[index]!.variance(), [channels], 'float32'));
      }));
    });
  }

  /** What each batch norm gets in a training's forward pass without dropout. */
  private normInputs(images: tf.Tensor): tf.Tensor[] {
    const values = this.beforeNorms === null ? [] : [this.beforeNorms.apply(images, { training: true }) as tf.Tensor | tf.Tensor[]].flat();
    return this.norms.map(({ before }) => (before === null ? images : values[before]!));
  }

  predict(indices: Int32Array): Float32Array {
    this.averages(true);
    const logits = new Float32Array(indices.length * this.classes);
    calling('predict', () => this.eachChunk(indices, (images, first) => logits.set(this.forward(images, false).dataSync(), first * this.classes)));
    return logits;
  }

  /** Where weights are averaged, puts averages or weights where the network reads them. */
  private averages(wanted: boolean): void {
    if (this.swapped === wanted) return;
    this.swapped = wanted;
    if (this.training.optimizer.ema === undefined) return;
    calling('take averages', () => tf.tidy(() => this.weights.forEach(({ value, state }) => {
      const average = state.at(-1)!;
      const held = tf.clone(value);
      value.assign(tf.clone(average));
      average.assign(held);
    })));
  }

  state(): Uint8Array {
    this.averages(false);
    return encodeState(this.training.optimizer.name, this.steps, calling('read the weights', () => this.tensors()));
  }

  load(state: Uint8Array): void {
    this.averages(false);
    const tensors = this.tensors();
    this.steps = decodeState(state, this.training.optimizer.name, tensors).steps;
    calling('set the weights', () => tf.tidy(() => {
      this.stored.forEach(({ value, shape }, index) => {
        value.assign(tf.tensor(tensors[index]!.values, [...shape], 'float32'));
      });
    }));
  }

  /** The layers are built once more, for what they begin with. */
  restart(initSeed: number, replicate: number): void {
    this.averages(false);
    calling('make the weights', () => tf.tidy(() => {
      const fresh = withSeeds(initSeed, replicate, () => buildLayers(this.placed, false));
      const initial = new Map(fresh.flatMap(({ layer }) => layer?.weights ?? []).map((weight) => [weight.originalName, variableOf(weight)]));
      for (const { name, value } of this.stored) value.assign(tf.clone(initial.get(name.replace(`:${AVERAGE}`, '')) ?? tf.zerosLike(value)));
      disposeLayers(fresh);
    }));
    this.steps = 0;
  }

  dispose(): void {
    disposeLayers(this.built);
    for (const { state } of this.weights) tf.dispose([...state]);
  }

  /** Logits [batch, classes]. */
  private forward(images: tf.Tensor, training: boolean): tf.Tensor {
    const output = this.model.apply(images, { training }) as tf.Tensor;
    return this.isSingle ? tf.pad(output, [[0, 0], [1, 0]]) : output;
  }

  private eachChunk(indices: Int32Array, visit: (images: tf.Tensor, first: number) => void): void {
    for (let first = 0; first < indices.length; first += this.most) {
      tf.tidy(() => visit(this.imageTensor(indices.subarray(first, Math.min(indices.length, first + this.most)), null), first));
    }
  }

  private imageTensor(indices: Int32Array, augment: readonly PixelTransform[] | null): tf.Tensor {
    const { height, width, channels } = this.source;
    return tf.tensor(this.images.read(indices, augment), [indices.length, height, width, channels], 'float32');
  }

  /** [indices.length, classes]: what each class is to be, times what the image counts in a step of `count`. */
  private targets(indices: Int32Array, augment: readonly PixelTransform[] | null, count: number, { labelSmoothing, classWeights }: StepSettings): Float32Array {
    const { classes } = this;
    const targets = new Float32Array(indices.length * classes);
    const add = (position: number, index: number, part: number): void => {
      const label = this.source.labels[index] ?? 0;
      const share = (part * (classWeights?.[label] ?? 1)) / count;
      const at = position * classes;
      for (let k = at; k < at + classes; k++) targets[k] = targets[k]! + (share * labelSmoothing) / classes;
      targets[at + label] = targets[at + label]! + share * (1 - labelSmoothing);
    };
    indices.forEach((index, position) => {
      const mixed = augment?.[position]?.mixed;
      add(position, index, mixed?.share ?? 1);
      if (mixed !== undefined) add(position, mixed.image, 1 - mixed.share);
    });
    return targets;
  }

  /** Images whose largest logit, the first of equal ones, is their label's. */
  private right(indices: Int32Array, logits: ArrayLike<number>): number {
    let right = 0;
    indices.forEach((index, position) => {
      let best = 0;
      for (let label = 1; label < this.classes; label++) if (logits[position * this.classes + label]! > logits[position * this.classes + best]!) best = label;
      right += Number(best === this.source.labels[index]);
    });
    return right;
  }

  /** Weights, then optimizer state, then statistics of inference, as in every checkpoint. */
  private storedVariables(): Stored[] {
    const learnt = this.weights.map(({ name, value }) => ({ name, value }));
    const states = stateNames(this.training.optimizer).flatMap((state, index) => this.weights.map((weight) => ({ name: `${weight.name}:${state}`, value: weight.state[index]! })));
    const statistics = this.norms.flatMap(({ mean, variance }) => [mean, variance].map((weight) => ({ name: weight.originalName, value: variableOf(weight) })));
    return [...learnt, ...states, ...statistics].map((one) => ({ ...one, shape: one.value.shape }));
  }

  private tensors(): Tensor[] {
    return this.stored.map(({ name, shape, value }) => ({ name, shape, values: Float32Array.from(value.dataSync()) }));
  }
}

/** `inputs`: those of all batch norms but the image. */
function normOf(layer: layers.layers.Layer, inputs: readonly layers.SymbolicTensor[]): Norm {
  const input = layer.input as layers.SymbolicTensor;
  const { axis } = layer.getConfig() as { readonly axis: number };
  const last = axis < 0 ? axis + input.shape.length : axis;
  const [mean, variance] = layer.nonTrainableWeights;
  return {
    before: inputs.includes(input) ? inputs.indexOf(input) : null,
    axes: input.shape.map((_, index) => index).filter((index) => index !== last), channels: input.shape[last]!, mean: mean!, variance: variance!,
  };
}

/** Their sums; the parts are disposed of. */
function added(sums: readonly tf.Tensor[], more: readonly tf.Tensor[]): tf.Tensor[] {
  const together = sums.map((sum, index) => tf.add(sum, more[index]!));
  tf.dispose([...sums, ...more]);
  return together;
}
