/**
 * The statistics of the training part that inputs are normalised by. Pixels are integers, so their sums
 * are exact in float64 (up to 2^53) and no order of adding can change a bit of the result.
 */
import { PRETRAINED_NORMALISATIONS, type PretrainedNormalisation } from '../../proto/normalisations.js';
import type { ImageInput } from '../../proto/work.js';
import type { ImageSource, Normalisation } from '../engine/engine.js';

const BATCH = 64;

/** `train` are the indices of the training part, at least one. */
export function fitNormalisation(source: ImageSource, kind: ImageInput['normalisation'], train: Int32Array): Normalisation {
  switch (kind) {
    case 'scale':
      return { mean: null, deviation: null };
    case 'zerocenter':
      return { mean: meanImage(source, train), deviation: null };
    case 'standardise':
      return channelStatistics(source, train);
    default:
      return constants(kind, source);
  }
}

/** Of the three channels; of a gray image those of green, which is the nearest to its luma. */
function constants(kind: PretrainedNormalisation, { height, width, channels }: ImageSource): Normalisation {
  const { mean, deviation } = PRETRAINED_NORMALISATIONS[kind];
  const repeated = (values: readonly number[]): Float32Array => Float32Array.from({ length: height * width * channels }, (_, element) => (values[channels === 3 ? element % 3 : 1] ?? 0) / 255);
  return { mean: repeated(mean), deviation: repeated(deviation) };
}

/** Mean of v / 255 per element, [height * width * channels]. */
function meanImage(source: ImageSource, train: Int32Array): Float32Array {
  const sums = new Float64Array(source.height * source.width * source.channels);
  forEachImage(source, train, (pixels) => {
    for (let element = 0; element < sums.length; element += 1) sums[element] = (sums[element] ?? 0) + (pixels[element] ?? 0);
  });
  return Float32Array.from(sums, (sum) => sum / (255 * train.length));
}

/** Mean and population deviation of v / 255 per channel, repeated for each pixel; a channel without spread is divided by 1. */
function channelStatistics(source: ImageSource, train: Int32Array): Normalisation {
  const { channels } = source;
  const sums = new Float64Array(channels);
  const squares = new Float64Array(channels);
  forEachImage(source, train, (pixels) => {
    for (let element = 0; element < pixels.length; element += 1) {
      const channel = element % channels;
      const value = pixels[element] ?? 0;
      sums[channel] = (sums[channel] ?? 0) + value;
      squares[channel] = (squares[channel] ?? 0) + value * value;
    }
  });
  const values = train.length * source.height * source.width;
  const means = Array.from(sums, (sum) => sum / (255 * values));
  const deviations = Array.from(squares, (square, channel) => {
    // n * sum(v^2) - sum(v)^2 in integers: the difference of two large and nearly equal numbers.
    const spread = Number(BigInt(values) * BigInt(square) - BigInt(sums[channel] ?? 0) ** 2n);
    return spread === 0 ? 1 : Math.sqrt(spread) / (255 * values);
  });
  const repeated = (perChannel: readonly number[]): Float32Array =>
    Float32Array.from({ length: source.height * source.width * channels }, (_, element) => perChannel[element % channels] ?? 0);
  return { mean: repeated(means), deviation: repeated(deviations) };
}

function forEachImage(source: ImageSource, indices: Int32Array, visit: (pixels: Uint8Array) => void): void {
  if (indices.length === 0) throw new RangeError('no training images to take statistics from');
  const imageBytes = source.height * source.width * source.channels;
  const batch = new Uint8Array(BATCH * imageBytes);
  for (let from = 0; from < indices.length; from += BATCH) {
    const part = indices.subarray(from, from + BATCH);
    source.read(part, batch);
    for (let position = 0; position < part.length; position += 1) visit(batch.subarray(position * imageBytes, (position + 1) * imageBytes));
  }
}
