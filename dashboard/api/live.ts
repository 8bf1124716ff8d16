/**
 * What happens while the page is open. Polls until the coordinator's events are read: `revision`
 * moves when what is shown may have changed.
 */
import { signal, type ReadonlySignal } from '@preact/signals';
import { ask } from './client.js';

export type Connection =
  | { readonly state: 'connecting' }
  | { readonly state: 'live' }
  /** `since`: when the coordinator was last heard of. */
  | { readonly state: 'stale'; readonly since: Date };

const EVERY_MS = 3_000;

export const connection = signal<Connection>({ state: 'connecting' });

const changes = signal(0);
let heardAt = new Date();

/** Moves when what any page shows may have changed. */
export function revision(): ReadonlySignal<number> {
  return changes;
}

/** The viewer has changed something: what is shown is read again at once. */
export function noteChange(): void {
  changes.value += 1;
}

export function followEvents(): () => void {
  const timer = setInterval(() => {
    if (document.visibilityState === 'visible') void look();
  }, EVERY_MS);
  void look();
  return () => clearInterval(timer);
}

async function look(): Promise<void> {
  try {
    await ask('GET /health');
    heardAt = new Date();
    connection.value = { state: 'live' };
    changes.value += 1;
  } catch {
    connection.value = { state: 'stale', since: heardAt };
  }
}
