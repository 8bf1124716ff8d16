/**
 * Where a Gaussian process expects the greatest improvement: the logarithm of expected improvement
 * (Ament et al. 2023), maximised over many scattered points and some near the best trials, the most
 * promising of them improved by gradients in what is continuous and value by value in what is not.
 */
import type { Point, Space } from '../space/dimension.js';
import type { GaussianProcess } from './gaussian-process.js';
import { minimise } from './minimise.js';
import { type Generator, uniform } from './random.js';
import { SobolSequence } from './sobol.js';
import { logImprovement, logImprovementSlope, normalQuantile } from './special.js';
import { coordinateAt, isActive, pointOf, positionOf, valueAt, valuesOf } from './unit.js';

const SCATTERED = 512;
/** Standard deviations, as parts of an axis, of what is added to the positions of the best trials. */
const NEAR = [0.1, 0.03, 0.01, 0.001];
const EACH_NEAR = 6;
const STARTS = 4;
const ROUNDS = 3;
const EVALUATIONS = 40;
/** Dimensions of more values move continuously and are rounded at the end. */
const MOST_TRIED = 16;

/** What stands for a coordinate that does not exist: the middle, or a category of its own. */
const NOWHERE = { position: 0.5, category: -1 };

/** The point as a process sees it: the position of a number, the index of a choice. */
export function featuresOf(space: Space, point: Point): Float64Array {
  return Float64Array.from(space.dimensions, (dimension, index) => {
    const coordinate = point[index] ?? null;
    if (dimension.kind === 'choice') return coordinate ?? NOWHERE.category;
    return coordinate === null ? NOWHERE.position : positionOf(dimension, coordinate);
  });
}

export interface Candidate {
  readonly point: Point;
  readonly logImprovement: number;
}

/** A position for each dimension, also for those that do not exist at the moment. */
interface Place extends Candidate {
  readonly positions: Float64Array;
}

export class Acquisition {
  readonly #space: Space;
  readonly #process: GaussianProcess;
  /** What is to be improved on. */
  readonly #best: number;
  /** Dimensions that move continuously. */
  readonly #smooth: ReadonlySet<number>;

  constructor(space: Space, process: GaussianProcess, best: number) {
    this.#space = space;
    this.#process = process;
    this.#best = best;
    this.#smooth = new Set(space.dimensions.flatMap((dimension, index) => (dimension.kind !== 'choice' && valuesOf(dimension) > MOST_TRIED ? [index] : [])));
  }

  /** Candidates, the most promising first; `near` are points to look around. */
  candidates(words: readonly number[], generator: Generator, near: readonly Point[]): Candidate[] {
    const sequence = new SobolSequence(...words);
    const places = Array.from({ length: SCATTERED }, (_, nth) => this.#at(Float64Array.from(this.#space.dimensions, (__, index) => sequence.at(nth, index))));
    for (const point of near) {
      const positions = featuresOf(this.#space, point);
      for (const spread of NEAR) for (let nth = 0; nth < EACH_NEAR; nth += 1) places.push(this.#at(this.#shaken(positions, spread, generator)));
    }
    places.sort(mostPromisingFirst);
    const improved = places.slice(0, STARTS).map((place) => this.#improve(place));
    return [...improved.sort(mostPromisingFirst), ...places.slice(STARTS)];
  }

  #at(positions: Float64Array): Place {
    const point = pointOf(this.#space, (dimension, index) => coordinateAt(dimension, positions[index]!));
    return { positions, point, logImprovement: this.#logImprovement(featuresOf(this.#space, point)) };
  }

  #logImprovement(features: Float64Array): number {
    const { mean, variance } = this.#process.predict(features);
    return 0.5 * Math.log(variance) + logImprovement((this.#best - mean) / Math.sqrt(variance));
  }

  /** Each position moved by a normal draw; a choice is kept, mostly. */
  #shaken(positions: Float64Array, spread: number, generator: Generator): Float64Array {
    return Float64Array.from(this.#space.dimensions, (dimension, index) => {
      if (dimension.kind === 'choice') {
        const kept = positions[index]! >= 0 && uniform(generator) >= spread;
        return kept ? positionOf(dimension, positions[index]!) : uniform(generator);
      }
      const moved = positions[index]! + spread * normalQuantile(Math.max(Number.MIN_VALUE, uniform(generator)));
      return Math.min(1, Math.max(0, moved));
    });
  }

  /** Climbs until neither a gradient nor another value of a discrete dimension helps. */
  #improve(start: Place): Place {
    let best = start;
    for (let round = 0; round < ROUNDS; round += 1) {
      const before = best;
      best = this.#climb(best);
      best = this.#tryValues(best);
      if (best === before) break;
    }
    return best;
  }

  #climb(from: Place): Place {
    const moving = this.#space.dimensions.flatMap((dimension, index) => (this.#smooth.has(index) && isActive(dimension, from.point) ? [index] : []));
    if (moving.length === 0) return from;
    const features = featuresOf(this.#space, from.point);
    const { at } = minimise((moved) => this.#descent(features, moving, moved), {
      start: Float64Array.from(moving, (index) => features[index]!),
      low: new Float64Array(moving.length),
      high: new Float64Array(moving.length).fill(1),
      evaluations: EVALUATIONS,
      tolerance: 1e-4,
    });
    const positions = from.positions.slice();
    moving.forEach((index, nth) => (positions[index] = at[nth]!));
    const there = this.#at(positions);
    return there.logImprovement > from.logImprovement ? there : from;
  }

  /** Minus the logarithm of expected improvement where the `moving` features are `moved`. */
  #descent(features: Float64Array, moving: readonly number[], moved: Float64Array): { readonly value: number; readonly gradient: Float64Array } {
    const there = features.slice();
    moving.forEach((index, nth) => (there[index] = moved[nth]!));
    const { mean, variance, meanSlopes, varianceSlopes } = this.#process.predictWithSlopes(there, moving);
    const deviation = Math.sqrt(variance);
    const z = (this.#best - mean) / deviation;
    const slope = logImprovementSlope(z);
    const gradient = meanSlopes.map((meanSlope, nth) => {
      const deviationSlope = varianceSlopes[nth]! / (2 * deviation);
      return -(deviationSlope / deviation + (slope * (-meanSlope - z * deviationSlope)) / deviation);
    });
    return { value: -(Math.log(deviation) + logImprovement(z)), gradient };
  }

  #tryValues(from: Place): Place {
    let best = from;
    this.#space.dimensions.forEach((dimension, index) => {
      if (this.#smooth.has(index) || !isActive(dimension, best.point)) return;
      const values = valuesOf(dimension);
      for (let value = 0; value < values; value += 1) {
        const positions = best.positions.slice();
        positions[index] = positionOf(dimension, valueAt(dimension, value));
        const there = this.#at(positions);
        if (there.logImprovement > best.logImprovement) best = there;
      }
    });
    return best;
  }
}

const mostPromisingFirst = (a: Candidate, b: Candidate): number => b.logImprovement - a.logImprovement;
