/**
 * Who looks at the page. The token is in a cookie that no script can read; the page knows who that is and what
 * they may. A link with a one-time code behind the `#` logs in by itself: browsers send that part to nobody.
 */
import { signal } from '@preact/signals';
import { asApiError, type ApiError } from './api-error.js';
import { ask, isLoggedOut } from './client.js';
import type { Answers } from './types.js';

export type Me = Answers['GET /me'];

export type Session =
  | { readonly state: 'unknown' }
  /** `problem`: why; null where nobody has tried. */
  | { readonly state: 'out'; readonly problem: ApiError | null }
  | { readonly state: 'in'; readonly me: Me };

export const session = signal<Session>({ state: 'unknown' });

/** By what the address brings, or the cookie from before. */
export async function beginSession(): Promise<void> {
  const code = /^#login=([\w-]+)$/.exec(window.location.hash)?.[1];
  // It is good once: not for the history, nor for whoever looks at the address.
  if (code !== undefined) history.replaceState(null, '', `${window.location.pathname}${window.location.search}`);
  try {
    enter(await (code === undefined ? ask('GET /me') : ask('POST /login', { body: { code } })));
  } catch (error) {
    const problem = asApiError(error);
    // A code that was used before does no harm to who is logged in already.
    if (code !== undefined) enter(await ask('GET /me').catch(() => null), problem);
    else enter(null, problem.code === 'Unauthorized' ? null : problem);
  }
}

/** Throws ApiError where the token opens nothing. */
export async function logIn(token: string): Promise<void> {
  enter(await ask('POST /login', { body: { token } }));
}

export async function logOut(): Promise<void> {
  await ask('POST /logout');
  enter(null);
}

function enter(me: Me | null, problem: ApiError | null = null): void {
  isLoggedOut.value = false;
  session.value = me === null ? { state: 'out', problem } : { state: 'in', me };
}

/** Whether the viewer may change sweeps and workers. */
export function maySteer(): boolean {
  return session.value.state === 'in' && session.value.me.rights.includes('steer');
}
