/**
 * Tree-structured Parzen estimator (Bergstra et al. 2011), multivariate: trials are split into few good
 * ones and the rest, each group's density is estimated, and of some points drawn from the good density
 * the one is proposed at which good is most likely against bad.
 *
 * Pending trials are counted among the bad ones (a constant liar), so that simultaneous proposals keep
 * away from each other; infeasible ones are bad, failed ones are not counted. Trials that miss a floor
 * are ranked after all that keep it, pruned ones after all that ran to the end.
 */
import type { Point, Space } from '../space/dimension.js';
import { axesOf, decode, encode, type Axis } from './encoding.js';
import { History } from './history.js';
import { Parzen } from './parzen.js';
import { streamOf } from './random.js';
import type { Observation, Sampler } from './sampler.js';
import { sobolDraws, type Draw } from './uniform.js';
import { pointOf } from './unit.js';
import { Unseen } from './unseen.js';

export interface TpeSettings {
  /** Whole. */
  readonly seed: number;
  /** Trials with an end before the estimator is asked; until then points are drawn by Sobol's sequence. */
  readonly startup?: number;
}

/**
 * Points drawn from the good density for each proposal, as many as Optuna draws. More are greedier: with
 * 48, half of 20 seeds end in the second best hill of hartmann6 (test/bench/search.ts).
 */
const CANDIDATES = 24;
/** Rejected proposals for one trial after which points are drawn, wherever they lie. */
const MOST_REJECTED = 100;
/** Keeps the candidates' stream apart from other uses of the seed. */
const CANDIDATE_STREAM = 1;

export class TpeSampler implements Sampler {
  readonly #space: Space;
  readonly #seed: number;
  readonly #startup: number;
  readonly #axes: readonly Axis[];
  readonly #history: History;
  readonly #unseen: Unseen;
  readonly #draw: Draw;
  /** Both densities, until something is observed. */
  #model: { readonly good: Parzen; readonly bad: Parzen } | null = null;

  constructor(space: Space, { seed, startup = 10 }: TpeSettings) {
    this.#space = space;
    this.#seed = seed;
    this.#startup = startup;
    this.#axes = axesOf(space);
    this.#history = new History((point) => encode(this.#axes, point));
    this.#unseen = new Unseen(space, seed);
    this.#draw = sobolDraws(space, seed);
  }

  observe(observation: Observation): void {
    this.#unseen.observe(observation.number, observation.point);
    this.#history.observe(observation);
    this.#model = null;
  }

  propose(number: number, again: number): Point | null {
    return this.#unseen.propose(again, () => {
      if (this.#history.ended < this.#startup || again > MOST_REJECTED) return this.#draw(number, again);
      return this.#likeliest(number, again) ?? this.#draw(number, again);
    });
  }

  /**
   * The best candidate that no trial has; null when there is none. Each rejection halves how many there
   * are to choose from, down to one: where a constraint cuts off the very best, what is proposed
   * becomes a draw from the good density that happens to meet it.
   */
  #likeliest(number: number, again: number): Point | null {
    const { good, bad } = (this.#model ??= this.#estimate());
    const generator = streamOf(this.#seed, number, again, CANDIDATE_STREAM);
    let best: Point | null = null;
    let most = Number.NEGATIVE_INFINITY;
    const candidates = Math.max(1, Math.floor(CANDIDATES / 2 ** again));
    for (let candidate = 0; candidate < candidates; candidate += 1) {
      const drawn = good.drawKernel(generator);
      const point = pointOf(this.#space, (_, index) => decode(this.#axes[index]!, drawn(index)));
      if (this.#unseen.has(point)) continue;
      const encoded = encode(this.#axes, point);
      const odds = good.logDensity(encoded) - bad.logDensity(encoded);
      if (odds <= most) continue;
      most = odds;
      best = point;
    }
    return best;
  }

  #estimate(): { readonly good: Parzen; readonly bad: Parzen } {
    const { good, bad } = this.#history.split();
    const points = (trials: readonly { readonly encoded: Float64Array }[]): Float64Array[] => trials.map(({ encoded }) => encoded);
    return { good: new Parzen(this.#axes, points(good)), bad: new Parzen(this.#axes, points(bad)) };
  }
}
