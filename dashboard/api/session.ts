/** Who looks at the page. The token stays in this tab and goes when it is closed. */
import { signal } from '@preact/signals';
import { ask, isLoggedOut, useToken } from './client.js';

const KEY = 'trawl-token';

export type Session =
  | { readonly state: 'unknown' }
  | { readonly state: 'out' }
  | { readonly state: 'in' };

export const session = signal<Session>({ state: 'unknown' });

/** Throws ApiError where the token opens nothing. */
export async function logIn(token: string): Promise<void> {
  useToken(token);
  await ask('GET /recordings');
  sessionStorage.setItem(KEY, token);
  isLoggedOut.value = false;
  session.value = { state: 'in' };
}

export function logOut(): void {
  sessionStorage.removeItem(KEY);
  useToken(null);
  session.value = { state: 'out' };
}

/** With what the tab holds from before. */
export async function resumeSession(): Promise<void> {
  const token = sessionStorage.getItem(KEY);
  try {
    if (token === null) logOut();
    else await logIn(token);
  } catch {
    logOut();
  }
}
