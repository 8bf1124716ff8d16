/** While somebody types, what is written is taken once they pause. */
import { CLOCK } from './clock.js';

/** They have paused for so long. */
export const PAUSE_MS = 400;

/** For what is read again at each key: settles after a pause. Rejects where something else was written meanwhile. */
export async function pause(signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => void CLOCK.after(PAUSE_MS, resolve));
  signal.throwIfAborted();
}
