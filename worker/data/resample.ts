/**
 * Which pixels an output pixel is made of, and by which weights: the bicubic filter of R. Keys (1981, "Cubic
 * convolution interpolation for digital image processing", a = -0.5), widened by the factor of a reduction so
 * that no pixel is left out, as in MATLAB's imresize and in Pillow, whose arithmetic it follows to the bit.
 */
import type { PixelShape } from './raster.js';

/**
 * How one axis is resampled. A weight of 22 fractional bits is high * 2048 + low; those of one output that
 * it has no pixel for are 0 and stand at the end.
 */
export interface Axis {
  readonly outputs: number;
  /** By output: the first pixel it is made of. */
  readonly first: Int32Array;
  /** Weights of each output: a multiple of 8. */
  readonly taps: number;
  /** [outputs, taps] */
  readonly high: Int16Array;
  /** [outputs, taps], 0 to 2047 */
  readonly low: Int16Array;
}

/** What of an image comes to lie where in the shape: in pixels of each, the rest of the shape is black. */
export interface Fit {
  /** Of the image, fractions too. */
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  /** Of the shape. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const WEIGHT_ONE = 2 ** 22;
/** Pixels on either side that the filter reaches where nothing is reduced. */
const REACH = 2;

function bicubic(distance: number): number {
  const x = Math.abs(distance);
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * -0.5 : 0;
}

/** The pixels from..to of `size`, fractions too, as `outputs` pixels. */
export function resampling(size: number, from: number, to: number, outputs: number): Axis {
  // Pillow takes the ends of the span in single precision.
  const start = Math.fround(from);
  const scale = Math.fround(Math.fround(to) - start) / outputs;
  const widened = Math.max(1, scale);
  const reach = REACH * widened;
  const taps = 8 * Math.ceil(Math.min(size, Math.ceil(2 * reach) + 1) / 8);
  const axis = { outputs, taps, first: new Int32Array(outputs), high: new Int16Array(outputs * taps), low: new Int16Array(outputs * taps) };
  const values = new Float64Array(taps);
  const inverse = 1 / widened;
  for (let output = 0; output < outputs; output += 1) {
    const centre = start + (output + 0.5) * scale;
    const low = Math.max(0, Math.trunc(centre - reach + 0.5));
    const count = Math.min(size, Math.trunc(centre + reach + 0.5)) - low;
    let sum = 0;
    for (let at = 0; at < count; at += 1) sum += values[at] = bicubic((at + low - centre + 0.5) * inverse);
    axis.first[output] = low;
    for (let at = 0; at < count; at += 1) {
      const value = (values[at]! / sum) * WEIGHT_ONE;
      const weight = Math.trunc(value < 0 ? value - 0.5 : value + 0.5);
      axis.high[output * taps + at] = weight >> 11;
      axis.low[output * taps + at] = weight & 2047;
    }
  }
  return axis;
}

/** As Pillow's Image.resize (stretch), ImageOps.pad and ImageOps.fit (crop) place an image. */
export function fitOf(width: number, height: number, shape: PixelShape): Fit {
  const whole = { left: 0, top: 0, right: width, bottom: height, x: 0, y: 0, width: shape.width, height: shape.height };
  const ratio = width / height;
  const wanted = shape.width / shape.height;
  if (shape.resize === 'stretch' || ratio === wanted) return whole;
  if (shape.resize === 'crop') {
    const [cutWidth, cutHeight] = ratio >= wanted ? [wanted * height, height] : [width, width / wanted];
    const [left, top] = [(width - cutWidth) * 0.5, (height - cutHeight) * 0.5];
    return { ...whole, left, top, right: left + cutWidth, bottom: top + cutHeight };
  }
  const scaled =
    ratio > wanted
      ? { width: shape.width, height: Math.max(1, halfToEven((height / width) * shape.width)) }
      : { width: Math.max(1, halfToEven((width / height) * shape.height)), height: shape.height };
  return { ...whole, ...scaled, x: halfToEven((shape.width - scaled.width) * 0.5), y: halfToEven((shape.height - scaled.height) * 0.5) };
}

function halfToEven(value: number): number {
  const below = Math.floor(value);
  if (value - below !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}
