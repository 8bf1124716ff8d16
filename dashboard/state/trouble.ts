/** Why something that the viewer asked for in passing, with no place of its own to say so, was not done. */
import { signal } from '@preact/signals';
import { asApiError, type ApiError } from '../api/api-error.js';

export interface Trouble {
  /** E.g. `The export`. */
  readonly what: string;
  readonly error: ApiError;
}

/** The latest; null for none, or none that the viewer has not put away. */
export const trouble = signal<Trouble | null>(null);

/** Does it; where it fails, the page says so. */
export function perform(what: string, work: () => unknown): void {
  trouble.value = null;
  const tell = (error: unknown): void => {
    trouble.value = { what, error: asApiError(error) };
  };
  new Promise((resolve) => resolve(work())).catch(tell);
}
