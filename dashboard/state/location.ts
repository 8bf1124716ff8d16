/**
 * Where the viewer is. The URL alone holds what a view shows (page, filters, sorting, chosen columns), so
 * that a copied address reproduces it and Back works.
 */
import { signal } from '@preact/signals';
import { Address } from './address.js';
import { CLOCK } from './clock.js';

export interface Place {
  readonly path: string;
  readonly query: URLSearchParams;
}

export const place = signal<Place>(placeOf(window.location));

const address = new Address({ push: (href) => history.pushState(null, '', href), replace: (href) => history.replaceState(null, '', href) }, CLOCK);

function placeOf({ pathname, search }: Pick<URL, 'pathname' | 'search'>): Place {
  return { path: pathname, query: new URLSearchParams(search) };
}

/** Changes of the query that belong together are one step back: typing replaces, choosing adds. */
export function go(href: string, { replace = false }: { readonly replace?: boolean } = {}): void {
  if (replace) address.replace(href);
  else address.push(href);
  place.value = placeOf(new URL(href, window.location.origin));
}

/** Of a list, the parameter stands once for each value. */
export interface Changes {
  readonly [name: string]: string | readonly string[] | null;
}

/** The present view with parameters set, or left out where null. */
export function hrefWith(changes: Changes): string {
  const query = new URLSearchParams(place.value.query);
  for (const [name, value] of Object.entries(changes)) {
    query.delete(name);
    for (const each of [value].flat()) if (each !== null && each !== '') query.append(name, each);
  }
  const text = query.toString();
  return `${place.value.path}${text === '' ? '' : `?${text}`}`;
}

export function setQuery(changes: Changes, options?: { readonly replace?: boolean }): void {
  go(hrefWith(changes), options);
}

/** Links within the page are followed without loading it again. */
function onClick(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = event.target instanceof Element ? event.target.closest('a') : null;
  if (link === null || link.target !== '' || link.hasAttribute('download') || link.origin !== window.location.origin) return;
  if (link.pathname.startsWith('/api/')) return;
  address.flush();
  // To a place on this page: the browser's own business.
  if (link.hash !== '' && link.pathname === window.location.pathname && link.search === window.location.search) return;
  event.preventDefault();
  if (link.href === window.location.href) return;
  go(`${link.pathname}${link.search}`);
  window.scrollTo(0, 0);
}

export function followLocation(): void {
  window.addEventListener('popstate', () => {
    address.drop();
    place.value = placeOf(window.location);
  });
  document.addEventListener('click', onClick);
  // Who comes back finds what was chosen last.
  window.addEventListener('pagehide', () => address.flush());
}
