/** Functions to minimise, each over a space, with a known or well-known least value. */
import type { Dimension, Point, Space } from '../../coordinator/space/dimension.js';
import type { Observation, Sampler } from '../../coordinator/sampler/sampler.js';

export interface Objective {
  readonly name: string;
  readonly space: Space;
  valueAt(point: Point): number;
}

const real = (name: string, min: number, max: number, log = false): Dimension => ({ kind: 'float', name, when: null, min, max, log, step: null });
const at = (point: Point, index: number): number => point[index] ?? 0;

/** Dixon and Szegő 1978; least 0.397887. */
export const branin: Objective = {
  name: 'branin',
  space: { dimensions: [real('x1', -5, 10), real('x2', 0, 15)] },
  valueAt: (point) => {
    const x1 = at(point, 0);
    const x2 = at(point, 1);
    return (x2 - (5.1 / (4 * Math.PI ** 2)) * x1 ** 2 + (5 / Math.PI) * x1 - 6) ** 2 + 10 * (1 - 1 / (8 * Math.PI)) * Math.cos(x1) + 10;
  },
};

const HEIGHTS = [1, 1.2, 3, 3.2];
const SLOPES = [[10, 3, 17, 3.5, 1.7, 8], [0.05, 10, 17, 0.1, 8, 14], [3, 3.5, 1.7, 10, 17, 8], [17, 8, 0.05, 10, 0.1, 14]];
const PEAKS = [[1312, 1696, 5569, 124, 8283, 5886], [2329, 4135, 8307, 3736, 1004, 9991], [2348, 1451, 3522, 2883, 3047, 6650], [4047, 8828, 8732, 5743, 1091, 381]];

/** Hartmann 1972; least -3.322368. */
export const hartmann6: Objective = {
  name: 'hartmann6',
  space: { dimensions: [1, 2, 3, 4, 5, 6].map((index) => real(`x${index}`, 0, 1)) },
  valueAt: (point) =>
    -HEIGHTS.reduce((sum, height, hill) => {
      const away = SLOPES[hill]!.reduce((total, slope, index) => total + slope * (at(point, index) - 1e-4 * PEAKS[hill]![index]!) ** 2, 0);
      return sum + height * Math.exp(-away);
    }, 0),
};

const numbers = (point: Point): number[] => point.map((coordinate) => coordinate ?? 0);
const cube = (dimensions: number, min: number, max: number): Space => ({ dimensions: Array.from({ length: dimensions }, (_, index) => real(`x${index}`, min, max)) });

/** Least 0 at 1.1 in every dimension, away from the middle. */
export const sphere5: Objective = {
  name: 'sphere5',
  space: cube(5, -5, 5),
  valueAt: (point) => numbers(point).reduce((sum, x) => sum + (x - 1.1) ** 2, 0),
};

/** Rosenbrock 1960; a bent valley, least 0 at 1. */
export const rosenbrock4: Objective = {
  name: 'rosenbrock4',
  space: cube(4, -2, 2),
  valueAt: (point) => numbers(point).reduce((sum, x, index, all) => (index === 0 ? 0 : sum + 100 * (x - all[index - 1]! ** 2) ** 2 + (1 - all[index - 1]!) ** 2), 0),
};

/** Ackley 1987; many small hollows on a funnel, least 0 at 3.3. */
export const ackley5: Objective = {
  name: 'ackley5',
  space: cube(5, -15, 15),
  valueAt: (point) => {
    const away = numbers(point).map((x) => x - 3.3);
    const mean = (of: (x: number) => number): number => away.reduce((sum, x) => sum + of(x), 0) / away.length;
    return -20 * Math.exp(-0.2 * Math.sqrt(mean((x) => x * x))) - Math.exp(mean((x) => Math.cos(2 * Math.PI * x))) + 20 + Math.E;
  },
};

/** Levy and Montalvo 1985; least 0 at 1. */
export const levy4: Objective = {
  name: 'levy4',
  space: cube(4, -10, 10),
  valueAt: (point) => {
    const w = numbers(point).map((x) => 1 + (x - 1) / 4);
    const last = w.at(-1) ?? 1;
    const sum = w.slice(0, -1).reduce((total, each) => total + (each - 1) ** 2 * (1 + 10 * Math.sin(Math.PI * each + 1) ** 2), 0);
    return Math.sin(Math.PI * (w[0] ?? 1)) ** 2 + sum + (last - 1) ** 2 * (1 + Math.sin(2 * Math.PI * last) ** 2);
  },
};

/** Griewank 1981; a bowl with ripples, least 0 at 20. */
export const griewank5: Objective = {
  name: 'griewank5',
  space: cube(5, -100, 100),
  valueAt: (point) => {
    const away = numbers(point).map((x) => x - 20);
    return 1 + away.reduce((sum, x) => sum + x * x, 0) / 4000 - away.reduce((product, x, index) => product * Math.cos(x / Math.sqrt(index + 1)), 1);
  },
};

/**
 * As a training run's settings are: a rate on a log scale, a batch of listed sizes, layers, an optimizer
 * with a setting of its own each, whose best rates differ. Least 0, at adam with a rate of 1e-3.
 */
export const mixed: Objective = {
  name: 'mixed',
  space: {
    dimensions: [
      real('rate', 1e-5, 1, true),
      { kind: 'ordered', name: 'batch', when: null, values: [16, 32, 64, 128, 256] },
      { kind: 'int', name: 'layers', when: null, min: 1, max: 8, log: false, step: 1 },
      { kind: 'choice', name: 'optimizer', when: null, count: 3 },
      { ...real('momentum', 0, 0.99), when: { dimension: 3, values: [0] } },
      { ...real('beta2', 0.9, 0.9999), when: { dimension: 3, values: [1, 2] } },
      { kind: 'int', name: 'width', when: null, min: 8, max: 512, log: true, step: 1 },
    ],
  },
  valueAt: (point) => {
    const optimizer = at(point, 3);
    const bestRate = [-1, -3, -2][optimizer]!;
    const own = optimizer === 0 ? 4 * (at(point, 4) - 0.9) ** 2 : 100 * (at(point, 5) - 0.99) ** 2;
    const shape = 0.05 * (at(point, 1) - 2) ** 2 + 0.04 * (at(point, 2) - 5) ** 2 + 0.3 * Math.log10(at(point, 6) / 96) ** 2;
    return [0.3, 0, 0.15][optimizer]! + 0.5 * (Math.log10(at(point, 0)) - bestRate) ** 2 + own + shape;
  },
};

/** One trial after the other: the least value after each of `counts` trials, in rising order. */
export function leastAfter(counts: readonly number[], objective: Objective, sampler: Sampler): number[] {
  let least = Number.POSITIVE_INFINITY;
  let number = 0;
  return counts.map((count) => {
    for (; number < count; number += 1) {
      const point = sampler.propose(number, 0);
      if (point === null) break;
      const value = objective.valueAt(point);
      least = Math.min(least, value);
      sampler.observe(completed(number, point, value));
    }
    return least;
  });
}

export function completed(number: number, point: Point, value: number): Observation {
  return { number, point, state: 'completed', value, shortfall: 0, epochs: 1 };
}
