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
  readonly room: Room;
}

/** Opens the pixels that an order names. */
export type OpenImages = (order: Order) => ImageData;

/** Batch of an evaluation, as far as memory allows; predictions have the same bits at any. */
const EVALUATION_BATCH = 32;

/** Set where the process runs with --expose-gc: a model's memory that was let go must not count against the limit. */
const collectGarbage = (globalThis as { gc?: () => void }).gc;

/** What a compiled model must have room for. */
type Room = Pick<Training, 'maxBatch' | 'accumulate' | 'clips' | 'augments'>;

/** For a training order's steps; an evaluation takes none. */
function roomFor(order: Order): Room {
  if (order.kind === 'evaluate') return { maxBatch: 1, accumulate: 1, clips: false, augments: false };
  const epochs = order.work.epochs.filter((settings) => 'batch' in settings);
  return {
    maxBatch: Math.max(1, ...epochs.map(({ batch }) => batch)),
    // The epochs of one span differ in their rates alone.
    accumulate: epochs[0]?.accumulate ?? 1,
    clips: epochs.some(({ clipNorm }) => clipNorm !== null),
    augments: epochs.some(({ augment }) => augment !== null),
  };
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
    if (this.#compiled?.signature !== signature) return false;
    const wanted = roomFor(order);
    const { maxBatch, accumulate, clips, augments } = this.#compiled.room;
    const cut = order.kind === 'evaluate' || accumulate === wanted.accumulate;
    return cut && maxBatch >= wanted.maxBatch && (clips || !wanted.clips) && (augments || !wanted.augments);
  }

  /** Bytes to load, or 'initial' weights, or 'held': in place already. */
  async #startingState(order: Order, signature: string): Promise<Uint8Array | 'initial' | 'held'> {
    if (order.start.from === 'nothing') return 'initial';
    if (order.start.from === 'file') return readFile(order.start.path);
    if (!this.#holdsState || this.#compiled?.signature !== signature) throw new Error('the state that was to be in memory is not there');
    // A larger batch, clipping and augmentation need other buffers: the state moves to them.
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
    let room = roomFor(order);
    const training = (): Training => trainingOf(trajectory, data, room, limit);
    if (order.kind === 'evaluate') {
      room = { ...room, maxBatch: EVALUATION_BATCH };
      while (room.maxBatch > 1 && this.#engine.estimate(topology, training()) > limit) room = { ...room, maxBatch: Math.floor(room.maxBatch / 2) };
    }
    const executable = await this.#engine.compile(topology, training(), data.source);
    this.#compiled = { signature, executable, room };
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

function trainingOf(trajectory: ImageTrajectory, data: ImageData, room: Room, memoryBytes: number): Training {
  const { optimizer, classes, initSeed, replicate } = trajectory;
  // A batch larger than the training part is one step over all of it; an evaluation's may be as large as it likes.
  return { optimizer, classes, normalisation: data.normalisation, initSeed, replicate, ...room, maxBatch: Math.min(room.maxBatch, data.source.count), memoryBytes };
}
