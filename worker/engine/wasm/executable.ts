import type { Executable, ImageSource, PixelTransform, StepResult, StepSettings, Training } from '../engine.js';
import { fillInitial } from '../initial-weights.js';
import { stateNames, stepRates } from '../optimizer.js';
import { JoinedMoments } from '../joined-moments.js';
import { isKernel } from '../parameter.js';
import { batchParts, recalibrationBatches } from '../parts.js';
import { applyEffects, mix } from '../pixel-effects.js';
import type { Program } from '../program.js';
import { decodeState, encodeState, type Tensor } from '../state.js';
import { imageAt, type View } from './arena.js';
import { instantiateKernels } from './kernels.js';
import { ActivateNode, type BatchNorm } from './nodes/activate.js';
import { copyChannels } from './nodes/merge.js';
import { elements, type Gradient, type Machine, type Node, type Pass, wholeGradient } from './nodes/node.js';
import { applyUpdate } from './optimize.js';
import type { Delivery, Plan } from './plan.js';
import { FILLS } from './transform.js';
import { Updates } from './updates.js';

const INFERENCE: Pass = { training: false, first: 0, dropout: null };
const RECALIBRATION: Pass = { training: true, first: 0, dropout: null };

/**
 * Runs a plan. A step is a fixed sequence of kernel calls on memory that was planned beforehand:
 * nothing is allocated, and the order of every addition is fixed, so a step gives the same bits
 * everywhere.
 */
export class WasmExecutable implements Executable {
  readonly params: number;
  readonly learnables: number;
  readonly memoryBytes: number;
  private readonly program: Program;
  private readonly training: Training;
  private readonly source: ImageSource;
  private readonly plan: Plan;
  private readonly machine: Machine;
  private readonly ints: Int32Array;
  private readonly norms: readonly NormNode[];
  private steps = 0;
  /** Whether averages lie in the place of weights, and weights in theirs. */
  private swapped = false;
  /** Of the step in progress. */
  private updates: Updates | null = null;

  /** `beside`: bytes of a checkpoint, which are handed over outside of `memory`. */
  constructor(program: Program, plan: Plan, training: Training, source: ImageSource, memory: WebAssembly.Memory, beside: number) {
    this.program = program;
    this.plan = plan;
    this.training = training;
    this.source = source;
    this.learnables = program.layers.reduce((sum, layer) => sum + layer.learnables, 0);
    this.params = program.layers.reduce((sum, layer) => sum + layer.params, 0);
    this.memoryBytes = memory.buffer.byteLength + beside;
    this.ints = new Int32Array(memory.buffer);
    this.machine = {
      kernels: instantiateKernels(memory),
      bytes: new Uint8Array(memory.buffer),
      floats: new Float32Array(memory.buffer),
      doubles: new Float64Array(memory.buffer),
      update: (slot, gradientAt, from, count) => {
        this.updates?.take(slot, gradientAt, from, count);
      },
    };
    this.norms = plan.stages.map(({ node }) => node).filter(hasNorm);
    const { mean, deviation } = training.normalisation;
    if (mean !== null) this.machine.floats.set(mean, plan.mean / 4);
    if (deviation !== null) this.machine.floats.set(deviation, plan.deviation / 4);
    this.restart(training.initSeed, training.replicate);
  }

  step(indices: Int32Array, settings: StepSettings): StepResult {
    const count = indices.length;
    if (count < 1 || count > this.training.maxBatch) {
      throw new RangeError(`a step takes 1 to ${String(this.training.maxBatch)} images, not ${String(count)}`);
    }
    this.averages(false);
    this.steps++;
    const { optimizer, accumulate } = this.training;
    const rates = stepRates(optimizer, settings.lr, this.steps);
    const baseRates = stepRates(optimizer, settings.baseLr ?? settings.lr, this.steps);
    const baseLayers = this.training.baseLayers ?? 0;
    this.updates = new Updates(this.machine, this.plan, settings, accumulate > 1, (slot, gradientAt, from, floats) => {
      applyUpdate(this.machine.kernels, optimizer, slot.parameter.layer < baseLayers ? baseRates : rates, slot, gradientAt, from, floats);
    });
    const penalty = settings.l2 === 0 ? 0 : settings.l2 * this.kernelSquares();
    let loss = 0;
    let correct = 0;
    for (const { from, to } of batchParts(count, accumulate)) {
      const part = this.part(indices.subarray(from, to), from, (to - from) / count, settings);
      loss += part.loss;
      correct += part.correct;
    }
    this.updates.finish();
    return { loss: loss + penalty, correct };
  }

  /** Forward and backward over a part of a batch, from image `first` on, that counts by its `share`. */
  private part(indices: Int32Array, first: number, share: number, settings: StepSettings): StepResult {
    const pass = passOf(settings, first);
    const augment = settings.augment?.slice(first, first + indices.length) ?? null;
    this.gather(indices, augment);
    for (const { node } of this.plan.stages) node.forward(this.machine, indices.length, pass);
    const result = augment?.some(({ mixed }) => mixed !== undefined) === true ? this.mixedLoss(indices, augment, share, settings) : this.loss(indices, share, settings);
    this.backward(indices.length, pass);
    this.updates?.partEnded();
    return result;
  }

  private backward(count: number, pass: Pass): void {
    const { stages } = this.plan;
    const gradients = new Map([[stages.length - 1, wholeGradient(this.machine, this.plan.logitsGradient)]]);
    for (let index = stages.length - 1; index >= 0; index--) {
      const above = gradients.get(index);
      const { node, deliveries } = stages[index]!;
      if (above === undefined) continue;
      const below = node.backward(this.machine, count, pass, above);
      for (const delivery of deliveries) gradients.set(delivery.to, delivered(this.machine, count, delivery, below, gradients.get(delivery.to)));
    }
  }

  /**
   * One training's forward pass over the images for all batch norms together (Wu and Johnson 2021,
   * "Rethinking 'Batch' in BatchNorm", section 3). Calibrating each on the others' statistics of inference
   * instead needs a partial pass per batch norm: in ResNet-18 twenty, which made most of an epoch.
   */
  recalibrate(indices: Int32Array, batch: number): void {
    this.averages(true);
    const { machine, plan, norms } = this;
    const trained = norms.filter(({ norm }) => !norm.operation.frozen);
    const joined = trained.map(({ norm }) => new JoinedMoments(norm.operation.input.channels));
    for (const { from, to } of recalibrationBatches(indices.length, batch, plan.images)) {
      this.gather(indices.subarray(from, to), null);
      if (trained.length > 0) for (const { node } of plan.stages) node.forward(machine, to - from, RECALIBRATION);
      trained.forEach(({ norm }, index) => {
        norm.join(machine, to - from, joined[index]!);
      });
    }
    trained.forEach(({ norm }, index) => {
      norm.settle(machine, joined[index]!);
    });
  }

  predict(indices: Int32Array): Float32Array {
    this.averages(true);
    const { classes } = this.program;
    const logits = new Float32Array(indices.length * classes);
    const from = this.plan.logits.at / 4;
    this.eachChunk(indices, (count, first) => {
      for (const { node } of this.plan.stages) node.forward(this.machine, count, INFERENCE);
      logits.set(this.machine.floats.subarray(from, from + count * classes), first * classes);
    });
    return logits;
  }

  state(): Uint8Array {
    this.averages(false);
    return encodeState(this.training.optimizer.name, this.steps, this.tensors());
  }

  load(state: Uint8Array): void {
    this.averages(false);
    this.steps = decodeState(state, this.training.optimizer.name, this.tensors()).steps;
  }

  restart(initSeed: number, replicate: number): void {
    this.averages(false);
    const { plan, machine } = this;
    // Memory that was never written to is zero, and takes no room before it is.
    const used = this.steps > 0;
    for (const { parameter, at, state } of plan.slots.values()) {
      fillInitial(parameter, initSeed, replicate, this.values(at, parameter.count));
      if (used) for (const moment of state) this.values(moment, parameter.count).fill(0);
      const average = this.averageOf(state);
      if (average !== null) this.values(average, parameter.count).set(this.values(at, parameter.count));
    }
    for (const { norm } of this.norms) norm.initialise(machine);
    this.steps = 0;
  }

  dispose(): void {
    // The memory goes with the last reference to this object; there is no other resource.
  }

  /** An image's logits do not depend on its company, so chunks may be of any size. */
  private eachChunk(indices: Int32Array, visit: (count: number, first: number) => void): void {
    const { images } = this.plan;
    for (let first = 0; first < indices.length; first += images) {
      const chunk = indices.subarray(first, Math.min(indices.length, first + images));
      this.gather(chunk, null);
      visit(chunk.length, first);
    }
  }

  private gather(indices: Int32Array, transforms: readonly PixelTransform[] | null): void {
    const { plan, machine, training, program } = this;
    const size = elements(program.input);
    if (training.features === true) {
      this.gatherFeatures(indices, 4 * size);
      return;
    }
    this.source.read(indices, machine.bytes.subarray(plan.pixels, plan.pixels + indices.length * size));
    const mean = training.normalisation.mean === null ? 0 : plan.mean;
    const deviation = training.normalisation.deviation === null ? 0 : plan.deviation;
    const length = program.input.width * program.input.channels;
    for (let image = 0; image < indices.length; image++) {
      const pixels = plan.pixels + image * size;
      const at = imageAt(plan.input, image);
      const transform = transforms?.[image];
      if (transform === undefined) machine.kernels.normalise(pixels, at, plan.input.row, program.input.height, length, mean, deviation);
      else machine.kernels.normalise_floats(this.augmented(pixels, transform), at, plan.input.row, program.input.height, length, mean, deviation);
    }
  }

  private gatherFeatures(indices: Int32Array, bytes: number): void {
    const { plan, machine, program } = this;
    const { height, width, channels } = program.input;
    this.source.read(indices, machine.bytes.subarray(plan.pixels, plan.pixels + indices.length * bytes));
    for (let image = 0; image < indices.length; image++) {
      machine.kernels.spread(plan.pixels + image * bytes, width * channels, imageAt(plan.input, image), plan.input.row, height, width, channels, 1);
    }
  }

  /** Where the image lies, mixed with the one that it is mixed with, whose pixels take the place of its own. */
  private augmented(pixels: number, transform: PixelTransform): number {
    const { machine, program } = this;
    const at = this.transformed(pixels, transform);
    const { mixed } = transform;
    if (mixed === undefined) return at;
    const size = elements(program.input);
    const image = this.values(at, size);
    const own = image.slice();
    this.source.read(Int32Array.of(mixed.image), machine.bytes.subarray(pixels, pixels + size));
    this.transformed(pixels, mixed.transform);
    mix(own, image, mixed.share);
    image.set(own);
    return at;
  }

  /** Where the transformed image lies: float32 [height, width, channels], 0 to 255. */
  private transformed(pixels: number, transform: PixelTransform): number {
    const { machine, program } = this;
    const { augmentation } = this.plan;
    if (augmentation === null) throw new RangeError('this training was compiled without room for augmentation');
    const { height, width, channels } = program.input;
    machine.doubles.set(transform.matrix, augmentation.matrix / 8);
    machine.kernels.augment(
      pixels, augmentation.image, height, width, channels, augmentation.matrix, FILLS[transform.fill], 0, transform.contrast, transform.brightness,
    );
    applyEffects(this.values(augmentation.image, elements(program.input)), program.input, transform);
    return augmentation.image;
  }

  /** Writes the gradient of the logits; the loss without penalty. */
  private loss(indices: Int32Array, share: number, { classWeights, labelSmoothing }: StepSettings): StepResult {
    const { plan, machine, program } = this;
    indices.forEach((index, position) => {
      this.ints[plan.labels / 4 + position] = this.source.labels[index] ?? 0;
    });
    if (classWeights !== null) machine.floats.set(classWeights, plan.classWeights / 4);
    const loss = machine.kernels.cross_entropy(
      plan.logits.at, plan.labels, classWeights === null ? 0 : plan.classWeights, plan.logitsGradient.at, indices.length,
      program.classes, labelSmoothing, plan.correct,
    );
    if (share !== 1) machine.kernels.scale(plan.logitsGradient.at, indices.length * program.classes, share);
    return { loss: loss * share, correct: this.ints[plan.correct / 4] ?? 0 };
  }

  /**
   * As `loss`, image by image. With targets s of the own label and t of the other's, logits z and probabilities
   * p, the kernel gives CE(s) and p - s; then CE(t) = CE(s) + (s - t) z, as both sum to 1, and p - t = (p - s) + (s - t).
   */
  private mixedLoss(indices: Int32Array, augment: readonly PixelTransform[], share: number, { classWeights, labelSmoothing }: StepSettings): StepResult {
    const { plan, machine: { kernels, floats }, program: { classes }, source: { labels } } = this;
    let [loss, correct] = [0, 0];
    indices.forEach((index, position) => {
      const mixed = augment[position]?.mixed;
      const label = labels[index] ?? 0;
      const other = mixed === undefined ? label : (labels[mixed.image] ?? 0);
      const own = ((mixed?.share ?? 1) * (classWeights?.[label] ?? 1) * share) / indices.length;
      const rest = ((1 - (mixed?.share ?? 1)) * (classWeights?.[other] ?? 1) * share) / indices.length;
      const [logits, gradient] = [plan.logits.at, plan.logitsGradient.at].map((at) => at + 4 * position * classes) as [number, number];
      this.ints[plan.labels / 4] = label;
      const ownLoss = kernels.cross_entropy(logits, plan.labels, 0, gradient, 1, classes, labelSmoothing, plan.correct);
      const apart = label === other ? 0 : 1 - labelSmoothing;
      const [z, g] = [logits / 4, gradient / 4];
      loss += (own + rest) * ownLoss + rest * apart * (floats[z + label]! - floats[z + other]!);
      correct += this.ints[plan.correct / 4] ?? 0;
      for (let k = 0; k < classes; k++) floats[g + k] = (own + rest) * floats[g + k]!;
      floats[g + label] = floats[g + label]! + rest * apart;
      floats[g + other] = floats[g + other]! - rest * apart;
    });
    return { loss, correct };
  }

  private kernelSquares(): number {
    let sum = 0;
    for (const { parameter, at } of this.plan.slots.values()) if (isKernel(parameter) && !parameter.frozen) sum += this.machine.kernels.sum_of_squares(at, parameter.count);
    return sum;
  }


  /** Weights, then optimizer state, then statistics of inference; views on the memory. */
  private tensors(): Tensor[] {
    const tensors: Tensor[] = [];
    const slots = [...this.plan.slots.values()];
    for (const { parameter, at } of slots) tensors.push({ name: parameter.name, shape: parameter.shape, values: this.values(at, parameter.count) });
    stateNames(this.training.optimizer).forEach((name, index) => {
      for (const { parameter, state } of slots) {
        if (!parameter.frozen) tensors.push({ name: `${parameter.name}:${name}`, shape: parameter.shape, values: this.values(state[index] ?? 0, parameter.count) });
      }
    });
    for (const { norm } of this.norms) {
      const { channels } = norm.operation.input;
      tensors.push({ name: `${norm.operation.name}/moving_mean`, shape: [channels], values: this.values(norm.inference, channels) });
      tensors.push({ name: `${norm.operation.name}/moving_variance`, shape: [channels], values: this.values(norm.inference + 4 * norm.stride, channels) });
    }
    return tensors;
  }

  /** Where weights are averaged, puts averages or weights where the network reads them. */
  private averages(wanted: boolean): void {
    if (this.swapped === wanted) return;
    this.swapped = wanted;
    for (const { parameter, at, state } of this.plan.slots.values()) {
      const average = this.averageOf(state);
      if (average === null) continue;
      const [weights, averages] = [this.values(at, parameter.count), this.values(average, parameter.count)];
      const held = weights.slice();
      weights.set(averages);
      averages.set(held);
    }
  }

  private averageOf(state: readonly number[]): number | null {
    return this.training.optimizer.ema === undefined ? null : (state.at(-1) ?? null);
  }

  private values(at: number, count: number): Float32Array {
    return this.machine.floats.subarray(at / 4, at / 4 + count);
  }
}

type NormNode = ActivateNode & { readonly norm: BatchNorm };

function hasNorm(node: Node): node is NormNode {
  return node instanceof ActivateNode && node.norm !== null;
}

/** The gradient of an input after what one of its readers gives is added to what others gave `before`. */
function delivered(machine: Machine, count: number, { slice, join }: Delivery, below: Gradient, before: Gradient | undefined): Gradient {
  const own = slice === null ? below : sliced(machine, count, slice.view, slice.channel, below);
  if (join === null) return own;
  const [a, b] = [before?.view, own.view];
  if (a === undefined || a === null || b === null) throw new Error('gradients that are added must lie whole');
  const into = join === 'before' ? a : join === 'own' ? b : join;
  const { height, width, channels } = into.shape;
  for (let image = 0; image < count; image++) {
    machine.kernels.add_images(imageAt(a, image), a.row, imageAt(b, image), b.row, imageAt(into, image), into.row, height, width * channels, 0);
  }
  return wholeGradient(machine, into);
}

function sliced(machine: Machine, count: number, into: View, channel: number, { view }: Gradient): Gradient {
  if (view === null) throw new Error('a gradient that is cut must lie whole');
  for (let image = 0; image < count; image++) copyChannels(machine, view, channel, into, 0, image, into.shape.channels);
  return wholeGradient(machine, into);
}

function passOf(settings: StepSettings, first: number): Pass {
  const rate = settings.dropout;
  if (rate === 0) return { training: true, first, dropout: null };
  const threshold = Math.round(rate * 0x100000000);
  return { training: true, first, dropout: { threshold, scale: 1 / (1 - rate), seed: settings.dropoutSeed } };
}
