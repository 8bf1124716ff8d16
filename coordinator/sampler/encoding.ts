/** How the Parzen estimator reads points: what kind of kernel each dimension has and where a coordinate lies. */
import type { Dimension, Point, Space } from '../space/dimension.js';
import { coordinateAt, indexOf, intervalOf, positionOf, valueAt, valuesOf } from './unit.js';

/**
 * A dimension of at most this many values has a kernel of masses, one for each value; one of more is
 * taken to be continuous, since a kernel then covers several values: its width is at least 1 % of the axis.
 */
const MOST_MASSES = 64;

export type Axis =
  /** Encoded as an index; every other value is equally far. */
  | { readonly kind: 'choice'; readonly dimension: Dimension; readonly values: number }
  /** Encoded as an index; value i has the positions from edges[i] to edges[i + 1]. */
  | { readonly kind: 'discrete'; readonly dimension: Dimension; readonly values: number; readonly edges: Float64Array }
  /** Encoded as a position in [0, 1]. */
  | { readonly kind: 'continuous'; readonly dimension: Dimension };

export function axesOf(space: Space): Axis[] {
  return space.dimensions.map((dimension) => {
    const values = valuesOf(dimension);
    if (dimension.kind === 'choice') return { kind: 'choice', dimension, values };
    if (values > MOST_MASSES) return { kind: 'continuous', dimension };
    const edges = Float64Array.from({ length: values + 1 }, (_, index) => (index === values ? 1 : intervalOf(dimension, valueAt(dimension, index))[0]));
    return { kind: 'discrete', dimension, values, edges };
  });
}

/** NaN for a coordinate that does not exist. */
export function encode(axes: readonly Axis[], point: Point): Float64Array {
  return Float64Array.from(axes, (axis, index) => {
    const coordinate = point[index] ?? null;
    if (coordinate === null) return Number.NaN;
    return axis.kind === 'continuous' ? positionOf(axis.dimension, coordinate) : indexOf(axis.dimension, coordinate);
  });
}

/** The coordinate of an encoded number. */
export function decode(axis: Axis, encoded: number): number {
  return axis.kind === 'continuous' ? coordinateAt(axis.dimension, encoded) : valueAt(axis.dimension, encoded);
}
