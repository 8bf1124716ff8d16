/** Where a sampler thinks: in a thread of its own, so that no lease waits for a thought. */
import { Worker } from 'node:worker_threads';
import type { Point } from '../space/dimension.js';
import type { SweepSpec } from '../sweep/spec.js';
import type { Observation } from '../sampler/sampler.js';
import type { ThreadRequest } from './sampler-thread.js';

export interface SamplerHost {
  observe(observation: Observation): void;
  /** Sees all that was observed before. Rejects when the sampler threw or its thread ended. */
  propose(number: number, again: number): Promise<Point | null>;
  close(): void;
}

/** The thread starts with the first message and keeps no process alive. */
export function threadHost(spec: SweepSpec): SamplerHost {
  return new ThreadHost(spec);
}

interface Waiting {
  readonly resolve: (point: Point | null) => void;
  readonly reject: (reason: Error) => void;
}

class ThreadHost implements SamplerHost {
  readonly #spec: SweepSpec;
  #worker: Worker | null = null;
  /** Answers come in the order of the questions. */
  readonly #waiting: Waiting[] = [];
  #failure: Error | null = null;

  constructor(spec: SweepSpec) {
    this.#spec = spec;
  }

  observe(observation: Observation): void {
    this.#post({ kind: 'observe', observation });
  }

  propose(number: number, again: number): Promise<Point | null> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== null) {
        reject(this.#failure);
        return;
      }
      this.#waiting.push({ resolve, reject });
      this.#post({ kind: 'propose', number, again });
    });
  }

  close(): void {
    this.#fail(new Error('the sampler was put away'));
    void this.#worker?.terminate();
  }

  #post(request: ThreadRequest): void {
    if (this.#failure !== null) return;
    this.#worker ??= this.#start();
    this.#worker.postMessage(request);
  }

  #start(): Worker {
    const worker = new Worker(new URL('./sampler-thread.js', import.meta.url), { workerData: this.#spec });
    worker.unref();
    worker.on('message', (point: Point | null) => this.#waiting.shift()?.resolve(point));
    worker.on('error', (error) => this.#fail(error instanceof Error ? error : new Error(String(error))));
    worker.on('exit', () => this.#fail(new Error('the thread of the sampler ended')));
    return worker;
  }

  #fail(reason: Error): void {
    this.#failure ??= reason;
    for (const { reject } of this.#waiting.splice(0)) reject(reason);
  }
}
