/**
 * A dimension's coordinates as positions in the unit interval, in its scale: a log dimension is uniform
 * in its logarithm, and each value of a discrete dimension owns an interval. Of a whole number k on a
 * log scale that is log(k - 1/2) to log(k + 1/2); all others own equal shares.
 */
import type { Dimension, Point, Space } from '../space/dimension.js';

/** Values the dimension can take; Infinity for real numbers without a step. */
export function valuesOf(dimension: Dimension): number {
  switch (dimension.kind) {
    case 'float':
      return dimension.step === null ? Number.POSITIVE_INFINITY : stepsOf(dimension.min, dimension.max, dimension.step);
    case 'int':
      return stepsOf(dimension.min, dimension.max, dimension.step);
    case 'ordered':
      return dimension.values.length;
    case 'choice':
      return dimension.count;
  }
}

/** How many values min + k * step there are; a last one that rounding puts just above max counts. */
function stepsOf(min: number, max: number, step: number): number {
  return Math.floor((max - min) / step + 1e-9) + 1;
}

/** The coordinate at `position` of [0, 1]. */
export function coordinateAt(dimension: Dimension, position: number): number {
  if (dimension.kind === 'float' && dimension.step === null) {
    const { min, max } = dimension;
    const value = dimension.log ? Math.exp(Math.log(min) + position * Math.log(max / min)) : min + position * (max - min);
    return Math.min(max, Math.max(min, value));
  }
  const values = valuesOf(dimension);
  if (dimension.kind === 'int' && dimension.log) {
    const low = Math.log(dimension.min - 0.5);
    const value = Math.round(Math.exp(low + position * (Math.log(dimension.max + 0.5) - low)));
    return Math.min(dimension.max, Math.max(dimension.min, value));
  }
  return valueAt(dimension, Math.min(values - 1, Math.floor(position * values)));
}

/** The coordinate's position; of a discrete one the middle of its interval. */
export function positionOf(dimension: Dimension, coordinate: number): number {
  if (dimension.kind === 'float' && dimension.step === null) {
    const { min, max } = dimension;
    return dimension.log ? Math.log(coordinate / min) / Math.log(max / min) : (coordinate - min) / (max - min);
  }
  const [low, high] = intervalOf(dimension, coordinate);
  return (low + high) / 2;
}

/** From where to where a discrete coordinate's positions go. */
export function intervalOf(dimension: Dimension, coordinate: number): readonly [low: number, high: number] {
  if (dimension.kind === 'int' && dimension.log) {
    const low = Math.log(dimension.min - 0.5);
    const range = Math.log(dimension.max + 0.5) - low;
    return [(Math.log(coordinate - 0.5) - low) / range, (Math.log(coordinate + 0.5) - low) / range];
  }
  const values = valuesOf(dimension);
  const index = indexOf(dimension, coordinate);
  return [index / values, (index + 1) / values];
}

/** Which of the dimension's values the coordinate is, from 0 on. */
export function indexOf(dimension: Dimension, coordinate: number): number {
  if (dimension.kind === 'ordered' || dimension.kind === 'choice') return coordinate;
  return Math.round((coordinate - dimension.min) / (dimension.step ?? 1));
}

/** The coordinate of a discrete dimension's value number `index`. */
export function valueAt(dimension: Dimension, index: number): number {
  if (dimension.kind === 'ordered' || dimension.kind === 'choice') return index;
  return dimension.min + index * (dimension.step ?? 1);
}

/** Whether the dimension exists where the coordinates before it are those of `point`. */
export function isActive(dimension: Dimension, point: Point): boolean {
  if (dimension.when === null) return true;
  const decider = point[dimension.when.dimension] ?? null;
  return decider !== null && dimension.when.values.includes(decider);
}

/** The point whose coordinates `coordinateOf` gives, asked in the dimensions' order for those that exist. */
export function pointOf(space: Space, coordinateOf: (dimension: Dimension, index: number) => number): Point {
  const point: (number | null)[] = [];
  space.dimensions.forEach((dimension, index) => {
    point.push(isActive(dimension, point) ? coordinateOf(dimension, index) : null);
  });
  return point;
}
