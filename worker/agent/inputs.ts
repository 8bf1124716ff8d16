/** What an attempt begins with: the pixels of its data set and the bytes of its checkpoint, on this box. */
import { join } from 'node:path';
import { BlobCorruptError, BlobNotFoundError } from '../../blob/errors.js';
import type { BlobStore } from '../../blob/store.js';
import { isProgram, type BlobId, type ImageInput, type Outcome, type Work } from '../../proto/work.js';
import type { PixelTable } from '../data/pixel-cache.js';
import { oneLine, outcomeOf } from '../train/failure.js';
import type { Start } from '../train/protocol.js';
import { Programs } from './programs.js';

export interface Prepared {
  readonly start: Start;
  readonly pixels: PixelTable | null;
  readonly program: string | null;
}

/** Decodes a data set at one input size, once per box. */
export type PixelMaker = (dataset: BlobId, input: ImageInput) => Promise<PixelTable>;

export class Inputs {
  readonly #blobs: BlobStore;
  readonly #folder: string;
  readonly #makePixels: PixelMaker;
  /** By data set and input: attempts that need the same table wait for the same work. */
  readonly #tables = new Map<string, Promise<PixelTable>>();

  readonly #programs: Programs;

  constructor(blobs: BlobStore, folder: string, makePixels: PixelMaker) {
    this.#programs = new Programs(blobs, folder);
    this.#blobs = blobs;
    this.#folder = folder;
    this.#makePixels = makePixels;
  }

  /** `warm`: the slot's child holds the state. `name`: the checkpoint's file in the folder, else. */
  async prepare(work: Work, warm: boolean, name: string): Promise<Prepared> {
    const { trajectory, checkpoint, dataset } = work;
    const program = isProgram(trajectory) && trajectory.program !== null ? await this.#programs.path(trajectory.program) : null;
    const pixels = trajectory.trainable === 'image-classifier' && dataset !== null ? await this.#table(dataset, trajectory.input) : null;
    if (checkpoint === null) return { start: { from: 'nothing' }, pixels, program };
    if (warm) return { start: { from: 'held' }, pixels, program };
    const path = join(this.#folder, name);
    try {
      await this.#blobs.fetch(checkpoint, path);
    } catch (error) {
      if (error instanceof BlobNotFoundError || error instanceof BlobCorruptError) throw new CheckpointLost(checkpoint, oneLine(error), { cause: error });
      throw error;
    }
    return { start: { from: 'file', path }, pixels, program };
  }

  #table(dataset: BlobId, input: ImageInput): Promise<PixelTable> {
    const { height, width, channels, resize } = input;
    const name = JSON.stringify([dataset, height, width, channels, resize]);
    const known = this.#tables.get(name);
    if (known !== undefined) return known;
    const made = this.#makePixels(dataset, input);
    this.#tables.set(name, made);
    // A failure is told to those who wait, and tried again for those who come later.
    made.catch(() => this.#tables.delete(name));
    return made;
  }
}

/** The store has answered, and has not what it was given: no other worker would have more luck. */
class CheckpointLost extends Error {
  readonly code = 'CheckpointLost';
  constructor(blob: BlobId, why: string, options: ErrorOptions) {
    super(`the checkpoint ${blob} cannot be had: ${why}`, options);
    this.name = 'CheckpointLost';
  }
}

/** What it means that an attempt's inputs could not be had. */
export function outcomeOfInputs(error: unknown): Outcome {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const message = oneLine(error);
  if (error instanceof CheckpointLost) return { class: error.code, message, neededBytes: null };
  // The store could not give a blob: another worker, or this one later, may have more luck.
  if (typeof code === 'string' && code.startsWith('Blob')) return { class: 'WorkerLost', message: `what the stage begins with could not be fetched: ${message}`, neededBytes: null };
  return outcomeOf(error);
}
