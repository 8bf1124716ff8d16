/** Points drawn evenly over the space: each dimension uniform in its own scale, whatever was observed. */
import type { Point, Space } from '../space/dimension.js';
import { streamOf, uniform } from './random.js';
import type { Observation, Sampler } from './sampler.js';
import { SobolSequence } from './sobol.js';
import { coordinateAt, pointOf } from './unit.js';
import { Unseen } from './unseen.js';

/** The point drawn for a trial, `again` of them rejected before. */
export type Draw = (number: number, again: number) => Point;

export function randomDraws(space: Space, seed: number): Draw {
  return (number, again) => {
    const generator = streamOf(seed, number, again);
    return pointOf(space, (dimension) => coordinateAt(dimension, uniform(generator)));
  };
}

/**
 * Trial n has point n of a scrambled Sobol sequence, without skipping the first, so that every power of
 * two of trials is balanced (Owen 2020, "On dropping the first Sobol' point"). A rejected point is
 * replaced by point n of another scrambling: a later point of the same sequence would lie next to it in
 * some dimensions, where a constraint is likely to reject it again.
 */
export function sobolDraws(space: Space, seed: number): Draw {
  return (number, again) => {
    const sequence = new SobolSequence(seed, again);
    return pointOf(space, (dimension, index) => coordinateAt(dimension, sequence.at(number, index)));
  };
}

/** Proposes what it draws; of what was observed it keeps only which points of a small space are taken. */
export class DrawingSampler implements Sampler {
  readonly #draw: Draw;
  readonly #unseen: Unseen;

  constructor(space: Space, seed: number, draw: Draw) {
    this.#draw = draw;
    this.#unseen = new Unseen(space, seed);
  }

  observe({ number, point }: Observation): void {
    this.#unseen.observe(number, point);
  }

  propose(number: number, again: number): Point | null {
    return this.#unseen.propose(again, () => this.#draw(number, again));
  }
}

export function randomSampler(space: Space, { seed }: { readonly seed: number }): Sampler {
  return new DrawingSampler(space, seed, randomDraws(space, seed));
}

export function sobolSampler(space: Space, { seed }: { readonly seed: number }): Sampler {
  return new DrawingSampler(space, seed, sobolDraws(space, seed));
}
