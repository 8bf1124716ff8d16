/** Kernel initializers in Keras' and tf.layers' words: each is a case of variance scaling. */
import type { Json } from '../../proto/work.js';

type Mode = 'fan_in' | 'fan_out' | 'fan_avg';
type Distribution = 'uniform' | 'truncated_normal' | 'untruncated_normal';

export interface Initializer {
  readonly scale: number;
  readonly mode: Mode;
  readonly distribution: Distribution;
}

/** How single values are drawn; the mean is 0. Beyond `cut` deviations none is. */
export type Draw = { readonly kind: 'uniform'; readonly limit: number } | { readonly kind: 'normal'; readonly deviation: number; readonly cut: number };

export const GLOROT_UNIFORM: Initializer = { scale: 1, mode: 'fan_avg', distribution: 'uniform' };

/** As keras.initializers documents them. */
const NAMED: { readonly [name: string]: Initializer } = {
  glorotuniform: GLOROT_UNIFORM,
  glorotnormal: { scale: 1, mode: 'fan_avg', distribution: 'truncated_normal' },
  heuniform: { scale: 2, mode: 'fan_in', distribution: 'uniform' },
  henormal: { scale: 2, mode: 'fan_in', distribution: 'truncated_normal' },
  lecununiform: { scale: 1, mode: 'fan_in', distribution: 'uniform' },
  lecunnormal: { scale: 1, mode: 'fan_in', distribution: 'truncated_normal' },
};
const MODES: { readonly [name: string]: Mode } = { fanin: 'fan_in', fanout: 'fan_out', fanavg: 'fan_avg' };
const DISTRIBUTIONS: { readonly [name: string]: Distribution } = { uniform: 'uniform', normal: 'truncated_normal', truncatednormal: 'truncated_normal', untruncatednormal: 'untruncated_normal' };

export const INITIALIZERS = 'glorot, he or lecun, each uniform or normal, or varianceScaling';

/** A normal distribution that is cut off at two deviations has this one: Keras divides by it. */
const CUT_DEVIATION = 0.87962566103423978;

/** From a layer's `kernel_initializer`: a name, or what tf.layers and Keras serialise. Null where it is none of these. */
export function readInitializer(value: Json | undefined): Initializer | null {
  if (value === undefined || value === null) return GLOROT_UNIFORM;
  if (typeof value === 'string') return NAMED[plain(value)] ?? null;
  const { class_name: name, config = {} } = value as { readonly class_name?: Json; readonly config?: Json };
  if (typeof name !== 'string') return null;
  if (plain(name) !== 'variancescaling') return NAMED[plain(name)] ?? null;
  const { scale = 1, mode = 'fan_in', distribution = 'truncated_normal' } = config as { readonly [field: string]: Json };
  const read = { scale, mode: MODES[plain(mode)], distribution: DISTRIBUTIONS[plain(distribution)] };
  if (typeof read.scale !== 'number' || !(read.scale > 0) || read.mode === undefined || read.distribution === undefined) return null;
  return { scale: read.scale, mode: read.mode, distribution: read.distribution };
}

/** What one weight of a kernel is drawn from. Fans are numbers of inputs and outputs, from 1. */
export function drawOf({ scale, mode, distribution }: Initializer, fanIn: number, fanOut: number): Draw {
  // Glorot and Bengio 2010, formula 16, as it stands there: a mean of the fans would move last bits.
  if (mode === 'fan_avg' && distribution === 'uniform') return { kind: 'uniform', limit: Math.sqrt((6 * scale) / (fanIn + fanOut)) };
  const fans = { fan_in: fanIn, fan_out: fanOut, fan_avg: (fanIn + fanOut) / 2 };
  const variance = scale / fans[mode];
  if (distribution === 'uniform') return { kind: 'uniform', limit: Math.sqrt(3 * variance) };
  const deviation = Math.sqrt(variance);
  return distribution === 'untruncated_normal' ? { kind: 'normal', deviation, cut: Infinity } : { kind: 'normal', deviation: deviation / CUT_DEVIATION, cut: 2 };
}

/** `HeNormal`, `heNormal` and `he_normal` are one. */
function plain(name: Json): string {
  return typeof name === 'string' ? name.replaceAll('_', '').toLowerCase() : '';
}
