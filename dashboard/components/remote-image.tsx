/** An image that the API answers, fetched once it comes near, or the page rests: while it loads, and where it cannot be shown, the same room says so. */
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { asApiError } from '../api/api-error.js';
import { fetchFile } from '../api/client.js';
import { onceNear } from '../state/in-sight.js';

export interface RemoteImageProps {
  /** Below /api/v1. */
  readonly path: string;
  readonly alt: string;
  /** Whether single pixels are to be seen. */
  readonly pixelated?: boolean;
}

type State = { readonly state: 'loading' } | { readonly state: 'failed'; readonly why: string } | { readonly state: 'ready'; readonly url: string };

export function RemoteImage({ path, alt, pixelated = false }: RemoteImageProps): JSX.Element {
  const shown = useSignal<State>({ state: 'loading' });
  const frame = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const { current } = frame;
    if (current === null) return undefined;
    const controller = new AbortController();
    let url: string | null = null;
    const load = async (): Promise<void> => {
      try {
        url = URL.createObjectURL(await fetchFile(path, controller.signal));
        shown.value = { state: 'ready', url };
      } catch (error) {
        if (!controller.signal.aborted) shown.value = { state: 'failed', why: asApiError(error).message };
      }
    };
    const giveUp = onceNear(current, '600px', load);
    return () => {
      giveUp();
      controller.abort();
      if (url !== null) URL.revokeObjectURL(url);
    };
  }, [path]);
  const current = shown.value;
  return (
    <div class="remote-image" ref={frame} data-state={current.state}>
      {current.state === 'ready' && <img src={current.url} alt={alt} class={pixelated ? 'pixelated' : ''} />}
      {current.state === 'failed' && (
        <span class="small" title={current.why.slice(0, 1_000)}>
          {current.why.slice(0, 160)}
        </span>
      )}
      {current.state === 'loading' && <span class="hidden">Loading {alt}</span>}
    </div>
  );
}
