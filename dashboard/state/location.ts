/**
 * Where the viewer is. The URL alone holds what a view shows (page, filters, sorting, chosen columns), so
 * that a copied address reproduces it and Back works.
 */
import { signal } from '@preact/signals';

export interface Place {
  readonly path: string;
  readonly query: URLSearchParams;
}

export const place = signal<Place>(here());

function here(): Place {
  return { path: window.location.pathname, query: new URLSearchParams(window.location.search) };
}

/** Changes of the query that belong together are one step back: typing replaces, choosing adds. */
export function go(href: string, { replace = false }: { readonly replace?: boolean } = {}): void {
  if (replace) history.replaceState(null, '', href);
  else history.pushState(null, '', href);
  place.value = here();
}

/** The present view with parameters set, or left out where null. */
export function hrefWith(changes: { readonly [name: string]: string | null }): string {
  const query = new URLSearchParams(place.value.query);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === '') query.delete(name);
    else query.set(name, value);
  }
  const text = query.toString();
  return `${place.value.path}${text === '' ? '' : `?${text}`}`;
}

export function setQuery(changes: { readonly [name: string]: string | null }, options?: { readonly replace?: boolean }): void {
  go(hrefWith(changes), options);
}

/** Links within the page are followed without loading it again. */
function onClick(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = event.target instanceof Element ? event.target.closest('a') : null;
  if (link === null || link.target !== '' || link.hasAttribute('download') || link.origin !== window.location.origin) return;
  if (link.pathname.startsWith('/api/')) return;
  // To a place on this page: the browser's own business.
  if (link.hash !== '' && link.pathname === window.location.pathname && link.search === window.location.search) return;
  event.preventDefault();
  if (link.href === window.location.href) return;
  go(`${link.pathname}${link.search}`);
  window.scrollTo(0, 0);
}

export function followLocation(): void {
  window.addEventListener('popstate', () => (place.value = here()));
  document.addEventListener('click', onClick);
}

/** The parts of a path that a pattern such as /sweeps/:sweep names; null where it is another path. */
export function matched(pattern: string, path: string): { readonly [name: string]: string } | null {
  const wanted = pattern.split('/');
  const found = path.replace(/\/$/, '').split('/');
  if (wanted.length !== found.length) return null;
  const params: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const value = found[index] ?? '';
    if (part.startsWith(':')) params[part.slice(1)] = decoded(value);
    else if (part !== value) return null;
  }
  return params;
}

/** As it stands where it is no text in percent-encoding. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
