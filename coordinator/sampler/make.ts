import type { SweepSpec } from '../sweep/spec.js';
import type { Sampler } from './sampler.js';

/** The sampler that a sweep asks for, knowing nothing yet. */
export function samplerOf(_spec: SweepSpec): Sampler {
  throw new Error('being built');
}
