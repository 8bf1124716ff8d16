/**
 * A sampler of one objective under several: for each trial to come the objectives are weighed anew into one
 * value, so that proposals spread along the Pareto front (ParEGO; Knowles 2006, "ParEGO: a hybrid algorithm
 * with on-line landscape approximation", section III). The value is the augmented Tchebycheff function
 * max_i(w_i f_i) + 0.05 sum_i(w_i f_i) of the objectives f_i, each taken to [0, 1] by the least and the
 * largest of what was seen so far. Weights are drawn evenly from the simplex by the seed and the trial's
 * number, so that a coordinator that starts again proposes the same.
 */
import { below, hashOf, seededGenerator } from './random.js';
import type { Observation, Sampler } from './sampler.js';
import type { Point } from '../space/dimension.js';

const AUGMENTATION = 0.05;

export class ScalarisedSampler implements Sampler {
  readonly #inner: Sampler;
  readonly #seed: number;
  readonly #seen = new Map<number, Observation>();
  /** Those whose value the inner sampler has by other weights. */
  #weighed = -1;

  constructor(inner: Sampler, seed: number) {
    this.#inner = inner;
    this.#seed = seed;
  }

  observe(observation: Observation): void {
    this.#seen.set(observation.number, observation);
    this.#weighed = -1;
    // What has no value is told as it is; the others are when they are weighed.
    if (observation.values === undefined) this.#inner.observe(observation);
  }

  propose(number: number, again: number): Point | null {
    if (this.#weighed !== number) this.#weigh(number);
    return this.#inner.propose(number, again);
  }

  #weigh(number: number): void {
    this.#weighed = number;
    const valued = [...this.#seen.values()].flatMap((seen) => (seen.values === undefined ? [] : [{ seen, values: seen.values }]));
    const objectives = valued[0]?.values.length ?? 0;
    const weights = weightsOf(this.#seed, number, objectives);
    const ranges = weights.map((_, index) => rangeOf(valued.map(({ values }) => values[index] ?? 0)));
    for (const { seen, values } of valued) {
      const parts = weights.map((weight, index) => weight * (((values[index] ?? 0) - (ranges[index]?.least ?? 0)) / (ranges[index]?.width ?? 1)));
      this.#inner.observe({ ...seen, value: Math.max(...parts) + AUGMENTATION * parts.reduce((sum, part) => sum + part, 0) });
    }
  }
}

function rangeOf(values: readonly number[]): { readonly least: number; readonly width: number } {
  const [least, most] = values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);
  return { least, width: most - least || 1 };
}

/** Even on the simplex: the gaps between sorted uniform draws. */
function weightsOf(seed: number, number: number, objectives: number): number[] {
  const generator = seededGenerator(hashOf(seed, number));
  const cuts = Array.from({ length: Math.max(0, objectives - 1) }, () => below(generator, 2 ** 32) / 2 ** 32).sort((a, b) => a - b);
  return Array.from({ length: objectives }, (_, index) => (cuts[index] ?? 1) - (cuts[index - 1] ?? 0));
}
