/**
 * Whether an engine computes what the `wasm` executor does: what must hold on this machine before it may
 * be used. The `wasm` executor is itself held to finite differences in float64 by the test suite; here
 * it is the reference because it is everywhere and has the same bits everywhere.
 */
import { OPTIMIZERS, ZOO } from '../../../proto/models.js';
import type { Json, OptimizerChoice } from '../../../proto/work.js';
import { buildModel } from '../../model/zoo.js';
import type { Engine, Executable, ImageSource, StepSettings, Training } from '../engine.js';

/** Raised when an executor or what is compared changes: engines that were tested before are tested anew. */
export const CHECK_VERSION = 2;

export interface CheckResult {
  readonly name: string;
  /** Largest difference, relative to the largest value of its kind. */
  readonly worst: number;
  readonly limit: number;
}

interface Case {
  readonly name: string;
  readonly model: string;
  readonly knobs: { readonly [knob: string]: Json };
  readonly size: number;
  readonly channels: 1 | 3;
  readonly optimizer: OptimizerChoice;
  readonly settings: Partial<StepSettings>;
}

const CLASSES = 3;
const BATCH = 8;
const STEPS = 2;
/** Of float32 sums in another order, through two updates. */
const LIMIT = 1e-4;

const PLAIN: StepSettings = { lr: Math.fround(0.01), dropout: 0, classWeights: null, l2: 0, labelSmoothing: 0, clipNorm: null, augment: null, dropoutSeed: 1 };

const CASES: readonly Case[] = [
  { name: 'garth-cnn: convolution, batch norm, max pooling; momentum', model: 'garth-cnn', knobs: { filters: [8, 16, 49], fcWidth: 20 }, size: 28, channels: 1, optimizer: OPTIMIZERS.sgdm, settings: {} },
  { name: 'cnn: average pooling, tanh, colour; Nesterov, class weights', model: 'cnn', knobs: { blocks: 2, filters: 4, pooling: 'average', activation: 'tanh', batchNorm: false, fcWidth: 12 }, size: 17, channels: 3, optimizer: OPTIMIZERS.nesterov, settings: { classWeights: [1, 0.5, 2] } },
  { name: 'lenet5: valid convolutions; SGD with l2 and label smoothing', model: 'lenet5', knobs: {}, size: 20, channels: 1, optimizer: OPTIMIZERS.sgd, settings: { l2: 0.001, labelSmoothing: 0.1 } },
  // The adaptive optimizers divide by the gradient's own size: where that is near zero, the last bits decide the sign of a whole step. A small rate keeps the differences of single weights small.
  { name: 'mlp: dense layers, elu; Adam with a clipped norm', model: 'mlp', knobs: { hidden: [24, 16], activation: 'elu' }, size: 12, channels: 1, optimizer: OPTIMIZERS.adam, settings: { lr: Math.fround(1e-4), clipNorm: 0.5 } },
  { name: 'mlp: sigmoid; AdamW', model: 'mlp', knobs: { hidden: [24], activation: 'sigmoid' }, size: 12, channels: 1, optimizer: OPTIMIZERS.adamw, settings: { lr: Math.fround(1e-4) } },
  { name: 'mlp: relu; RMSProp', model: 'mlp', knobs: { hidden: [24], activation: 'relu' }, size: 12, channels: 1, optimizer: OPTIMIZERS.rmsprop, settings: { lr: Math.fround(1e-4) } },
];

/** Yields a result per case as it is done. Throws what the engines throw. */
export async function* compareEngines(engine: Engine, reference: Engine): AsyncGenerator<CheckResult> {
  for (const wanted of CASES) {
    const ours = await numbersOf(engine, wanted);
    const theirs = await numbersOf(reference, wanted);
    const worst = Math.max(...ours.map((values, kind) => difference(values, theirs[kind] ?? [])));
    yield { name: wanted.name, worst, limit: LIMIT };
  }
}

/** NaN, which is below no limit, where the two have not as many values, or one has none. */
function difference(a: readonly number[], b: readonly number[]): number {
  if (a.length !== b.length || a.length === 0) return Number.NaN;
  const largest = Math.max(...b.map(Math.abs), 1e-6);
  return Math.max(...a.map((value, at) => Math.abs(value - b[at]!))) / largest;
}

/** Logits before training, losses of the steps, logits after. */
async function numbersOf(engine: Engine, wanted: Case): Promise<number[][]> {
  const executable = await compile(engine, wanted, BATCH);
  const images = Int32Array.from({ length: BATCH }, (_, index) => index);
  try {
    executable.recalibrate(images, BATCH);
    const before = [...executable.predict(images)];
    const losses: number[] = [];
    for (let step = 0; step < STEPS; step += 1) losses.push(executable.step(images, { ...PLAIN, ...wanted.settings, dropoutSeed: step }).loss);
    executable.recalibrate(images, BATCH);
    return [before, losses, [...executable.predict(images)]];
  } finally {
    executable.dispose();
  }
}

export interface StepTime {
  /** `garth-cnn-64`: at 64 px, batch 30. */
  readonly name: string;
  readonly msPerStep: number;
}

const BENCH_BATCH = 30;
const BENCH_STEPS = 5;

/** The median of a few steps of garth-cnn, after a warm-up. */
export async function timeStep(engine: Engine, size: number): Promise<StepTime> {
  const wanted: Case = { name: `garth-cnn-${size}`, model: 'garth-cnn', knobs: {}, size, channels: 1, optimizer: OPTIMIZERS.sgdm, settings: {} };
  const executable = await compile(engine, wanted, BENCH_BATCH);
  const images = Int32Array.from({ length: BENCH_BATCH }, (_, index) => index);
  const times: number[] = [];
  try {
    for (let step = 0; step < BENCH_STEPS + 2; step += 1) {
      const began = performance.now();
      executable.step(images, { ...PLAIN, dropout: 0.5, dropoutSeed: step });
      if (step >= 2) times.push(performance.now() - began);
    }
  } finally {
    executable.dispose();
  }
  return { name: wanted.name, msPerStep: times.sort((a, b) => a - b)[BENCH_STEPS >> 1]! };
}

function compile(engine: Engine, wanted: Case, batch: number): Promise<Executable> {
  const { size, channels, optimizer, settings } = wanted;
  const defaults = ZOO.find(({ name }) => name === wanted.model)?.knobs.map((knob) => [knob.name, knob.default] as const) ?? [];
  const knobs = { ...Object.fromEntries(defaults), ...wanted.knobs };
  const topology = buildModel({ name: wanted.model, knobs }, { height: size, width: size, channels }, CLASSES);
  const training: Training = {
    ...{ optimizer, classes: CLASSES, initSeed: 3, replicate: 0, maxBatch: batch, accumulate: 1, augments: false, memoryBytes: null },
    clips: (settings.clipNorm ?? null) !== null,
    normalisation: { mean: null, deviation: null },
  };
  return engine.compile(topology, training, noise(size, channels, batch));
}

/** Images of fixed noise, brighter by class, so that there is something to learn. */
function noise(size: number, channels: 1 | 3, count: number): ImageSource {
  const length = size * size * channels;
  const labels = Uint16Array.from({ length: count }, (_, image) => image % CLASSES);
  // Multiplicative hashing (Knuth): the upper bits of a multiple of 2^32 / golden ratio.
  const pixel = (image: number, at: number): number => ((Math.imul(image * length + at + 1, 0x9e3779b1) >>> 25) + 40 * (image % CLASSES)) & 255;
  return {
    ...{ count, height: size, width: size, channels, labels },
    read: (indices, into) => indices.forEach((image, position) => into.set(Uint8Array.from({ length }, (_, at) => pixel(image, at)), position * length)),
  };
}
