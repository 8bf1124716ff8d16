/** What a panel shows: loading, failed, or ready with when it was read. */
import { useSignal, type ReadonlySignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { ApiError } from '../api/client.js';
import { revision } from '../api/live.js';

export type Resource<T> =
  | { readonly state: 'loading' }
  | { readonly state: 'failed'; readonly error: ApiError }
  /** `problem`: what hindered reading it again since. */
  | { readonly state: 'ready'; readonly value: T; readonly problem: ApiError | null };

export interface UsedResource<T> {
  readonly resource: ReadonlySignal<Resource<T>>;
  /** Reads it again, whatever is shown meanwhile. */
  readonly reload: () => void;
}

/**
 * Reads at once, when `key` changes, and, where it is `live`, whenever something happens. What was read stays in place while it is read again.
 */
export function useResource<T>(key: string, load: (signal: AbortSignal) => Promise<T>, { live = false }: { readonly live?: boolean } = {}): UsedResource<T> {
  const resource = useSignal<Resource<T>>({ state: 'loading' });
  const current = useRef(load);
  current.current = load;
  const reader = useRef<Reader | null>(null);
  useEffect(() => {
    const own = new Reader(
      async (signal) => {
        const value = await current.current(signal);
        if (!signal.aborted) resource.value = { state: 'ready', value, problem: null };
      },
      (error) => {
        const before = resource.peek();
        resource.value = before.state === 'ready' ? { ...before, problem: error } : { state: 'failed', error };
      },
    );
    reader.current = own;
    resource.value = { state: 'loading' };
    own.read();
    return () => own.stop();
  }, [key]);
  const changes = live ? revision().value : 0;
  const first = useRef(changes);
  useEffect(() => {
    if (changes !== first.current) reader.current?.read();
  }, [changes]);
  return { resource, reload: () => reader.current?.read() };
}

/** One request at a time: what changes while one is under way is read after it. */
class Reader {
  readonly #load: (signal: AbortSignal) => Promise<void>;
  readonly #failed: (error: ApiError) => void;
  readonly #controller = new AbortController();
  #isReading = false;
  #isStale = false;

  constructor(load: (signal: AbortSignal) => Promise<void>, failed: (error: ApiError) => void) {
    this.#load = load;
    this.#failed = failed;
  }

  read(): void {
    this.#isStale = true;
    if (!this.#isReading) void this.#run();
  }

  stop(): void {
    this.#controller.abort();
  }

  #isStopped(): boolean {
    return this.#controller.signal.aborted;
  }

  async #run(): Promise<void> {
    this.#isReading = true;
    while (this.#isStale && !this.#isStopped()) {
      this.#isStale = false;
      try {
        await this.#load(this.#controller.signal);
      } catch (error) {
        if (!this.#isStopped()) this.#failed(asApiError(error));
      }
    }
    this.#isReading = false;
  }
}

export function asApiError(error: unknown): ApiError {
  return error instanceof ApiError ? error : new ApiError('PageError', error instanceof Error ? error.message : String(error), 0);
}
