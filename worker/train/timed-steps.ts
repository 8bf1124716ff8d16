import type { ImageTrajectory } from '../../proto/work.js';
import type { Engine, Executable, ImageSource, Training } from '../engine/engine.js';
import { frozenLayers, frozenTopology, type TransferModel } from '../model/transfer.js';
import { buildModel, transferOf } from '../model/zoo.js';
import type { EstimateCase, StepEstimate } from './estimate.js';
import { splitTransfer } from './open-transfer.js';
import { keepsFeatures } from './transfer-models.js';

/** Steps that are timed, after one that is not; the faster one counts, as whatever disturbs a step slows it. */
const TIMED_STEPS = 2;
/** Images whose features are timed. */
const FEATURE_IMAGES = 4;

export type TimedSteps = Omit<StepEstimate, 'index'>;

type Shape = Pick<ImageSource, 'height' | 'width' | 'channels'>;

/** As many images as one batch, all of the same noise: the time of a step does not depend on them. `bytes`: of one of an element. */
function randomImages({ height, width, channels }: Shape, bytes: 1 | 4, count: number, classes: number): ImageSource {
  const pixels = new Uint8Array(height * width * channels * bytes);
  // Multiplicative hashing (Knuth): the upper bits of a multiple of 2^32 / golden ratio. Floats are left at 0: no noise of bytes is a number that a network gives.
  if (bytes === 1) for (let element = 0; element < pixels.length; element++) pixels[element] = Math.imul(element, 0x9e3779b1) >>> 24;
  const labels = Uint16Array.from({ length: count }, (_, image) => image % classes);
  return {
    ...{ count, height, width, channels, labels },
    read: (indices, into) => indices.forEach((_, position) => into.set(pixels, position * pixels.length)),
  };
}

function trainingOf({ optimizer, classes, initSeed, replicate }: ImageTrajectory, maxBatch: number): Training {
  return { optimizer, classes, initSeed, replicate, maxBatch, accumulate: 1, clips: false, augments: false, memoryBytes: null, normalisation: { mean: null, deviation: null } };
}

/** Throws OutOfMemoryError and the model's errors. */
export async function timeSteps(engine: Engine, { trajectory, settings }: EstimateCase): Promise<TimedSteps> {
  const { batch, dropout, base } = settings;
  const { input, classes, model } = trajectory;
  const transfer = model.transfer === undefined ? null : transferOf(model, input, classes);
  if (transfer !== null && keepsFeatures(transfer, settings)) return timeHead(engine, trajectory, transfer, settings);
  const topology = transfer === null ? buildModel(model, input, classes) : frozenTopology(transfer.topology, frozenLayers(transfer, base?.freeze ?? 'none'));
  const executable = await engine.compile(topology, trainingOf(trajectory, batch), randomImages(input, 1, batch, classes));
  try {
    return { msPerStep: fastest(executable, batch, dropout), msPerImageOnce: 0, bytes: executable.memoryBytes };
  } finally {
    executable.dispose();
  }
}

/** Of a head over kept features its steps, and apart from them what each image's features take. */
async function timeHead(engine: Engine, trajectory: ImageTrajectory, model: TransferModel, { batch, dropout }: EstimateCase['settings']): Promise<TimedSteps> {
  const { halves, shape } = splitTransfer(model, engine.numerics);
  const { input, classes } = trajectory;
  const features = frozenTopology(halves.features, halves.features.config.layers.length);
  const outputs = shape.height * shape.width * shape.channels;
  const base = await engine.compile(features, { ...trainingOf(trajectory, FEATURE_IMAGES), optimizer: { name: 'sgd' }, classes: outputs }, randomImages(input, 1, FEATURE_IMAGES, classes));
  let bytes = base.memoryBytes;
  let once: number;
  try {
    const images = Int32Array.from({ length: FEATURE_IMAGES }, (_, image) => image);
    once = least(() => void base.predict(images)) / FEATURE_IMAGES;
  } finally {
    base.dispose();
  }
  const head = await engine.compile(halves.head, { ...trainingOf(trajectory, batch), features: true }, randomImages(shape, 4, batch, classes));
  try {
    bytes = Math.max(bytes, head.memoryBytes);
    return { msPerStep: fastest(head, batch, dropout), msPerImageOnce: once, bytes };
  } finally {
    head.dispose();
  }
}

function fastest(executable: Executable, batch: number, dropout: number): number {
  const images = Int32Array.from({ length: batch }, (_, image) => image);
  const settings = { lr: Math.fround(0.001), dropout, classWeights: null, l2: 0, labelSmoothing: 0, clipNorm: null, augment: null };
  return least((time) => void executable.step(images, { ...settings, dropoutSeed: time }));
}

/** Milliseconds of the fastest, after one that is not counted. */
function least(work: (time: number) => void): number {
  let fewest = Infinity;
  for (let time = 0; time <= TIMED_STEPS; time++) {
    const began = performance.now();
    work(time);
    if (time > 0) fewest = Math.min(fewest, performance.now() - began);
  }
  return fewest;
}
