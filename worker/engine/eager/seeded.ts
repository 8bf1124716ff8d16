/**
 * What tf.layers would draw from generators of its own, drawn from trawl's seeds: initial weights and
 * dropout masks. tf.layers' seeded dropout repeats one mask every step, and its initializers count on from
 * model to model; neither can be resumed. Both are registered with tf.layers, whose configurations name them.
 */
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { fillInitial, mix } from '../initial-weights.js';
import { drawOf, type Draw, readInitializer } from '../initializer.js';
import type { Json } from '../../../proto/work.js';

/** Of the model that is being built. */
interface Seeds {
  readonly initSeed: number;
  readonly replicate: number;
  /** How many weights of each layer were drawn already. */
  readonly drawn: Map<number, number>;
}

/** Of the step that is being made. */
export interface DropoutStep {
  readonly seed: number;
  readonly rate: number;
  /** Image of the step that this part of it begins with. */
  readonly first: number;
}

let seeds: Seeds | null = null;
let dropping: DropoutStep | null = null;

/** Builds a model whose weights are drawn from these seeds. */
export function withSeeds<T>(initSeed: number, replicate: number, build: () => T): T {
  seeds = { initSeed, replicate, drawn: new Map() };
  try {
    return build();
  } finally {
    seeds = null;
  }
}

/** Runs a forward pass in which dropout layers drop; null for one in which they do not. */
export function withDropout<T>(step: DropoutStep | null, run: () => T): T {
  dropping = step;
  try {
    return run();
  } finally {
    dropping = null;
  }
}

/** How values are drawn: `mean` is added; or an orthogonal matrix, times `gain`. */
type Sample = { readonly kind: 'draw'; readonly initial: Draw; readonly mean: number } | { readonly kind: 'orthogonal'; readonly gain: number };

type Settings = { readonly [field: string]: Json };

/** Whether an initializer in tf.layers' words draws; where it does not, tf.layers' own serves. */
export function isRandom(value: Json): boolean {
  return sampleOf(value, [1, 1]) !== null;
}

function sampleOf(value: Json, shape: readonly number[]): Sample | null {
  const { className, config } = partsOf(value);
  const number = (field: string, fallback: number): number => (typeof config[field] === 'number' ? config[field] : fallback);
  switch (className.replaceAll('_', '').toLowerCase()) {
    case 'randomnormal':
      return { kind: 'draw', initial: { kind: 'normal', deviation: number('stddev', 0.05), cut: Infinity }, mean: number('mean', 0) };
    case 'truncatednormal':
      return { kind: 'draw', initial: { kind: 'normal', deviation: number('stddev', 0.05), cut: 2 }, mean: number('mean', 0) };
    case 'randomuniform': {
      const [least, most] = [number('minval', -0.05), number('maxval', 0.05)];
      return { kind: 'draw', initial: { kind: 'uniform', limit: (most - least) / 2 }, mean: (most + least) / 2 };
    }
    case 'orthogonal':
      return { kind: 'orthogonal', gain: number('gain', 1) };
    default: {
      const read = readInitializer(typeof value === 'string' ? value : { class_name: className, config });
      return read === null ? null : { kind: 'draw', initial: drawOf(read, ...fansOf(shape)), mean: 0 };
    }
  }
}

export function partsOf(value: Json): { readonly className: string; readonly config: Settings } {
  if (typeof value === 'string') return { className: value, config: {} };
  const { className, config } = value as { readonly className?: Json; readonly config?: Json };
  return { className: typeof className === 'string' ? className : '', config: (config ?? {}) as Settings };
}

/** As keras.initializers' compute_fans: all but the last two axes are a window. */
function fansOf(shape: readonly number[]): [number, number] {
  const [inputs = 1, outputs = inputs] = shape.slice(-2);
  const window = shape.slice(0, -2).reduce((product, size) => product * size, 1);
  return [window * inputs, window * outputs];
}

export class SeededInitializer extends tf.serialization.Serializable {
  static className = 'SeededInitializer';
  readonly #original: Json;
  readonly #layer: number;

  constructor({ original, layer }: tf.serialization.ConfigDict) {
    super();
    this.#original = original as Json;
    this.#layer = layer as number;
  }

  apply(shape: readonly number[]): tf.Tensor {
    if (seeds === null) throw new Error('weights are drawn while a model is built, and at no other time');
    const { initSeed, replicate, drawn } = seeds;
    const sample = sampleOf(this.#original, shape);
    if (sample === null) throw new RangeError(`${JSON.stringify(this.#original)} draws nothing`);
    const nth = drawn.get(this.#layer) ?? 0;
    drawn.set(this.#layer, nth + 1);
    const count = shape.reduce((product, size) => product * size, 1);
    const values = new Float32Array(count);
    const draw = (initial: Draw): void => fillInitial({ name: '', shape, count, initial, layer: this.#layer, nth, frozen: false }, initSeed, replicate, values);
    if (sample.kind === 'draw') {
      draw(sample.initial);
      return tf.tensor(sample.mean === 0 ? values : values.map((value) => value + sample.mean), [...shape], 'float32');
    }
    draw({ kind: 'normal', deviation: 1, cut: Infinity });
    return tf.tensor(orthogonal(values, shape, sample.gain), [...shape], 'float32');
  }

  getConfig(): tf.serialization.ConfigDict {
    return { original: this.#original as tf.serialization.ConfigDictValue, layer: this.#layer };
  }
}

/**
 * From normal draws a matrix [all axes but the last, the last] with orthonormal rows or columns, whichever
 * are fewer, by Gram and Schmidt's method (modified), as keras.initializers.Orthogonal makes it by QR.
 */
function orthogonal(draws: Float32Array, shape: readonly number[], gain: number): Float32Array {
  const columns = shape.at(-1) ?? 1;
  const rows = draws.length / columns;
  const [count, length] = rows < columns ? [rows, columns] : [columns, rows];
  const vectors = Array.from({ length: count }, (_, vector) => Float64Array.from(draws.subarray(vector * length, (vector + 1) * length)));
  const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, value, at) => sum + value * b[at]!, 0);
  vectors.forEach((vector, index) => {
    for (const before of vectors.slice(0, index)) {
      const along = dot(vector, before);
      before.forEach((value, at) => (vector[at]! -= along * value));
    }
    const norm = Math.sqrt(dot(vector, vector));
    vector.forEach((value, at) => (vector[at] = value / norm));
  });
  return draws.map((_, at) => {
    const [row, column] = [Math.floor(at / columns), at % columns];
    return gain * (rows < columns ? vectors[row]![column]! : vectors[column]![row]!);
  });
}

/** Dropout at the rate of the step, with the masks of the wasm executor (kernels/hash.h). */
export class SeededDropout extends layers.layers.Layer {
  static className = 'SeededDropout';
  readonly #layer: number;

  constructor(args: tf.serialization.ConfigDict) {
    super(args);
    this.supportsMasking = true;
    this.#layer = args.layer as number;
  }

  override computeOutputShape(shape: layers.Shape): layers.Shape {
    return shape;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const x = Array.isArray(inputs) ? inputs[0]! : inputs;
    if (dropping === null || dropping.rate === 0) return x;
    return tf.mul(x, tf.tensor(maskOf(dropping, this.#layer, x.shape), x.shape, 'float32'));
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), layer: this.#layer };
  }
}

/** 0 for what is dropped, else 1 / (1 - rate). `shape` [batch, ...]. */
function maskOf({ seed, rate, first }: DropoutStep, layer: number, shape: readonly number[]): Float32Array {
  const count = shape.reduce((product, size) => product * size, 1);
  const key = mix(mix(seed) + layer);
  const key2 = mix(key ^ 0x5bd1e995);
  const threshold = Math.round(rate * 2 ** 32);
  const kept = 1 / (1 - rate);
  const from = first * (count / (shape[0] ?? 1));
  const mask = new Float32Array(count);
  for (let element = 0; element < count; element++) {
    let hash = Math.imul(from + element, 0x9e3779b1);
    hash = Math.imul(hash ^ (hash >>> 16) ^ key, 0x85ebca6b);
    hash = Math.imul((hash ^ (hash >>> 13)) + key2, 0xc2b2ae35);
    if ((hash ^ (hash >>> 16)) >>> 0 >= threshold) mask[element] = kept;
  }
  return mask;
}

tf.serialization.registerClass(SeededInitializer);
tf.serialization.registerClass(SeededDropout);
