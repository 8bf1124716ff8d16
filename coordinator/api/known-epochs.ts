/** What the store knows of many keys: asked for in parts, so that no query is too large. */
import type { EpochKey } from '../../proto/work.js';
import type { RecordedEpoch } from '../store/records.js';
import type { Store } from '../store/store.js';

/** How many keys one query asks for. */
const KEYS_PER_QUERY = 5_000;

export function distinctKeys(paths: readonly (readonly EpochKey[])[]): EpochKey[] {
  return [...new Set(paths.flat())];
}

export function* chunks(keys: readonly EpochKey[]): Generator<readonly EpochKey[]> {
  for (let start = 0; start < keys.length; start += KEYS_PER_QUERY) yield keys.slice(start, start + KEYS_PER_QUERY);
}

export async function epochsOf(store: Pick<Store, 'epochsByKey'>, keys: readonly EpochKey[]): Promise<Map<EpochKey, RecordedEpoch>> {
  const known = new Map<EpochKey, RecordedEpoch>();
  for (const some of chunks(keys)) {
    for (const epoch of await store.epochsByKey(some)) known.set(epoch.key, epoch);
  }
  return known;
}
