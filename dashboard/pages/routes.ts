/** The pages by their path. Each is fetched when it is first opened. */
import type { ComponentType } from 'preact';
import { matched } from '../state/path.js';
import type { PageProps } from './page.js';

interface Route {
  readonly pattern: string;
  readonly load: () => Promise<ComponentType<PageProps>>;
}

export const ROUTES: readonly Route[] = [
  { pattern: '', load: async () => (await import('./sweeps.js')).SweepsPage },
  { pattern: '/sweeps', load: async () => (await import('./sweeps.js')).SweepsPage },
  { pattern: '/sweeps/:sweep', load: async () => (await import('./sweep.js')).SweepPage },
  { pattern: '/sweeps/:sweep/ensemble', load: async () => (await import('./ensemble.js')).EnsemblePage },
  { pattern: '/compare', load: async () => (await import('./compare.js')).ComparePage },
  { pattern: '/trials/:trial', load: async () => (await import('./trial.js')).TrialPage },
  { pattern: '/fleet', load: async () => (await import('./fleet.js')).FleetPage },
  { pattern: '/data', load: async () => (await import('./data.js')).DataPage },
  { pattern: '/data/:set', load: async () => (await import('./data-set.js')).DataSetPage },
];

/** Linked from every page. */
export const PLACES: readonly { readonly href: string; readonly label: string; readonly isHere: (path: string) => boolean }[] = [
  { href: '/', label: 'Sweeps', isHere: (path) => path === '/' || path.startsWith('/sweeps') },
  { href: '/fleet', label: 'Fleet', isHere: (path) => path === '/fleet' },
  { href: '/data', label: 'Data', isHere: (path) => path === '/data' || path.startsWith('/data/') },
];

/** Null where no page has that path. */
export function routeOf(path: string): { readonly route: Route; readonly params: PageProps['params'] } | null {
  for (const route of ROUTES) {
    const params = matched(route.pattern, path);
    if (params !== null) return { route, params };
  }
  return null;
}
