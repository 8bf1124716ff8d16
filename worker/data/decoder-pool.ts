/**
 * Decodes many images on all cores: decoding in WebAssembly holds the thread it runs on, and libvips does
 * part of its work there too. Threads are started when they are needed and end with the pool; what is
 * little is done on the caller's own thread, since a start takes as long as a hundred small images.
 */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { UnreadableImageError, checkImage, decodeImage, type PixelShape } from './decode.js';
import type { DecoderAnswer, DecoderJob } from './decoder-protocol.js';

/** Bytes of files that are decoded on the caller's thread before any other is started. */
const BYTES_BEFORE_THREADS = 2 ** 20;
/** A file up to this size is decoded on the caller's thread always: another one takes as long to be told of it. */
const SMALL_FILE_BYTES = 4 * 2 ** 10;
/** The next one is there when a thread is done with one. */
const JOBS_PER_THREAD = 2;

interface Waiting {
  readonly job: DecoderJob;
  readonly resolve: (pixels: Uint8Array | null) => void;
  readonly reject: (error: Error) => void;
}

interface Thread {
  readonly worker: Worker;
  /** By job. */
  readonly jobs: Map<number, Waiting>;
}

export class DecoderPool {
  /** At most. Twice as many calls under way keep all of them busy. */
  readonly threads: number;
  readonly #bytesBeforeThreads: number;
  readonly #smallFileBytes: number;
  readonly #running = new Set<Thread>();
  readonly #queue: Waiting[] = [];
  #bytes = 0;
  #jobs = 0;
  #closed = false;

  constructor(options: { readonly threads?: number; readonly bytesBeforeThreads?: number; readonly smallFileBytes?: number } = {}) {
    this.threads = options.threads ?? availableParallelism();
    this.#bytesBeforeThreads = options.bytesBeforeThreads ?? BYTES_BEFORE_THREADS;
    this.#smallFileBytes = options.smallFileBytes ?? SMALL_FILE_BYTES;
  }

  /** As decodeImage. */
  async decode(bytes: Uint8Array, shape: PixelShape): Promise<Uint8Array> {
    if (this.#isLittle(bytes)) return decodeImage(bytes, shape);
    return (await this.#run(bytes, shape)) ?? new Uint8Array();
  }

  /** As checkImage. */
  async check(bytes: Uint8Array): Promise<void> {
    if (this.#isLittle(bytes)) return checkImage(bytes);
    await this.#run(bytes, null);
  }

  /** Ends the threads; what is under way fails. */
  async close(): Promise<void> {
    this.#closed = true;
    const threads = [...this.#running];
    for (const waiting of this.#queue.splice(0)) waiting.reject(new Error('the pool of decoders was closed'));
    await Promise.all(threads.map(({ worker }) => worker.terminate()));
  }

  #isLittle(bytes: Uint8Array): boolean {
    if (bytes.length <= this.#smallFileBytes) return true;
    this.#bytes += bytes.length;
    return this.#bytes <= this.#bytesBeforeThreads;
  }

  #run(bytes: Uint8Array, shape: PixelShape | null): Promise<Uint8Array | null> {
    if (this.#closed) return Promise.reject(new Error('the pool of decoders is closed'));
    return new Promise((resolve, reject) => {
      // What is posted is copied with all of the buffer it is a part of.
      const alone = bytes.byteLength === bytes.buffer.byteLength ? bytes : Uint8Array.from(bytes);
      this.#queue.push({ job: { id: this.#jobs++, bytes: alone, shape }, resolve, reject });
      this.#dispatch();
    });
  }

  #dispatch(): void {
    for (let waiting = this.#queue[0]; waiting !== undefined; waiting = this.#queue[0]) {
      const thread = this.#leastBusy();
      if (thread === null) return;
      this.#queue.shift();
      thread.jobs.set(waiting.job.id, waiting);
      thread.worker.ref();
      thread.worker.postMessage(waiting.job);
    }
  }

  /** Null where all have enough to do. */
  #leastBusy(): Thread | null {
    let least: Thread | null = null;
    for (const thread of this.#running) if (least === null || thread.jobs.size < least.jobs.size) least = thread;
    if (this.#running.size < this.threads && (least === null || least.jobs.size > 0)) return this.#start();
    return least !== null && least.jobs.size < JOBS_PER_THREAD ? least : null;
  }

  #start(): Thread {
    const thread: Thread = { worker: new Worker(new URL('./decoder-thread.js', import.meta.url)), jobs: new Map() };
    this.#running.add(thread);
    let reason = new Error('a thread that decodes ended');
    thread.worker.on('message', (answer: DecoderAnswer) => this.#settle(thread, answer));
    thread.worker.on('error', (error) => (reason = new Error(`a thread that decodes failed: ${String(error)}`, { cause: error })));
    thread.worker.on('exit', () => {
      this.#running.delete(thread);
      for (const { reject } of thread.jobs.values()) reject(reason);
      if (!this.#closed) this.#dispatch();
    });
    return thread;
  }

  #settle(thread: Thread, answer: DecoderAnswer): void {
    const waiting = thread.jobs.get(answer.id);
    if (waiting === undefined) return;
    thread.jobs.delete(answer.id);
    // An idle thread keeps no process alive.
    if (thread.jobs.size === 0) thread.worker.unref();
    if ('pixels' in answer) waiting.resolve(answer.pixels);
    else waiting.reject('unreadable' in answer ? new UnreadableImageError(answer.unreadable) : new Error(answer.failed));
    this.#dispatch();
  }
}
