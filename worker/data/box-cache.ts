/**
 * One limit for all that a worker keeps to use again: packs, decoded images, programs. They lie on
 * shelves, each of which knows its files; what goes is decided over all of them (eviction.ts).
 *
 * Invariants
 * - What is there is read from the disk each time: commands of the same home add files beside the worker.
 * - Who needs a file takes it first and then looks whether it is there: what is held does not go, and
 *   `take` waits for an eviction in progress. Only the worker evicts, and a home has one.
 * - Who makes a file larger says how large before, so that the limit holds while it grows.
 *
 * A data set that is larger than the limit is trained all the same: its packs come and go one after the
 * other, and where the decoded images of running stages alone are over the limit, it is told and exceeded.
 * To refuse instead would keep work from a box that can do it.
 */
import { utimes } from 'node:fs/promises';
import { chooseEvictions, totalBytes, type CachedFile } from './eviction.js';

export interface ShelfFile {
  readonly path: string;
  readonly bytes: number;
  /** Of the file, which keeps the order over restarts. */
  readonly modifiedAtMs: number;
}

/** Files of one kind. */
export interface Shelf {
  list(): Promise<readonly ShelfFile[]>;
  /** Of a file that nobody holds. */
  remove(path: string): Promise<void>;
}

/** Gives a file back. Idempotent. */
export type Release = () => void;

/** As much of the cache as the shelves need. */
export interface CacheRoom {
  /** Holds a file, makes room for it to grow to `bytes` (0 where it does not), and settles when nothing is about to remove it. */
  take(path: string, bytes?: number): Promise<Release>;
}

/** For commands, whose files are removed when they end. */
export const NO_LIMIT: CacheRoom = { take: async () => () => undefined };

export interface BoxCacheOptions {
  readonly limitBytes: number;
  /** Told of each file that went. */
  readonly onEvicted?: (path: string, bytes: number) => void;
  /** Told when what is held alone comes to be over the limit. */
  readonly onOver?: (bytes: number) => void;
  /** Told of a file that cannot be removed. */
  readonly onProblem?: (path: string, error: unknown) => void;
}

interface Held {
  count: number;
  /** What it is growing to, of each who makes it grow. */
  readonly growing: number[];
}

export class BoxCache implements CacheRoom {
  readonly limitBytes: number;
  readonly #options: BoxCacheOptions;
  readonly #shelves: Shelf[] = [];
  readonly #held = new Map<string, Held>();
  readonly #usedAtMs = new Map<string, number>();
  readonly #evictedListeners: ((path: string) => void)[] = [];
  #queue: Promise<void> = Promise.resolve();
  #bytes = 0;
  #over = false;

  constructor(options: BoxCacheOptions) {
    this.limitBytes = options.limitBytes;
    this.#options = options;
  }

  /** When it was last looked at. */
  get bytes(): number {
    return this.#bytes;
  }

  add(shelf: Shelf): void {
    this.#shelves.push(shelf);
  }

  /** Calls the listener for each file that went. */
  whenEvicted(listener: (path: string) => void): void {
    this.#evictedListeners.push(listener);
  }

  /** From now on the file stays; it may be about to go. */
  hold(path: string, bytes = 0): Release {
    const held = this.#held.get(path) ?? { count: 0, growing: [] };
    this.#held.set(path, held);
    held.count += 1;
    if (bytes > 0) held.growing.push(bytes);
    this.#usedAtMs.set(path, Date.now());
    let released = false;
    return () => {
      if (released) return;
      released = true;
      held.count -= 1;
      if (bytes > 0) held.growing.splice(held.growing.indexOf(bytes), 1);
      if (held.count === 0) this.#held.delete(path);
      this.#used(path);
    };
  }

  async take(path: string, bytes = 0): Promise<Release> {
    const release = this.hold(path, bytes);
    try {
      await (bytes > 0 ? this.makeRoom() : this.#queue);
      return release;
    } catch (error) {
      release();
      throw error;
    }
  }

  /** Brings what is there within the limit as far as that goes; one after the other. */
  makeRoom(): Promise<void> {
    const made = this.#queue.then(() => this.#makeRoom());
    this.#queue = made.catch(() => undefined);
    return made;
  }

  #used(path: string): void {
    const now = new Date();
    this.#usedAtMs.set(path, now.getTime());
    // For the next start; a file that went meanwhile has no time.
    utimes(path, now, now).catch(() => undefined);
  }

  async #makeRoom(): Promise<void> {
    const listed = await Promise.all(this.#shelves.map(async (shelf) => (await shelf.list()).map((file) => ({ shelf, ...file }))));
    const shelfOf = new Map(listed.flat().map(({ path, shelf }) => [path, shelf]));
    const files = this.#facts(listed.flat());
    let bytes = totalBytes(files);
    for (const { path, bytes: gone } of chooseEvictions(files, this.limitBytes)) {
      // Since the decision somebody may have come to need it.
      if (this.#held.has(path)) continue;
      try {
        await shelfOf.get(path)?.remove(path);
        this.#usedAtMs.delete(path);
        bytes -= gone;
        for (const listener of this.#evictedListeners) listener(path);
        this.#options.onEvicted?.(path, gone);
      } catch (error) {
        this.#options.onProblem?.(path, error);
      }
    }
    this.#bytes = bytes;
    const over = bytes > this.limitBytes;
    if (over && !this.#over) this.#options.onOver?.(bytes);
    this.#over = over;
  }

  /** What is on the shelves, and what is held and about to be. */
  #facts(listed: readonly ShelfFile[]): CachedFile[] {
    const onDisk = new Map(listed.map((file) => [file.path, file]));
    return [...new Set([...onDisk.keys(), ...this.#held.keys()])].map((path) => {
      const held = this.#held.get(path);
      const file = onDisk.get(path);
      return {
        path,
        bytes: Math.max(file?.bytes ?? 0, ...(held?.growing ?? [])),
        usedAtMs: Math.max(file?.modifiedAtMs ?? 0, this.#usedAtMs.get(path) ?? 0),
        held: held !== undefined,
      };
    });
  }
}
