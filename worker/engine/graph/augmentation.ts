/**
 * Augmentation as kernels/augment.c of the wasm executor defines it, in nodes: one affine map with
 * bilinear interpolation, then contrast and brightness; then noise and a hole (effects.ts).
 *
 * TensorFlow's own ImageProjectiveTransformV3 is not used: its `constant` blends the border with the
 * fill and its `wrap` has another period than scipy's, so that the two executors would train on
 * different images.
 *
 * Coordinates are worked out in float64, as there: a float32 error of 1e-5 of a pixel would decide
 * otherwise about what lies on the border. The addon can hand over float32 only, hence matrices in two
 * parts whose sum has 48 bits.
 */
import type { Fill } from '../engine.js';
import type { Shape } from '../parameter.js';
import { cut, limited, noisy } from './effects.js';
import { attribute, TYPE } from './graph-def.js';
import type { GraphBuilder, Ref } from './graph-builder.js';

export interface AugmentInputs {
  /** float32 [batch, 6] each: the sum is the matrix. */
  readonly high: Ref;
  readonly low: Ref;
  /** float32 [batch, 2]: contrast, brightness. */
  readonly factors: Ref;
  /** As effects.ts takes them; null where nothing asks for them. */
  readonly noise: { readonly seeds: Ref; readonly factors: Ref } | null;
  readonly holes: Ref | null;
}

export interface AugmentKind {
  readonly fill: Fill;
  readonly contrast: boolean;
  readonly brightness: boolean;
  readonly noise: boolean;
  readonly cutout: boolean;
  readonly mixed: boolean;
}

/** From float32 [batch, height, width, channels] in 0..255 to the same. */
export function augmented(graph: GraphBuilder, images: Ref, shape: Shape, { fill, contrast, brightness }: Pick<AugmentKind, 'fill' | 'contrast' | 'brightness'>, inputs: AugmentInputs): Ref {
  let result = moved(graph, images, shape, fill, inputs);
  const factor = (column: number): Ref => graph.slice(inputs.factors, [0, column], [-1, 1]);
  const perImage = (column: number): Ref => graph.reshape(factor(column), [-1, 1, 1, 1]);
  if (contrast) {
    const mean = graph.reduce('Mean', result, [1, 2], true);
    result = limited(graph, graph.add(mean, graph.multiply(perImage(0), graph.subtract(result, mean))));
  }
  if (brightness) result = limited(graph, graph.multiply(perImage(1), result));
  if (inputs.noise !== null) result = noisy(graph, result, shape, inputs.noise.seeds, inputs.noise.factors);
  return inputs.holes === null ? result : cut(graph, result, shape, inputs.holes);
}

/** Coordinates of one axis: float64 [batch, height, width] in pixels, and where they may be read. */
interface Axis {
  /** int32: the pixels before and after the coordinate. */
  readonly before: Ref;
  readonly after: Ref;
  /** float32 in [0, 1): of the way from the one to the other. */
  readonly part: Ref;
  /** float32: 1 inside the image, 0 outside; null where everything has a value. */
  readonly inside: Ref | null;
}

function moved(graph: GraphBuilder, images: Ref, { height, width, channels }: Shape, fill: Fill, { high, low }: Pick<AugmentInputs, 'high' | 'low'>): Ref {
  const matrix = graph.add(graph.cast(high, TYPE.float, TYPE.double), graph.cast(low, TYPE.float, TYPE.double), TYPE.double);
  const rows = graph.constant(Array.from({ length: height }, (_, row) => row), [1, height, 1], TYPE.double);
  const columns = graph.constant(Array.from({ length: width }, (_, column) => column), [1, 1, width], TYPE.double);
  const entry = (column: number): Ref =>
    graph.reshape(graph.slice(matrix, [0, column], [-1, 1], TYPE.double), [-1, 1, 1], TYPE.double);
  const coordinate = (first: number): Ref => {
    const alongRows = graph.multiply(entry(first), rows, TYPE.double);
    const alongColumns = graph.multiply(entry(first + 1), columns, TYPE.double);
    return graph.add(graph.add(alongRows, alongColumns, TYPE.double), entry(first + 2), TYPE.double);
  };
  const vertical = axisOf(graph, coordinate(0), height, fill);
  const horizontal = axisOf(graph, coordinate(3), width, fill);
  const pixels = graph.reshape(images, [-1, channels]);
  const firstPixel = graph.multiply(graph.reshape(batchRange(graph, images), [-1, 1, 1], TYPE.int32), graph.scalar(height * width, TYPE.int32), TYPE.int32);
  const read = (row: Ref, column: Ref): Ref => {
    const inImage = graph.add(graph.multiply(row, graph.scalar(width, TYPE.int32), TYPE.int32), column, TYPE.int32);
    return graph.gather(pixels, graph.add(firstPixel, inImage, TYPE.int32));
  };
  const between = (from: Ref, to: Ref, part: Ref): Ref => graph.add(from, graph.multiply(graph.reshape(part, [-1, height, width, 1]), graph.subtract(to, from)));
  const above = between(read(vertical.before, horizontal.before), read(vertical.before, horizontal.after), horizontal.part);
  const below = between(read(vertical.after, horizontal.before), read(vertical.after, horizontal.after), horizontal.part);
  const result = between(above, below, vertical.part);
  if (vertical.inside === null || horizontal.inside === null) return result;
  return graph.multiply(result, graph.reshape(graph.multiply(vertical.inside, horizontal.inside), [-1, height, width, 1]));
}

/** 0, 1, ... for the images of the batch. */
function batchRange(graph: GraphBuilder, images: Ref): Ref {
  const [count = ''] = graph.unpack(graph.shapeOf(images), 4, TYPE.int32);
  return graph.node('Range', [graph.scalar(0, TYPE.int32), count, graph.scalar(1, TYPE.int32)], { Tidx: attribute.type(TYPE.int32) });
}

function axisOf(graph: GraphBuilder, at: Ref, size: number, fill: Fill): Axis {
  const within = (value: Ref): Ref => graph.op('Minimum', [graph.op('Maximum', [value, graph.scalar(0, TYPE.double)], {}, TYPE.double), graph.scalar(size - 1, TYPE.double)], {}, TYPE.double);
  let inside: Ref | null = null;
  let coordinate = at;
  if (fill === 'constant') {
    // Nothing is known past the outer pixels' centres.
    inside = insideOf(graph, at, size);
    coordinate = within(at);
  } else if (fill === 'nearest') coordinate = within(at);
  else if (fill === 'wrap') coordinate = wrapped(graph, at, size);
  const floor = graph.op('Floor', [coordinate], {}, TYPE.double);
  const part = graph.cast(graph.subtract(coordinate, floor, TYPE.double), TYPE.double, TYPE.float);
  const before = graph.cast(floor, TYPE.double, TYPE.int32);
  const after = graph.add(before, graph.scalar(1, TYPE.int32), TYPE.int32);
  if (fill === 'reflect') return { before: reflected(graph, before, size), after: reflected(graph, after, size), part, inside };
  // Only where its part is 0 does the pixel after lie outside.
  return { before, after: graph.op('Minimum', [after, graph.scalar(size - 1, TYPE.int32)], {}, TYPE.int32), part, inside };
}

function insideOf(graph: GraphBuilder, at: Ref, size: number): Ref {
  const from = graph.op('GreaterEqual', [at, graph.scalar(0, TYPE.double)], {}, TYPE.double);
  const to = graph.op('LessEqual', [at, graph.scalar(size - 1, TYPE.double)], {}, TYPE.double);
  return graph.cast(graph.node('LogicalAnd', [from, to], {}), TYPE.bool, TYPE.float);
}

/** A period of size - 1: the last pixel lies on the first, as in scipy. */
function wrapped(graph: GraphBuilder, at: Ref, size: number): Ref {
  if (size < 2) return graph.multiply(at, graph.scalar(0, TYPE.double), TYPE.double);
  const period = graph.scalar(size - 1, TYPE.double);
  const turns = graph.op('Floor', [graph.divide(at, period, TYPE.double)], {}, TYPE.double);
  const inside = graph.cast(insideOf(graph, at, size), TYPE.float, TYPE.double);
  const outside = graph.subtract(graph.scalar(1, TYPE.double), inside, TYPE.double);
  return graph.subtract(at, graph.multiply(graph.multiply(turns, period, TYPE.double), outside, TYPE.double), TYPE.double);
}

/** Mirrored at the image's edge, again and again. */
function reflected(graph: GraphBuilder, index: Ref, size: number): Ref {
  const within = graph.op('FloorMod', [index, graph.scalar(2 * size, TYPE.int32)], {}, TYPE.int32);
  return graph.op('Minimum', [within, graph.subtract(graph.scalar(2 * size - 1, TYPE.int32), within, TYPE.int32)], {}, TYPE.int32);
}
