import { AxesSpace } from '../space/assignment.js';
import type { SweepSpec } from '../sweep/spec.js';
import { GpSampler } from './gp.js';
import { ScalarisedSampler } from './scalarised.js';
import type { Sampler } from './sampler.js';
import { TpeSampler } from './tpe.js';
import { randomSampler, sobolSampler } from './uniform.js';

/** The sampler that a sweep asks for, knowing nothing yet. Throws for one that proposes no points. */
export function samplerOf({ axes, sampler, name, objective }: Pick<SweepSpec, 'axes' | 'sampler' | 'name' | 'objective'>): Sampler {
  const { space } = new AxesSpace(axes);
  if (typeof sampler === 'object') {
    if ('random' in sampler) return randomSampler(space, sampler.random);
    if ('sobol' in sampler) return sobolSampler(space, sampler.sobol);
    const weighed = (inner: Sampler, { seed }: { readonly seed: number }): Sampler => (objective.others === undefined ? inner : new ScalarisedSampler(inner, seed));
    if ('tpe' in sampler) return weighed(new TpeSampler(space, sampler.tpe), sampler.tpe);
    if ('gp' in sampler) return weighed(new GpSampler(space, sampler.gp), sampler.gp);
  }
  throw new Error(`the sampler of sweep ${name} lists its trials`);
}
