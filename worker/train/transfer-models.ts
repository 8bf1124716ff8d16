/**
 * The models of a transfer: which of the base's layers an epoch trains is a matter of its settings, and a
 * model is compiled for each such choice when the first epoch asks for it.
 *
 * Where the whole base is frozen and nothing is augmented, an image's features never change. They are
 * computed once, kept on the box (worker/data/features.ts), and the head alone is trained, over them. On
 * the wasm engine that gives the bits of the whole model: what is frozen runs the same kernels in training
 * as in inference, where an image's values do not depend on its company. A checkpoint is of the whole
 * model in either case.
 */
import { createHash } from 'node:crypto';
import { canonicalJson } from '../../proto/canonical.js';
import type { ImageEpochSettings, ImageTrajectory } from '../../proto/work.js';
import { DataError } from '../data/data-error.js';
import { ensureFeatures, featurePath, type FeatureShape, openFeatures } from '../data/features.js';
import type { OpenImageSource } from '../data/image-source.js';
import type { PixelTable } from '../data/pixel-table.js';
import { type Engine, type Executable, OutOfMemoryError, type Training } from '../engine/engine.js';
import { inferenceState, isOptimizerState, sameTensors, stateOf, tensorsIn, type Tensor, weightsState } from '../engine/state.js';
import type { NamedTensor } from '../model/safetensors.js';
import { frozenLayers, frozenTopology, type Halves, type TransferModel } from '../model/transfer.js';
import { Breather } from './breather.js';
import type { ImageData } from './image-data.js';
import type { Loaded, Models } from './models.js';
import type { EpochWatch } from './trainer.js';

export interface TransferParts {
  readonly engine: Engine;
  readonly trajectory: ImageTrajectory;
  readonly model: TransferModel;
  readonly halves: Halves;
  /** Of what the first half gives. */
  readonly shape: FeatureShape;
  readonly weights: readonly NamedTensor[];
  readonly data: ImageData;
  readonly pixels: PixelTable;
  readonly training: Training;
}

const PREDICTED_TOGETHER = 16;
const PREDICTING = { accumulate: 1, clips: false, augments: false } as const;

interface Mode {
  /** Layers that are not trained; of the head alone, all of the base. */
  readonly frozen: number;
  readonly overFeatures: boolean;
}

/** Whether an epoch trains the head alone, over features that are computed once. */
export function keepsFeatures(model: TransferModel, { base, augment }: Pick<ImageEpochSettings, 'base' | 'augment'>): boolean {
  return frozenLayers(model, base?.freeze ?? 'none') === model.base && augment === null;
}

export class TransferModels implements Models {
  readonly #parts: TransferParts;
  readonly #breather = new Breather();
  #mode: Mode | null = null;
  #loaded: Loaded | null = null;
  #features: OpenImageSource | null = null;
  /** Of the base, where the head alone is loaded: parameters, and moving statistics. */
  #base: readonly Tensor[] = [];
  /** What was loaded to predict, whole: a training goes on from it, and not from what predicting needs of it. */
  #predictedFrom: Uint8Array | null = null;

  constructor(parts: TransferParts) {
    this.#parts = parts;
  }

  get current(): Loaded {
    if (this.#loaded === null) throw new Error('no model is loaded');
    return this.#loaded;
  }

  get params(): number {
    return this.#base.reduce((sum, { values }) => sum + values.length, this.current.executable.params);
  }

  /** The weights that a training begins with: the base's from elsewhere, the head's drawn. Throws OutOfMemoryError, DataError. */
  async begin(settings: ImageEpochSettings): Promise<void> {
    const mode = this.#modeOf(settings);
    const whole = await this.#compileWhole(mode);
    whole.load(withBase(whole.state(), this.#parts));
    this.#settle(whole, mode.frozen);
  }

  /** From a checkpoint of the whole model; `settings` of the epoch that follows, null for predictions alone. */
  async load(state: Uint8Array, settings: ImageEpochSettings | null): Promise<void> {
    if (settings === null) {
      await this.#predictFrom(state);
      return;
    }
    const mode = this.#modeOf(settings);
    const whole = await this.#compileWhole(mode);
    goOn(whole, state);
    this.#settle(whole, mode.frozen);
  }

  async forEpoch(settings: ImageEpochSettings, watch: EpochWatch): Promise<Loaded | null> {
    const wanted = this.#modeOf(settings);
    const mode = this.#mode;
    if (mode?.frozen === wanted.frozen && mode.overFeatures === wanted.overFeatures) return this.current;
    if (wanted.overFeatures) return this.#toHead(watch);
    const state = this.state();
    const whole = await this.#compileWhole(wanted);
    goOn(whole, state);
    this.#settle(whole, wanted.frozen);
    return this.current;
  }

  state(): Uint8Array {
    if (this.#predictedFrom !== null) return this.#predictedFrom;
    const state = this.current.executable.state();
    if (this.#mode?.overFeatures !== true) return state;
    const statistics = this.#base.filter(isStatistic);
    return stateOf(state, [...this.#base.filter((tensor) => !isStatistic(tensor)), ...tensorsIn(state), ...statistics]);
  }

  dispose(): void {
    this.#drop();
    this.#features?.close();
    this.#features = null;
  }

  #modeOf(settings: ImageEpochSettings): Mode {
    const { model } = this.#parts;
    return { frozen: frozenLayers(model, settings.base?.freeze ?? 'none'), overFeatures: keepsFeatures(model, settings) };
  }

  async #predictFrom(state: Uint8Array): Promise<void> {
    const { base } = this.#parts.model;
    const whole = await this.#compileWhole({ frozen: base, overFeatures: true });
    whole.load(inferenceState(state));
    this.#settle(whole, base);
    this.#mode = null;
    this.#predictedFrom = state;
  }

  #settle(executable: Executable, frozen: number): void {
    this.#loaded = { executable, source: this.#parts.data.source };
    this.#mode = { frozen, overFeatures: false };
    this.#base = [];
    this.#predictedFrom = null;
  }

  #drop(): void {
    this.#loaded?.executable.dispose();
    this.#loaded = null;
  }

  /** Where the head alone will be trained, the whole model has room for predictions only. */
  #compileWhole({ frozen, overFeatures }: Mode): Promise<Executable> {
    const { engine, model, training, data } = this.#parts;
    this.#drop();
    const topology = frozenTopology(model.topology, frozen);
    const whole = { ...training, baseLayers: model.base };
    if (!overFeatures) return engine.compile(topology, whole, data.source);
    return withLessRoom((maxBatch) => engine.compile(topology, { ...whole, ...PREDICTING, maxBatch }, data.source));
  }

  /** The head over kept features, which are computed where they are not there. */
  async #toHead(watch: EpochWatch): Promise<Loaded | null> {
    const { engine, halves, training, pixels, shape, model } = this.#parts;
    const state = this.state();
    const base = baseTensors(state, model);
    const path = this.#path(base);
    this.#drop();
    if (!(await this.#compute(path, base, watch))) {
      await this.#predictFrom(state);
      return null;
    }
    this.#features?.close();
    this.#features = openFeatures(path, shape, pixels);
    const executable = await engine.compile(halves.head, { ...training, features: true, normalisation: { mean: null, deviation: null } }, this.#features);
    const ofHead = (whole: Uint8Array): Uint8Array => stateOf(whole, tensorsIn(whole).filter((tensor) => !isOfBase(tensor, model)));
    const trainedBase = tensorsIn(state).some((tensor) => isOptimizerState(tensor) && isOfBase(tensor, model));
    executable.load(ofHead(trainedBase ? weightsState(state) : state));
    this.#loaded = { executable, source: this.#features };
    this.#mode = { frozen: model.base, overFeatures: true };
    this.#base = base;
    this.#predictedFrom = null;
    return this.#loaded;
  }

  async #compute(path: string, base: readonly Tensor[], watch: EpochWatch): Promise<boolean> {
    const { data, shape } = this.#parts;
    const { count } = data.source;
    let network: Executable | null = null;
    try {
      const compiled = await this.#compileFeatures();
      network = compiled;
      compiled.load(stateOf(weightsState(compiled.state()), base));
      return await ensureFeatures(path, count, shape, (indices) => compiled.predict(indices), async (done) => {
        if (done > 0) watch.step(done, count, NaN);
        if (this.#breather.due()) await this.#breather.breathe();
        return watch.interrupted();
      });
    } finally {
      network?.dispose();
    }
  }

  async #compileFeatures(): Promise<Executable> {
    const { engine, halves, training, data, shape } = this.#parts;
    const classes = shape.height * shape.width * shape.channels;
    const topology = frozenTopology(halves.features, halves.features.config.layers.length);
    return withLessRoom((maxBatch) => engine.compile(topology, { ...training, ...PREDICTING, classes, maxBatch }, data.source));
  }

  /** By all that the features depend on: whatever trained the base, its weights say it. */
  #path(base: readonly Tensor[]): string {
    const { trajectory, pixels, halves } = this.#parts;
    const hash = createHash('sha256').update(canonicalJson([trajectory.numerics, trajectory.data, trajectory.input, halves.features]));
    for (const { name, values } of base) hash.update(name).update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    return featurePath(pixels.path, hash.digest('hex'));
  }
}

/** For as many images at once as memory allows: they have the same bits at any number. */
async function withLessRoom(compile: (maxBatch: number) => Promise<Executable>): Promise<Executable> {
  for (let maxBatch = PREDICTED_TOGETHER; ; maxBatch = Math.floor(maxBatch / 2)) {
    try {
      return await compile(maxBatch);
    } catch (error) {
      if (maxBatch === 1 || !(error instanceof OutOfMemoryError)) throw error;
    }
  }
}

function isStatistic({ name }: Pick<Tensor, 'name'>): boolean {
  return name.endsWith('/moving_mean') || name.endsWith('/moving_variance');
}

/** Where other parameters were trained so far, their optimizer is of no use to these: it begins anew, wherever the span is cut. */
function goOn(executable: Executable, state: Uint8Array): void {
  executable.load(sameTensors(executable.state(), state) ? state : weightsState(state));
}

/** Of a state of the whole model, without an optimizer's. */
function baseTensors(state: Uint8Array, model: TransferModel): Tensor[] {
  return tensorsIn(state).filter((tensor) => !isOptimizerState(tensor) && isOfBase(tensor, model));
}

function isOfBase(tensor: Tensor, { topology, base }: TransferModel): boolean {
  const layer = layerOf(tensor);
  return topology.config.layers.some(({ config }, index) => index < base && config.name === layer);
}

/** Of LAYER/kernel; a layer's own name may have a '/'. */
function layerOf({ name }: Pick<Tensor, 'name'>): string {
  return name.slice(0, name.lastIndexOf('/'));
}

/** A fresh state with the base's weights in their places. Throws DataError where one is missing or has another shape; those that are not the model's are passed over. */
function withBase(state: Uint8Array, { weights, model }: Pick<TransferParts, 'weights' | 'model'>): Uint8Array {
  const known = new Map(weights.map((tensor) => [tensor.name, tensor]));
  return stateOf(state, tensorsIn(state).map((tensor) => {
    if (isOptimizerState(tensor) || !isOfBase(tensor, model)) return tensor;
    const given = known.get(tensor.name);
    // Samplers that draw as they go may come to a base that nobody has held against the weights.
    if (given === undefined) throw new DataError(`the weights have no ${tensor.name}, which the base up to ${model.topology.config.layers[model.base - 1]?.config.name ?? ''} needs`);
    if (canonicalJson([...given.shape]) !== canonicalJson([...tensor.shape])) {
      throw new DataError(`the weights have ${tensor.name} of [${given.shape.join(', ')}], and the model one of [${tensor.shape.join(', ')}]`);
    }
    return { ...tensor, values: given.values };
  }));
}
