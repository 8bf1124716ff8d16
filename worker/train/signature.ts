import { canonicalJson } from '../../proto/canonical.js';
import type { ImageTrajectory } from '../../proto/work.js';

/**
 * Names what a state in memory belongs to: two trajectories with this in common can go on from each
 * other's bytes. The salt of `--no-sharing` stands in the key only and changes no number.
 */
export function stateSignature(trajectory: ImageTrajectory): string {
  return canonicalJson({ ...trajectory, salt: null });
}

/** Names what a compiled model can train: trajectories with this in common differ in their initial weights alone. */
export function modelSignature(trajectory: ImageTrajectory): string {
  return canonicalJson({ ...trajectory, salt: null, initSeed: null, replicate: null });
}
