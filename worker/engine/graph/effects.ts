/** Noise, and a hole, as ../pixel-effects.ts has them, in nodes: on float32 [batch, height, width, channels] in 0..255. */
import { BYTES_MEAN, HASH } from '../pixel-effects.js';
import type { Shape } from '../parameter.js';
import { attribute, TYPE, type Type } from './graph-def.js';
import type { GraphBuilder, Ref } from './graph-builder.js';

/** Cut to 0..255. */
export function limited(graph: GraphBuilder, value: Ref): Ref {
  return graph.op('Minimum', [graph.op('Maximum', [value, graph.scalar(0)]), graph.scalar(255)]);
}

/**
 * `seeds` int32 [batch, 2], `factors` float32 [batch, 1]. Hashes are worked out in uint32, whose products
 * wrap round and whose shifts bring zeros in.
 */
export function noisy(graph: GraphBuilder, images: Ref, { height, width, channels }: Shape, seeds: Ref, factors: Ref): Ref {
  const unsigned = (value: Ref): Ref => bitcast(graph, value, TYPE.int32, TYPE.uint32);
  const whole = (value: number): Ref => unsigned(graph.scalar(value, TYPE.int32));
  const on = (operation: string) => (a: Ref, b: Ref): Ref => graph.op(operation, [a, b], {}, TYPE.uint32);
  const [times, plus, xor, and, shift] = [on('Mul'), on('AddV2'), on('BitwiseXor'), on('BitwiseAnd'), on('RightShift')];
  const seed = (column: number): Ref => unsigned(graph.slice(seeds, [0, column], [-1, 1], TYPE.int32));
  const size = height * width * channels;
  const spread = Int32Array.from({ length: size }, (_, element) => {
    const h = Math.imul(element, HASH.spread);
    return h ^ (h >>> 16);
  });
  let h = times(xor(unsigned(graph.constant(spread, [1, size], TYPE.int32)), seed(0)), whole(HASH.first));
  h = times(plus(xor(h, shift(h, whole(13))), seed(1)), whole(HASH.second));
  h = xor(h, shift(h, whole(16)));
  // Every other byte, twice, then the sums of two.
  const evenBytes = whole(0x00ff00ff);
  const pairs = plus(and(h, evenBytes), and(shift(h, whole(8)), evenBytes));
  const sums = plus(and(pairs, whole(0xffff)), shift(pairs, whole(16)));
  const bytes = graph.cast(bitcast(graph, sums, TYPE.uint32, TYPE.int32), TYPE.int32, TYPE.float);
  const noise = graph.multiply(factors, graph.subtract(bytes, graph.scalar(BYTES_MEAN)));
  return limited(graph, graph.add(images, graph.reshape(noise, [-1, height, width, channels])));
}

function bitcast(graph: GraphBuilder, value: Ref, from: Type, to: Type): Ref {
  return graph.op('Bitcast', [value], { type: attribute.type(to) }, from);
}

/** `holes` float32 [batch, 4]: the first row and the one after the last, the same of columns. */
export function cut(graph: GraphBuilder, images: Ref, { height, width }: Shape, holes: Ref): Ref {
  const bound = (column: number): Ref => graph.reshape(graph.slice(holes, [0, column], [-1, 1]), [-1, 1, 1, 1]);
  const places = (count: number, shape: readonly number[]): Ref => graph.constant(Array.from({ length: count }, (_, at) => at), shape);
  const within = (at: Ref, first: number): Ref => {
    const [from, to] = [graph.op('GreaterEqual', [at, bound(first)]), graph.op('Less', [at, bound(first + 1)])];
    return graph.cast(graph.node('LogicalAnd', [from, to], {}), TYPE.bool, TYPE.float);
  };
  const inside = graph.multiply(within(places(height, [1, height, 1, 1]), 0), within(places(width, [1, 1, width, 1]), 2));
  return graph.multiply(images, graph.subtract(graph.scalar(1), inside));
}
