/** Where a sampler thinks: in a thread of its own, so that no lease waits for a thought; or, in tests, right here. */
import type { Point } from '../space/dimension.js';
import type { Observation, Sampler } from './sampler.js';

export interface SamplerHost {
  observe(observation: Observation): void;
  /** Sees all that was observed before. Rejects when the sampler threw or its thread ended. */
  propose(number: number, again: number): Promise<Point | null>;
  close(): void;
}

export function directHost(sampler: Sampler): SamplerHost {
  return {
    observe: (observation) => sampler.observe(observation),
    propose: (number, again) => Promise.resolve(sampler.propose(number, again)),
    close: () => undefined,
  };
}
