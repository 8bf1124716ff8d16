/**
 * Epoch keys. Whole objects are hashed, never fields picked by hand, so a field that is added to a
 * trajectory or to an epoch's settings moves the key without anybody having to remember it. What must
 * not move a key (name, number of epochs, stop, objective, sampler, budget) stands in neither object.
 */
import { createHash } from 'node:crypto';
import { canonicalJson } from './canonical.js';
import type { EpochKey, EpochSettings, Trajectory } from './work.js';

/** key(-1): the name of a trajectory before its first epoch. Throws NotCanonical. */
export function rootKey(trajectory: Trajectory): EpochKey {
  return sha256(`trawl trajectory\n${canonicalJson(trajectory)}`);
}

/** key(e) from key(e - 1) and what is in force in epoch e. Throws NotCanonical. */
export function nextKey(parent: EpochKey, settings: EpochSettings): EpochKey {
  return keyAfter(parent, canonicalJson(settings));
}

/** As `nextKey`, for callers that use the same settings many times: `settings` is their canonical JSON. */
export function keyAfter(parent: EpochKey, settings: string): EpochKey {
  return sha256(`trawl epoch\n${parent}\n${settings}`);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
