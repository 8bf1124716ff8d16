/**
 * Image classifiers in a child's memory. The compiled model, the open pixels and the state stay from
 * one order to the next, so a stage that follows another on the same child loads nothing.
 */
import { readFile } from 'node:fs/promises';
import { canonicalJson } from '../../proto/canonical.js';
import type { ImageTrajectory } from '../../proto/work.js';
import type { Engine, Executable, Training } from '../engine/engine.js';
import { buildModel } from '../model/zoo.js';
import type { WarmTrainers } from './child.js';
import { ImageClassifier } from './image-classifier.js';
import type { ImageData } from './image-data.js';
import type { Order } from './protocol.js';
import { stateSignature } from './signature.js';
import type { Trainer } from './trainer.js';

interface OpenData {
  readonly name: string;
  readonly data: ImageData;
}

interface Compiled {
  readonly signature: string;
  readonly executable: Executable;
  readonly maxBatch: number;
}

/** Opens the pixels that an order names. */
export type OpenImages = (order: Order) => ImageData;

/** Batch of an evaluation, as far as memory allows; predictions have the same bits at any. */
const EVALUATION_BATCH = 32;

/** Set where the process runs with --expose-gc: a model's memory that was let go must not count against the limit. */
const collectGarbage = (globalThis as { gc?: () => void }).gc;

/** Largest batch of a training order's steps; null for an evaluation, which takes none. */
function largestBatch(order: Order): number | null {
  if (order.kind === 'evaluate') return null;
  return Math.max(...order.work.epochs.map((settings) => ('batch' in settings ? settings.batch : 1)));
}

export class WarmImages implements WarmTrainers {
  readonly #engine: Engine;
  readonly #open: OpenImages;
  #data: OpenData | null = null;
  #compiled: Compiled | null = null;
  /** True while the executable's state is the end of an epoch that was finished. */
  #holdsState = false;

  constructor(engine: Engine, open: OpenImages) {
    this.#engine = engine;
    this.#open = open;
  }

  async prepare(order: Order): Promise<Trainer> {
    const trajectory = order.work.trajectory as ImageTrajectory;
    // The decoder's part of the numerics is the agent's to keep: it made the pixels.
    if (!trajectory.numerics.startsWith(`${this.#engine.numerics}:`)) {
      throw new Error(`this worker's engine is ${this.#engine.numerics}, and the trajectory is one of ${trajectory.numerics}; it must run where its numerics are`);
    }
    const signature = stateSignature(trajectory);
    const state = await this.#startingState(order, signature);
    // Initial weights come from compiling alone.
    const compiled = state === 'initial' || !this.#fits(order, signature) ? await this.#compile(order, trajectory, signature) : this.#compiled!;
    if (state instanceof Uint8Array) compiled.executable.load(state);
    this.#holdsState = true;
    const { source, parts } = this.#data!.data;
    return new ImageClassifier(trajectory, compiled.executable, source, parts);
  }

  forget(): void {
    this.#holdsState = false;
  }

  #fits(order: Order, signature: string): boolean {
    return this.#compiled?.signature === signature && this.#compiled.maxBatch >= (largestBatch(order) ?? 1);
  }

  /** Bytes to load, or 'initial' weights, or 'held': in place already. */
  async #startingState(order: Order, signature: string): Promise<Uint8Array | 'initial' | 'held'> {
    if (order.start.from === 'nothing') return 'initial';
    if (order.start.from === 'file') return readFile(order.start.path);
    if (!this.#holdsState || this.#compiled?.signature !== signature) throw new Error('the state that was to be in memory is not there');
    // A larger batch needs other buffers: the state moves to them.
    return this.#fits(order, signature) ? 'held' : this.#compiled.executable.state();
  }

  async #compile(order: Order, trajectory: ImageTrajectory, signature: string): Promise<Compiled> {
    this.#compiled?.executable.dispose();
    this.#compiled = null;
    this.#holdsState = false;
    const data = this.#openData(order, trajectory);
    collectGarbage?.();
    const limit = order.memoryBytes - process.memoryUsage.rss();
    const topology = buildModel(trajectory.model, trajectory.input, trajectory.classes);
    let maxBatch = largestBatch(order) ?? EVALUATION_BATCH;
    const training = (): Training => trainingOf(trajectory, data, maxBatch, limit);
    if (order.kind === 'evaluate') {
      while (maxBatch > 1 && this.#engine.estimate(topology, training()) > limit) maxBatch = Math.floor(maxBatch / 2);
    }
    const executable = await this.#engine.compile(topology, training(), data.source);
    this.#compiled = { signature, executable, maxBatch };
    return this.#compiled;
  }

  #openData(order: Order, trajectory: ImageTrajectory): ImageData {
    const name = canonicalJson([trajectory.data, trajectory.input]);
    if (this.#data?.name === name) return this.#data.data;
    this.#data?.data.close();
    this.#data = null;
    const data = this.#open(order);
    this.#data = { name, data };
    return data;
  }
}

function trainingOf(trajectory: ImageTrajectory, data: ImageData, maxBatch: number, memoryBytes: number): Training {
  const { optimizer, classes, initSeed, replicate } = trajectory;
  // A batch larger than the training part is one step over all of it; an evaluation's may be as large as it likes.
  return { optimizer, classes, normalisation: data.normalisation, initSeed, replicate, maxBatch: Math.min(maxBatch, data.source.count), memoryBytes };
}
