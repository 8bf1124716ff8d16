/**
 * Image classifiers in a child's memory. The compiled model, the open pixels and the state stay from
 * one order to the next, so a stage that follows another on the same child loads nothing, and one of
 * another trajectory of the same model compiles nothing.
 */
import { readFile } from 'node:fs/promises';
import { canonicalJson } from '../../proto/canonical.js';
import type { ImageEpochSettings, ImageTrajectory } from '../../proto/work.js';
import { type Engine, type Executable, OutOfMemoryError, type Training } from '../engine/engine.js';
import { scheduleIn } from '../engine/state.js';
import { buildModel } from '../model/zoo.js';
import type { WarmTrainers } from './child.js';
import { ImageClassifier } from './image-classifier.js';
import type { ImageData } from './image-data.js';
import { plateauFrom, type PlateauState } from './plateau.js';
import { soleModel } from './models.js';
import type { Order } from './protocol.js';
import { modelSignature, stateSignature } from './signature.js';
import type { Trainer } from './trainer.js';
import { openTransfer } from './open-transfer.js';
import type { TransferModels } from './transfer-models.js';

interface OpenData {
  readonly name: string;
  readonly data: ImageData;
}

interface Compiled {
  /** Of the model: modelSignature's. */
  readonly model: string;
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
  /** In the place of `compiled`, while what was last prepared is a transfer. */
  #transfer: TransferModels | null = null;
  /** Whose state the executable holds, by stateSignature, while it is the end of an epoch that was finished; else null. */
  #held: string | null = null;
  /** Whose state that is. */
  #last: ImageClassifier | null = null;

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
    const state = await this.#startingState(order, trajectory, signature);
    this.#held = null;
    this.#transfer?.dispose();
    this.#transfer = null;
    if (trajectory.model.transfer !== undefined) return this.#prepareTransfer(order, trajectory, signature, state);
    const { executable } = await this.#executableFor(order, trajectory, state === 'initial');
    if (state instanceof Uint8Array) executable.load(state);
    this.#held = signature;
    const { source, parts } = this.#data!.data;
    this.#last = new ImageClassifier(trajectory, soleModel(executable, source), parts, this.#plateauOf(state));
    return this.#last;
  }

  async #prepareTransfer(order: Order, trajectory: ImageTrajectory, signature: string, state: Uint8Array | 'initial' | 'held'): Promise<Trainer> {
    this.#compiled?.executable.dispose();
    this.#compiled = null;
    const data = this.#openData(order, trajectory);
    collectGarbage?.();
    const limit = order.memoryBytes - process.memoryUsage.rss();
    const models = await openTransfer(this.#engine, order, trajectory, data, trainingOf(trajectory, data, roomFor(order), limit));
    this.#transfer = models;
    const settings = order.kind === 'train' ? (order.work.epochs[0] as ImageEpochSettings) : null;
    if (state instanceof Uint8Array) await models.load(state, settings);
    else if (settings !== null) await models.begin(settings);
    this.#held = signature;
    this.#last = new ImageClassifier(trajectory, models, data.parts, this.#plateauOf(state));
    return this.#last;
  }

  #plateauOf(state: Uint8Array | 'initial' | 'held'): PlateauState | null {
    if (state === 'initial') return null;
    if (state === 'held') return this.#last?.plateau ?? null;
    const schedule = scheduleIn(state);
    return schedule === null ? null : plateauFrom(schedule);
  }

  forget(): void {
    this.#held = null;
  }

  async #executableFor(order: Order, trajectory: ImageTrajectory, anew: boolean): Promise<Compiled> {
    if (this.#compiled === null || !this.#fits(order, trajectory)) return this.#compile(order, trajectory);
    if (anew) this.#compiled.executable.restart(trajectory.initSeed, trajectory.replicate);
    return this.#compiled;
  }

  #fits(order: Order, trajectory: ImageTrajectory): boolean {
    if (this.#compiled?.model !== modelSignature(trajectory)) return false;
    const wanted = roomFor(order);
    const { maxBatch, accumulate, clips, augments } = this.#compiled.room;
    const cut = order.kind === 'evaluate' || accumulate === wanted.accumulate;
    return cut && maxBatch >= wanted.maxBatch && (clips || !wanted.clips) && (augments || !wanted.augments);
  }

  /** Bytes to load, or 'initial' weights, or 'held': in place already. */
  async #startingState(order: Order, trajectory: ImageTrajectory, signature: string): Promise<Uint8Array | 'initial' | 'held'> {
    if (order.start.from === 'nothing') return 'initial';
    if (order.start.from === 'file') return readFile(order.start.path);
    if (this.#held !== signature || (this.#compiled === null && this.#transfer === null)) throw new Error('the state that was to be in memory is not there');
    if (this.#transfer !== null && this.#last !== null) return this.#last.state();
    // A larger batch, clipping and augmentation need other buffers: the state moves to them.
    return this.#fits(order, trajectory) || this.#last === null ? 'held' : this.#last.state();
  }

  async #compile(order: Order, trajectory: ImageTrajectory): Promise<Compiled> {
    this.#compiled?.executable.dispose();
    this.#compiled = null;
    const data = this.#openData(order, trajectory);
    collectGarbage?.();
    const limit = order.memoryBytes - process.memoryUsage.rss();
    const topology = buildModel(trajectory.model, trajectory.input, trajectory.classes);
    let room = roomFor(order);
    if (order.kind === 'evaluate') room = { ...room, maxBatch: EVALUATION_BATCH };
    for (;;) {
      try {
        const executable = await this.#engine.compile(topology, trainingOf(trajectory, data, room, limit), data.source);
        this.#compiled = { model: modelSignature(trajectory), executable, room };
        return this.#compiled;
      } catch (error) {
        if (order.kind !== 'evaluate' || room.maxBatch === 1 || !(error instanceof OutOfMemoryError)) throw error;
        room = { ...room, maxBatch: Math.floor(room.maxBatch / 2) };
      }
    }
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
