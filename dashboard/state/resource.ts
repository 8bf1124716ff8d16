/** What a panel shows: loading, failed, or ready with when it was read. */
import { useSignal, type ReadonlySignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { ApiError } from '../api/api-error.js';
import { ownChanges, revision } from '../api/live.js';
import { CLOCK } from './clock.js';
import { Reader } from './reader.js';

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

export interface ResourceOptions {
  /** The id of a sweep, or null for all: read again when something happens there. Absent for once. */
  readonly live?: string | null;
}

/** Reads at once, and when `key` changes. What was read stays in place while it is read again. */
export function useResource<T>(key: string, load: (signal: AbortSignal) => Promise<T>, { live }: ResourceOptions = {}): UsedResource<T> {
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
      CLOCK,
    );
    reader.current = own;
    resource.value = { state: 'loading' };
    own.read();
    return () => own.stop();
  }, [key]);
  const changes = live === undefined ? 0 : revision(live).value;
  const seen = useRef(changes);
  useEffect(() => {
    if (changes !== seen.current) reader.current?.read();
    seen.current = changes;
  }, [changes]);
  const own = live === undefined ? 0 : ownChanges.value;
  const seenOwn = useRef(own);
  useEffect(() => {
    if (own !== seenOwn.current) reader.current?.readNow();
    seenOwn.current = own;
  }, [own]);
  return { resource, reload: () => reader.current?.readNow() };
}
