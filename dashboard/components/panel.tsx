/** A part of a page with a heading, and what it shows while there is nothing to show: loading, failed, empty. */
import type { ReadonlySignal } from '@preact/signals';
import type { ComponentChildren, JSX } from 'preact';
import { useId } from 'preact/hooks';
import type { ApiError } from '../api/api-error.js';
import type { Resource } from '../state/resource.js';

export interface PanelProps {
  readonly title: string;
  /** Beside the heading. */
  readonly tools?: ComponentChildren;
  /** Without padding: for tables. */
  readonly flush?: boolean;
  /** In a grid: a row of its own. */
  readonly wide?: boolean;
  readonly children: ComponentChildren;
}

export function Panel({ title, tools, flush = false, wide = false, children }: PanelProps): JSX.Element {
  const id = useId();
  return (
    <section class={wide ? 'panel wide' : 'panel'} aria-labelledby={id}>
      <div class="panel-head">
        <h2 id={id}>{title}</h2>
        {tools !== undefined && <div class="panel-tools">{tools}</div>}
      </div>
      <div class={flush ? 'panel-body flush' : 'panel-body'}>{children}</div>
    </section>
  );
}

export function Loading({ what }: { readonly what: string }): JSX.Element {
  return (
    <div class="notice" role="status">
      <span class="spinner" aria-hidden="true" />
      <span>Loading {what}</span>
    </div>
  );
}

export function Failed({ error, retry }: { readonly error: ApiError; readonly retry?: (() => void) | undefined }): JSX.Element {
  return (
    <div class="notice failed" role="alert">
      <span>
        {error.message} <span class="small mono">({error.code})</span>
      </span>
      {error.leader !== null && error.leader !== '' && <a href={error.leader}>Open the coordinator that leads</a>}
      {error.code === 'SweepNotFound' && <a href="/">All sweeps</a>}
      {retry !== undefined && (
        <button type="button" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  );
}

export function Empty({ children }: { readonly children: ComponentChildren }): JSX.Element {
  return <div class="notice">{children}</div>;
}

export interface ShownProps<T> {
  /** What is loaded, as in `Loading the trials`. */
  readonly what: string;
  readonly of: ReadonlySignal<Resource<T>>;
  readonly retry?: () => void;
  readonly children: (value: T) => ComponentChildren;
}

/** A resource in each of its states. What was read before stays, with a line on why it is not newer. */
export function Shown<T>({ what, of, retry, children }: ShownProps<T>): JSX.Element {
  const resource = of.value;
  if (resource.state === 'loading') return <Loading what={what} />;
  if (resource.state === 'failed') return <Failed error={resource.error} retry={retry} />;
  return (
    <>
      {resource.problem !== null && <Failed error={resource.problem} retry={retry} />}
      {children(resource.value)}
    </>
  );
}
