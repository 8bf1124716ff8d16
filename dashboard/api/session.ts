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
  /** `problem`: why the coordinator has not answered yet; null while it is asked for the first time. */
  | { readonly state: 'unknown'; readonly problem: ApiError | null }
  /** `problem`: why; null where nobody has tried. */
  | { readonly state: 'out'; readonly problem: ApiError | null }
  | { readonly state: 'in'; readonly me: Me };

export const session = signal<Session>({ state: 'unknown', problem: null });

const AGAIN_MS = 2_000;

/** By what the address brings, or the cookie from before. A coordinator that is away is asked till it answers. */
export async function beginSession(): Promise<void> {
  const code = /^#login=([\w-]+)$/.exec(window.location.hash)?.[1];
  // It is good once: not for the history, nor for whoever looks at the address.
  if (code !== undefined) history.replaceState(null, '', `${window.location.pathname}${window.location.search}`);
  try {
    enter(await answered(() => (code === undefined ? ask('GET /me') : ask('POST /login', { body: { code } }))));
  } catch (error) {
    const problem = asApiError(error);
    // A code that was used before does no harm to who is logged in already.
    if (code !== undefined) enter(await answered(() => ask('GET /me')).catch(() => null), problem);
    else enter(null, problem.code === 'Unauthorized' ? null : problem);
  }
}

/** Throws the ApiError of a refusal. */
async function answered(request: () => Promise<Me>): Promise<Me> {
  for (;;) {
    try {
      return await request();
    } catch (error) {
      const problem = asApiError(error);
      if (problem.status !== 0 && problem.status < 500) throw problem;
      session.value = { state: 'unknown', problem };
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
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

const forgetting: (() => void)[] = [];

/** `forget`: done when the viewer has logged out, or somebody else logs in. What one was writing is nobody else's. */
export function onLeave(forget: () => void): void {
  forgetting.push(forget);
}

function enter(me: Me | null, problem: ApiError | null = null): void {
  const before = session.value;
  if (before.state === 'in' && before.me.actor !== me?.actor) for (const forget of forgetting) forget();
  isLoggedOut.value = false;
  session.value = me === null ? { state: 'out', problem } : { state: 'in', me };
}

/** Whether the viewer may change sweeps and workers. */
export function maySteer(): boolean {
  return session.value.state === 'in' && session.value.me.rights.includes('steer');
}
