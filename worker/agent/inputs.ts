/** What an attempt begins with: the pixels of its data set and the bytes of its checkpoint, on this box. */
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { CodedError } from '../../proto/coded-error.js';
import { BlobCorruptError, BlobNotFoundError } from '../../blob/errors.js';
import type { BlobStore } from '../../blob/store.js';
import { isClassifier, isProgram, weightsOf, type BlobId, type ImageInput, type Outcome, type Work } from '../../proto/work.js';
import type { BoxCache, Release } from '../data/box-cache.js';
import type { PixelTable } from '../data/pixel-cache.js';
import { oneLine, outcomeOf } from '../train/failure.js';
import type { Start } from '../train/protocol.js';
import { Programs } from './programs.js';

export interface Prepared {
  readonly start: Start;
  readonly pixels: PixelTable | null;
  readonly program: string | null;
  /** Of a transfer's base; absent for others. */
  readonly weights?: string;
}

/** The data sets of this box. */
export interface DataSets {
  /** The file that images of this size are in, or will be. */
  path(input: ImageInput): string;
  /** Decodes a data set at one input size, once per box. */
  pixels(dataset: BlobId, input: ImageInput): Promise<PixelTable>;
  /** A local file with the bytes of that part of a data set; null where there is none. */
  held(part: BlobId): Promise<string | null>;
}

export interface Preparing {
  /** The slot's child holds the state. */
  readonly warm: boolean;
  /** Of the checkpoint's file in the folder, else. */
  readonly name: string;
  /** Told of what the store has lost, again each time it is looked for. */
  readonly missing: (blob: BlobId) => void;
  /** Whether the attempt still waits for it. */
  readonly wanted: () => boolean;
}

/** Between looks for what the store has lost: another box may be putting it back, after its connection has healed. */
const RESTORE_PAUSES_MS: readonly number[] = [100, 200, 400, 800, 1_500, 3_000, 5_000, 5_000, 5_000];

export class Inputs {
  readonly #blobs: BlobStore;
  readonly #folder: string;
  readonly #data: DataSets;
  readonly #cache: BoxCache;
  readonly #pausesMs: readonly number[];
  /** By data set and input: attempts that need the same table wait for the same work. */
  readonly #tables = new Map<string, { readonly path: string; readonly made: Promise<PixelTable> }>();
  readonly #programs: Programs;

  /** `folder`: the agent's temporary one. */
  constructor(blobs: BlobStore, folder: string, data: DataSets, cache: BoxCache, pausesMs = RESTORE_PAUSES_MS) {
    this.#programs = new Programs(blobs, folder, cache);
    this.#blobs = blobs;
    this.#folder = folder;
    this.#data = data;
    this.#cache = cache;
    this.#pausesMs = pausesMs;
    cache.add(this.#programs);
    cache.whenEvicted((path) => {
      for (const [name, table] of this.#tables) if (table.path === path) this.#tables.delete(name);
    });
  }

  /** Of each file that makes room for others: what is open stays on the disk until it is closed. */
  whenEvicted(listener: (path: string) => void): void {
    this.#cache.whenEvicted(listener);
  }

  /** Keeps on this box what work needs of what is there, from its offer to its end. */
  hold(work: Work): Release {
    const { trajectory, dataset } = work;
    const base = weightsOf(trajectory);
    const paths = [
      ...(isProgram(trajectory) && trajectory.program !== null ? [this.#programs.path(trajectory.program)] : []),
      ...(base === null ? [] : [this.#programs.path(base)]),
      ...(isClassifier(trajectory) && dataset !== null ? [this.#data.path(trajectory.input)] : []),
    ];
    const releases = paths.map((path) => this.#cache.hold(path));
    return () => {
      for (const release of releases) release();
    };
  }

  /** Of work that is held. Throws CheckpointLost, DataLost, DataError, and the blob store's errors. */
  async prepare(work: Work, preparing: Preparing): Promise<Prepared> {
    const { trajectory, checkpoint, dataset } = work;
    const { warm, name } = preparing;
    const { program: source } = isProgram(trajectory) ? trajectory : { program: null };
    const program = source === null ? null : await this.#restored(() => this.#program(source), preparing);
    const base = weightsOf(trajectory);
    const weights = base === null ? {} : { weights: await this.#restored(() => this.#program(base), preparing) };
    const pixels = isClassifier(trajectory) && dataset !== null ? await this.#restored(() => this.#table(dataset, trajectory.input), preparing) : null;
    if (checkpoint === null) return { start: { from: 'nothing' }, pixels, program, ...weights };
    if (warm) return { start: { from: 'held' }, pixels, program, ...weights };
    const path = join(this.#folder, name);
    try {
      await this.#blobs.fetch(checkpoint, path);
    } catch (error) {
      if (error instanceof BlobNotFoundError || error instanceof BlobCorruptError) throw new CheckpointLost(checkpoint, oneLine(error), { cause: error });
      throw error;
    }
    return { start: { from: 'file', path }, pixels, program, ...weights };
  }

  /** Puts what the store has lost back from this box's copy. False where there is none. Throws the blob store's errors. */
  async restore(blob: BlobId): Promise<boolean> {
    const path = (await this.#data.held(blob)) ?? (await this.#programs.held(blob));
    if (path === null) return false;
    const release = await this.#cache.take(path);
    try {
      // Under the name of its bytes' hash: a copy that was damaged here restores nothing.
      return (await this.#blobs.putFile(path)).id === blob;
    } finally {
      release();
    }
  }

  /** What the store has lost is looked for again for a while, since other boxes are asked for their copies. */
  async #restored<Part>(get: () => Promise<Part>, { missing, wanted }: Preparing): Promise<Part> {
    for (let tries = 0; ; tries += 1) {
      try {
        return await get();
      } catch (error) {
        if (!(error instanceof BlobNotFoundError || error instanceof BlobCorruptError)) throw error;
        const pauseMs = this.#pausesMs[tries];
        if (pauseMs === undefined || !wanted()) throw new DataLost(error.blob, { cause: error });
        missing(error.blob);
        await wait(pauseMs);
      }
    }
  }

  async #program(id: BlobId): Promise<string> {
    await this.#programs.ready(id);
    return this.#programs.path(id);
  }

  async #table(dataset: BlobId, input: ImageInput): Promise<PixelTable> {
    // The file's name tells one shape of images from another.
    const path = this.#data.path(input);
    const name = `${dataset} ${path}`;
    // Where the file is just about to go, so is the table.
    (await this.#cache.take(path))();
    const known = this.#tables.get(name);
    if (known !== undefined) return known.made;
    const made = this.#data.pixels(dataset, input);
    this.#tables.set(name, { path, made });
    // A failure is told to those who wait, and tried again for those who come later.
    made.catch(() => this.#tables.delete(name));
    return made;
  }
}

/** The store has answered, and has not what it was given: no other worker would have more luck. */
class CheckpointLost extends CodedError {
  readonly code = 'CheckpointLost';
  constructor(blob: BlobId, why: string, options: ErrorOptions) {
    super(`the checkpoint ${blob} cannot be had: ${why}`, options);
  }
}

/** Part of a data set, or a program, is in no store, and no box that could be asked has a copy. */
class DataLost extends CodedError {
  readonly code = 'DataLost';
  constructor(blob: BlobId, options: ErrorOptions) {
    super(`the blob ${blob} of its data, program or weights is gone from the store, or damaged there, and no worker has put a copy back: \`trawl submit\` or \`trawl run\` of the sweep's file puts it back and resumes the sweep`, options);
  }
}

/** What it means that an attempt's inputs could not be had. */
export function outcomeOfInputs(error: unknown): Outcome {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const message = oneLine(error);
  if (error instanceof CheckpointLost || error instanceof DataLost) return { class: error.code, message, neededBytes: null };
  // The store could not give a blob: another worker, or this one later, may have more luck.
  if (typeof code === 'string' && code.startsWith('Blob')) return { class: 'WorkerLost', message: `what the stage begins with could not be fetched: ${message}`, neededBytes: null };
  return outcomeOf(error);
}
