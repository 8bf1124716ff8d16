/** Which trials or sweeps are compared: the URL has their names, and here they are added and taken out. */
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { segment } from '../../api/client.js';
import { place, setQuery } from '../../state/location.js';
import { count } from '../../text/format.js';

/** What is compared. */
export interface Kind {
  readonly one: 'trial' | 'sweep';
  /** In the URL, once for each name: names may have commas. */
  readonly parameter: 'trials' | 'sweeps';
  /** What a name looks like. */
  readonly example: string;
}

/** A colour of the palette for each, and as many as the API takes. */
const MOST = 8;

export function namesHere({ parameter }: Kind): readonly string[] {
  return [...new Set(place.value.query.getAll(parameter).map((name) => name.trim()).filter((name) => name !== ''))].slice(0, MOST);
}

/** Where they stand side by side. `names`: ids, or names as the page takes them. */
export function compareHref({ parameter }: Pick<Kind, 'parameter'>, names: readonly string[]): string {
  return `/compare?${names.map((name) => `${parameter}=${segment(name)}`).join('&')}`;
}

function takeOut(kind: Kind, gone: string): void {
  setQuery({ [kind.parameter]: namesHere(kind).filter((name) => name !== gone) });
}

export function AddForm({ kind, names }: { readonly kind: Kind; readonly names: readonly string[] }): JSX.Element {
  const written = useSignal('');
  const isFull = names.length >= MOST;
  return (
    <form
      class="toolbar"
      onSubmit={(event) => {
        event.preventDefault();
        setQuery({ [kind.parameter]: [...names, written.value] });
        written.value = '';
      }}
    >
      <label for="another">{kind.one === 'trial' ? 'Trial' : 'Sweep'}</label>
      <input id="another" placeholder={kind.example} value={written.value} onInput={(event) => (written.value = event.currentTarget.value)} disabled={isFull} />
      <button type="submit" disabled={written.value.trim() === '' || isFull}>
        Add
      </button>
      {isFull && <span class="muted small">{count(MOST, kind.one)} fit side by side.</span>}
    </form>
  );
}

/** Beside a name that is wrong. */
export function TakeOut({ kind, name }: { readonly kind: Kind; readonly name: string }): JSX.Element {
  return (
    <button type="button" onClick={() => takeOut(kind, name)}>
      Take {name.slice(0, 80)} out
    </button>
  );
}

/** In the head of a column. `label`: what it is called there. */
export function TakeOutColumn({ kind, name, label }: { readonly kind: Kind; readonly name: string; readonly label: string }): JSX.Element {
  return (
    <button type="button" class="plain" aria-label={`Take ${label.slice(0, 100)} out`} onClick={() => takeOut(kind, name)}>
      ×
    </button>
  );
}
