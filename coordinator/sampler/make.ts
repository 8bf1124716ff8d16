import { AxesSpace } from '../space/assignment.js';
import type { SweepSpec } from '../sweep/spec.js';
import { GpSampler } from './gp.js';
import type { Sampler } from './sampler.js';
import { TpeSampler } from './tpe.js';
import { randomSampler, sobolSampler } from './uniform.js';

/** The sampler that a sweep asks for, knowing nothing yet. Throws for one that proposes no points. */
export function samplerOf({ axes, sampler, name }: Pick<SweepSpec, 'axes' | 'sampler' | 'name'>): Sampler {
  const { space } = new AxesSpace(axes);
  if (typeof sampler === 'object') {
    if ('random' in sampler) return randomSampler(space, sampler.random);
    if ('sobol' in sampler) return sobolSampler(space, sampler.sobol);
    if ('tpe' in sampler) return new TpeSampler(space, sampler.tpe);
    if ('gp' in sampler) return new GpSampler(space, sampler.gp);
  }
  throw new Error(`the sampler of sweep ${name} lists its trials`);
}
