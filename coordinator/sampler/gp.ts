/**
 * Bayesian optimisation with a Gaussian process, for budgets of some hundred trials. Numbers lie in the
 * unit interval in their scale; the kernel sees whole numbers and listed values where they are, never
 * between (Garrido-Merchán and Hernández-Lobato 2020), and choices as far as one from each other.
 *
 * Pending trials are believed to end as the process predicts (kriging believer, Ginsbourger et al.
 * 2010), which takes the uncertainty round them away, so that simultaneous proposals differ.
 */
import type { Point, Space } from '../space/dimension.js';
import { Acquisition, featuresOf } from './acquisition.js';
import { fitHyperparameters } from './fit.js';
import { GaussianProcess } from './gaussian-process.js';
import { byMerit } from './history.js';
import type { Categorical, Hyperparameters } from './matern.js';
import { hashOf, streamOf } from './random.js';
import type { Observation, Sampler } from './sampler.js';
import { isInformative, keepsFloors, targetsOf } from './targets.js';
import { sobolDraws, type Draw } from './uniform.js';
import { Unseen } from './unseen.js';

/** The cube of the trials is what a process costs: beyond these it learns from the best and a sample of the rest. */
const MOST_LEARNT = 500;
/** Trials that decide the hyperparameters, for which the process is factorised some forty times. */
const MOST_FITTED = 120;
const MOST_PENDING = 200;
/** Of a bounded choice of trials, this share are the best ones. */
const BEST_SHARE = 0.3;
/** Trials to look around. */
const MOST_NEAR = 4;
/** Rejected proposals for one trial after which points are drawn, wherever they lie. */
const MOST_REJECTED = 100;
/** Keeps the candidates' stream apart from other uses of the seed. */
const CANDIDATE_STREAM = 2;

interface Learnt {
  /** By rising number. */
  readonly trials: readonly Observation[];
  readonly targets: Float64Array;
  readonly hyperparameters: Hyperparameters;
}

interface Model {
  readonly acquisition: Acquisition;
  readonly near: readonly Point[];
  /** Points of this sweep's trials, as text. */
  readonly known: ReadonlySet<string>;
  /** Of the trial that was proposed last, the most promising first. */
  candidates: { readonly number: number; readonly points: readonly Point[] } | null;
}

export class GpSampler implements Sampler {
  readonly #space: Space;
  readonly #seed: number;
  readonly #startup: number;
  readonly #categorical: Categorical;
  readonly #draw: Draw;
  readonly #unseen: Unseen;
  readonly #informative = new Map<number, Observation>();
  readonly #pending = new Map<number, Observation>();
  #highest = -1;
  /** Until a trial ends. */
  #learnt: Learnt | null = null;
  /** Until anything is observed. */
  #model: Model | null = null;

  /** `startup`: trials with an end before the process is asked; until then points are drawn by Sobol's sequence. */
  constructor(space: Space, { seed, startup = 10 }: { readonly seed: number; readonly startup?: number }) {
    this.#space = space;
    this.#seed = seed;
    this.#startup = startup;
    this.#categorical = space.dimensions.map(({ kind }) => kind === 'choice');
    this.#draw = sobolDraws(space, seed);
    this.#unseen = new Unseen(space, seed);
  }

  observe(observation: Observation): void {
    const { number, point } = observation;
    this.#unseen.observe(number, point);
    this.#highest = Math.max(this.#highest, number);
    this.#pending.delete(number);
    if (this.#informative.delete(number)) this.#learnt = null;
    if (observation.state === 'pending') this.#pending.set(number, observation);
    if (isInformative(observation)) {
      this.#informative.set(number, observation);
      this.#learnt = null;
    }
    this.#model = null;
  }

  propose(number: number, again: number): Point | null {
    return this.#unseen.propose(again, () => {
      if (this.#informative.size < this.#startup || again > MOST_REJECTED) return this.#draw(number, again);
      return this.#mostPromising(number, again) ?? this.#draw(number, again);
    });
  }

  /**
   * The most promising candidate that no trial has. Rejected ones, and trials that were proposed but not
   * yet observed, have taken as many of the best before it; null when there are not that many.
   */
  #mostPromising(number: number, again: number): Point | null {
    const model = (this.#model ??= this.#build());
    if (model.candidates?.number !== number) model.candidates = { number, points: this.#candidates(number, model) };
    return model.candidates.points[again + Math.max(0, number - this.#highest - 1)] ?? null;
  }

  #candidates(number: number, { acquisition, near, known }: Model): Point[] {
    const met = new Set(known);
    const candidates = acquisition.candidates([this.#seed, number], streamOf(this.#seed, number, CANDIDATE_STREAM), near);
    return candidates.flatMap(({ point }) => {
      const key = point.join();
      if (met.has(key) || this.#unseen.has(point)) return [];
      met.add(key);
      return [point];
    });
  }

  #build(): Model {
    const { trials, targets, hyperparameters } = (this.#learnt ??= this.#learn());
    const points = trials.map(({ point }) => featuresOf(this.#space, point));
    const ended = new GaussianProcess(points, targets, hyperparameters, this.#categorical);
    const pending = byNumber(this.#pending).slice(-MOST_PENDING);
    const believed = pending.map(({ point }) => featuresOf(this.#space, point));
    const beliefs = believed.map((point) => ended.mean(point));
    const process = pending.length === 0 ? ended : new GaussianProcess([...points, ...believed], Float64Array.from([...targets, ...beliefs]), hyperparameters, this.#categorical);
    // A belief counts as reached: where a pending trial promises much, there is nothing left to gain.
    const rivals = trials.some(keepsFloors) ? points.filter((_, index) => keepsFloors(trials[index]!)) : points;
    const best = Math.min(...rivals.map((point) => ended.mean(point)), ...beliefs);
    return {
      acquisition: new Acquisition(this.#space, process, best),
      near: trials.toSorted(byMerit).slice(0, MOST_NEAR).map(({ point }) => point),
      known: new Set([...trials, ...pending].filter(({ number }) => number >= 0).map(({ point }) => point.join())),
      candidates: null,
    };
  }

  #learn(): Learnt {
    const trials = chosen(byNumber(this.#informative), MOST_LEARNT);
    const targets = targetsOf(trials);
    const fitted = chosen(trials, MOST_FITTED);
    const points = fitted.map(({ point }) => featuresOf(this.#space, point));
    return { trials, targets, hyperparameters: fitHyperparameters(points, targetsOf(fitted), this.#categorical) };
  }
}

function byNumber(trials: ReadonlyMap<number, Observation>): Observation[] {
  return [...trials.values()].sort((a, b) => a.number - b.number);
}

/** At most so many of the trials, in their order: the best, and of the others those with the least hashes. */
function chosen(trials: readonly Observation[], most: number): readonly Observation[] {
  if (trials.length <= most) return trials;
  const ranked = trials.toSorted(byMerit);
  const best = ranked.slice(0, Math.floor(most * BEST_SHARE));
  const rest = ranked.slice(best.length).sort((a, b) => hashOf(a.number) - hashOf(b.number));
  return [...best, ...rest.slice(0, most - best.length)].sort((a, b) => a.number - b.number);
}
