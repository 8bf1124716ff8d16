import { mix } from '../../initial-weights.js';
import type { JoinedMoments } from '../../joined-moments.js';
import type { Shape } from '../../parameter.js';
import type { Operation } from '../../program.js';
import { type Arena, imageAt, type View } from '../arena.js';
import type { Slot } from '../parameters.js';
import { type DropoutDraw, elements, type Gradient, type Machine, NO_GRADIENT, type Node, type Observer, type Pass, wholeGradient } from './node.js';

export type NormOperation = Extract<Operation, { kind: 'batchNorm' }>;

/** Adjacent layers, in this order and each optional, that one pass over memory does. */
export interface Activation {
  readonly name: string;
  readonly norm: NormOperation | null;
  /** The cap of a ReLU, infinity for one without; null where there is no ReLU. One with a cap goes without dropout and pool. */
  readonly relu: number | null;
  /** Layer index of the dropout: part of its seed; null for none. */
  readonly dropout: number | null;
  /** 2 x 2 max-pool with stride 2 and no padding; only with a ReLU. */
  readonly pool: boolean;
  readonly input: Shape;
  readonly output: Shape;
}

/** Whether it may overwrite its input: nothing else about the input is needed for its gradient. */
export function worksInPlace(activation: Activation): boolean {
  return activation.norm === null && !activation.pool;
}

/** Whether its gradient is worked out from what it gives, which then nobody may overwrite. */
export function readsOutput({ relu }: Activation): boolean {
  return relu !== null && relu !== Infinity;
}

interface Draw {
  readonly threshold: number;
  readonly seed: number;
  readonly seed2: number;
  readonly scale: number;
}

const NO_DRAW: Draw = { threshold: 0, seed: 0, seed2: 0, scale: 1 };

/** Batch norm, ReLU, dropout and pool, fused (kernels/activate.c says how and why). */
export class ActivateNode implements Node, Observer {
  readonly name: string;
  readonly input: View;
  readonly output: View;
  readonly norm: BatchNorm | null;
  /** Set where the node below reports its images as it makes them. */
  observed = false;
  private readonly activation: Activation;
  private readonly winner: number;
  private readonly inner: View | null;
  private readonly wanted: boolean;

  /**
   * `inner`: where to lay the input's gradient whole; null to leave it where the output's is, or, where
   * it cannot be, to make it image by image on demand.
   */
  constructor(activation: Activation, slots: ReadonlyMap<string, Slot>, arena: Arena, images: number, input: View, output: View, inner: View | null, wanted: boolean) {
    this.activation = activation;
    this.name = activation.name;
    this.input = input;
    this.output = output;
    this.inner = inner;
    this.wanted = wanted;
    this.norm = activation.norm === null ? null : new BatchNorm(activation.norm, slots, arena);
    this.winner = activation.pool ? arena.take(images * elements(activation.output)) : 0;
  }

  observe(machine: Machine, image: number): void {
    this.norm?.take(machine, imageAt(this.input, image), this.input.row, image);
  }

  forward(machine: Machine, count: number, pass: Pass): void {
    const { height, width, channels } = this.activation.input;
    const draw = this.draw(pass);
    if (this.norm !== null && pass.training && !this.norm.operation.frozen) {
      if (!this.observed) for (let image = 0; image < count; image++) this.observe(machine, image);
      this.norm.useBatch(machine, count);
    } else this.norm?.useInference(machine);
    if (this.input.at === this.output.at && this.activation.relu === null && this.norm === null && draw.threshold === 0) return;
    const affine = this.norm?.affine ?? 0;
    const stride = this.norm?.stride ?? 0;
    for (let image = 0; image < count; image++) {
      const x = imageAt(this.input, image);
      const y = imageAt(this.output, image);
      if (this.activation.pool) {
        machine.kernels.activate_pool(
          x, this.input.row, y, this.output.row, this.winnerOf(image), height, width, channels, affine, stride,
          this.firstOf(pass.first + image), draw.threshold, draw.seed, draw.seed2, draw.scale,
        );
      } else {
        machine.kernels.activate(
          x, this.input.row, y, this.output.row, height, width, channels, affine, stride, this.activation.relu ?? 0,
          this.firstOf(pass.first + image), draw.threshold, draw.seed, draw.seed2, draw.scale,
        );
      }
    }
  }

  backward(machine: Machine, count: number, pass: Pass, above: Gradient): Gradient {
    const dy = above.view;
    if (dy === null) throw new Error(`${this.name}: the gradient of an activation's output must lie whole`);
    const draw = this.draw(pass);
    if (this.norm !== null) {
      this.norm.clearSums(machine);
      for (let image = 0; image < count; image++) this.sum(machine, image, pass.first, dy, draw, this.norm);
      this.norm.finishBackward(machine, count);
    }
    if (!this.wanted) return NO_GRADIENT;
    const write = (image: number, at: number, row: number): void => {
      this.writeImage(machine, image, pass.first, dy, draw, at, row);
    };
    const into = this.inner ?? (this.inPlace() ? dy : null);
    if (into === null) return { view: null, write };
    for (let image = 0; image < count; image++) write(image, imageAt(into, image), into.row);
    return wholeGradient(machine, into);
  }

  private sum(machine: Machine, image: number, first: number, dy: View, draw: Draw, norm: BatchNorm): void {
    const { height, width, channels } = this.activation.input;
    const x = imageAt(this.input, image);
    if (this.activation.pool) {
      machine.kernels.pool_sums(x, this.input.row, this.winnerOf(image), imageAt(dy, image), dy.row, height, width, channels, norm.affine, draw.scale, norm.sums);
      return;
    }
    machine.kernels.activate_sums(
      x, this.input.row, imageAt(this.output, image), this.output.row, imageAt(dy, image), dy.row, height, width, channels,
      norm.affine, this.activation.relu ?? 0, this.firstOf(first + image), draw.threshold, draw.seed, draw.seed2, draw.scale, norm.sums,
    );
  }

  private writeImage(machine: Machine, image: number, first: number, dy: View, draw: Draw, at: number, row: number): void {
    const { height, width, channels } = this.activation.input;
    const x = imageAt(this.input, image);
    const back = this.norm?.back ?? 0;
    const stride = this.norm?.stride ?? 0;
    if (this.activation.pool) {
      machine.kernels.pool_back(x, this.input.row, this.winnerOf(image), imageAt(dy, image), dy.row, at, row, height, width, channels, back, stride, draw.scale);
      return;
    }
    machine.kernels.activate_back(
      x, this.input.row, imageAt(this.output, image), this.output.row, imageAt(dy, image), dy.row, at, row, height, width,
      channels, back, stride, this.activation.relu ?? 0, this.firstOf(first + image), draw.threshold, draw.seed, draw.seed2, draw.scale,
    );
  }

  private inPlace(): boolean {
    return worksInPlace(this.activation);
  }

  private winnerOf(image: number): number {
    return this.winner + image * elements(this.activation.output);
  }

  private firstOf(image: number): number {
    return image * elements(this.activation.input);
  }

  private draw(pass: Pass): Draw {
    const { dropout } = this.activation;
    if (dropout === null || pass.dropout === null) return NO_DRAW;
    return drawOf(pass.dropout, dropout);
  }
}

function drawOf(dropout: DropoutDraw, layer: number): Draw {
  const seed = mix(mix(dropout.seed) + layer);
  return { threshold: dropout.threshold, scale: dropout.scale, seed, seed2: mix(seed ^ 0x5bd1e995) };
}

/** Statistics and coefficients of one batch-norm layer. */
export class BatchNorm {
  readonly operation: NormOperation;
  /** Floats between the vectors below: channels, rounded up so that groups of four never mix them. */
  readonly stride: number;
  /** float32 [3, stride]: mean, scale, shift. */
  readonly affine: number;
  /** float32 [4, stride]: mean, scale, slope, shift. */
  readonly back: number;
  /** float64 [2, channels]. */
  readonly sums: number;
  /** float32 [2, stride]: mean and biased variance that inference uses. */
  readonly inference: number;
  private readonly gamma: Slot | null;
  private readonly beta: Slot | null;
  private readonly batch: number;
  private readonly statistics: number;
  private readonly scratch: number;
  private readonly gradients: number;
  private readonly pixels: number;

  constructor(operation: NormOperation, slots: ReadonlyMap<string, Slot>, arena: Arena) {
    const { height, width, channels } = operation.input;
    this.operation = operation;
    this.gamma = operation.gamma === null ? null : slots.get(operation.gamma.name)!;
    this.beta = operation.beta === null ? null : slots.get(operation.beta.name)!;
    this.pixels = height * width;
    this.stride = Math.ceil(channels / 4) * 4;
    this.affine = arena.floats(3 * this.stride);
    this.back = arena.floats(4 * this.stride);
    this.inference = arena.floats(2 * this.stride);
    this.batch = arena.floats(2 * this.stride);
    this.gradients = arena.floats(2 * this.stride);
    this.sums = arena.doubles(2 * channels);
    this.statistics = arena.doubles(2 * channels);
    this.scratch = arena.doubles(3 * channels);
  }

  /** Mean 0 and variance 1 until the first recalibration. */
  initialise(machine: Machine): void {
    machine.floats.fill(0, this.inference / 4, this.inference / 4 + this.stride);
    machine.floats.fill(1, this.inference / 4 + this.stride, this.inference / 4 + 2 * this.stride);
  }

  /** Takes image number `nth` into the running statistics; 0 begins anew. */
  take(machine: Machine, x: number, row: number, nth: number): void {
    const { height, width, channels } = this.operation.input;
    machine.kernels.image_statistics(x, row, height, width, channels, nth, this.statistics, this.scratch);
  }

  useBatch(machine: Machine, count: number): void {
    machine.kernels.moments(this.statistics, count * this.pixels, this.operation.input.channels, this.batch, this.stride);
    this.use(machine, this.batch);
  }

  useInference(machine: Machine): void {
    this.use(machine, this.inference);
  }

  /** Gives the statistics of the `count` images that were taken last to `joined`. */
  join(machine: Machine, count: number, joined: JoinedMoments): void {
    const { channels } = this.operation.input;
    const from = this.statistics / 8;
    joined.take(machine.doubles.subarray(from, from + channels), machine.doubles.subarray(from + channels, from + 2 * channels), count * this.pixels);
  }

  /** Makes them those of inference. */
  settle(machine: Machine, joined: JoinedMoments): void {
    machine.floats.set(joined.mean(), this.inference / 4);
    machine.floats.set(joined.variance(), this.inference / 4 + this.stride);
  }

  clearSums(machine: Machine): void {
    machine.bytes.fill(0, this.sums, this.sums + 16 * this.operation.input.channels);
  }

  finishBackward(machine: Machine, count: number): void {
    const { channels } = this.operation.input;
    const dbeta = this.gradients + 4 * this.stride;
    machine.kernels.back_of(
      this.sums, count * this.pixels, this.batch, this.gamma?.at ?? 0, this.operation.epsilon, channels, this.stride,
      this.back, this.gradients, dbeta,
    );
    if (this.gamma !== null) machine.update(this.gamma, this.gradients, 0, channels);
    if (this.beta !== null) machine.update(this.beta, dbeta, 0, channels);
  }

  private use(machine: Machine, moments: number): void {
    machine.kernels.affine_of(moments, this.gamma?.at ?? 0, this.beta?.at ?? 0, this.operation.epsilon, this.operation.input.channels, this.stride, this.affine);
  }
}
