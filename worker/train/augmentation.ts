/**
 * What augmentation does to one image in one epoch: a pure function of (dataSeed, replicate, epoch,
 * index of the image), so that it depends on no batch and no cut.
 *
 * All of its geometry is one affine map from the pixels of the result to those of the image, composed
 * as Keras' ImageDataGenerator composes it (keras/src/legacy/preprocessing/image.py, apply_affine_transform):
 * rotation, then shift, shear and zoom, about the image's centre; flips come after it, and the random
 * window of `crop`, which Keras has not, before. Then contrast, brightness, noise and a hole; then the
 * mixture with another image that was treated in the same way. (Keras' own centre is off
 * where height and width differ; ours is not.)
 */
import type { Augmentation, ImageInput } from '../../proto/work.js';
import { PURPOSE, RandomStream } from '../../proto/random.js';
import type { PixelTransform } from '../engine/engine.js';

/** Row by row, [2, 3]: (row, column, 1) of the result to (row, column) of the image. */
type Affine = readonly [number, number, number, number, number, number];

type Size = Pick<ImageInput, 'height' | 'width'>;

/** What is drawn, once for an image; degrees, and shifts in pixels. */
export interface Draw {
  readonly rotation: number;
  readonly shiftRows: number;
  readonly shiftColumns: number;
  readonly shear: number;
  readonly zoomRows: number;
  readonly zoomColumns: number;
  readonly flipRows: boolean;
  readonly flipColumns: boolean;
  /** Sides of the window over the image's, and where in the room that is left it lies, 0 to 1. */
  readonly window: number;
  readonly windowRow: number;
  readonly windowColumn: number;
  readonly contrast: number;
  readonly brightness: number;
}

/** `others`: the images that one may be mixed with, the same in the whole epoch. */
export function pixelTransform(augment: Augmentation, size: Size, dataSeed: number, replicate: number, epoch: number, image: number, others: Int32Array): PixelTransform {
  const streamOf = (index: number): RandomStream => new RandomStream(PURPOSE.augmentation, dataSeed, replicate, epoch, index);
  const random = streamOf(image);
  const own = transformOf(augment, size, random);
  const { mixup = 0 } = augment;
  if (mixup === 0) return own;
  const other = others[random.below(others.length)] ?? image;
  // Last, since it draws as often as it must.
  const share = largerShare(mixup, random);
  return { ...own, mixed: { image: other, share, transform: transformOf(augment, size, streamOf(other)) } };
}

function transformOf(augment: Augmentation, size: Size, random: RandomStream): PixelTransform {
  const draw = drawOf(augment, size, random);
  const { noise = 0, cutout = 0 } = augment;
  const [seed, seed2] = [random.next(), random.next()];
  const hole = holeOf(cutout, size, random.uniform(), random.uniform());
  return {
    matrix: affineOf(draw, size), fill: augment.fill, contrast: draw.contrast, brightness: draw.brightness,
    ...(noise === 0 ? {} : { noise: { deviation: 255 * noise, seed, seed2 } }),
    ...(cutout === 0 ? {} : { cutout: hole }),
  };
}

/** A hole round the pixel at (row, column) of the image, both in [0, 1); what lies beyond the border is cut off (DeVries and Taylor 2017). */
function holeOf(cutout: number, { height, width }: Size, row: number, column: number): NonNullable<PixelTransform['cutout']> {
  const along = (length: number, at: number): [number, number] => {
    const side = Math.round(cutout * length);
    const from = Math.floor(at * length) - Math.floor(side / 2);
    return [Math.max(0, from), Math.min(length, from + side)];
  };
  const [[top, bottom], [left, right]] = [along(height, row), along(width, column)];
  return { top, bottom, left, right };
}

/** Steps that shares go by: so coarse that no last bit of a power decides about one. */
const SHARES = 2 ** 16;

/** The larger of x and 1 - x, x from Beta(alpha, alpha) by Jöhnk 1964; up to an alpha of 2 one pair in six is taken at least. */
function largerShare(alpha: number, random: RandomStream): number {
  for (;;) {
    const [a, b] = [random.uniform() ** (1 / alpha), random.uniform() ** (1 / alpha)];
    const sum = a + b;
    if (sum > 1 || sum === 0) continue;
    return Math.round(SHARES * Math.max(a / sum, b / sum)) / SHARES;
  }
}

/** Everything is drawn, in this order, whatever is asked for: turning one knob leaves the others' draws alone. */
function drawOf(augment: Augmentation, { height, width }: Size, random: RandomStream): Draw {
  const between = (range: number): number => range * (2 * random.uniform() - 1);
  const half = (): boolean => random.uniform() < 0.5;
  const { flip } = augment;
  return {
    rotation: between(augment.rotation),
    shiftRows: between(augment.shiftVertical) * height,
    shiftColumns: between(augment.shiftHorizontal) * width,
    shear: between(augment.shear),
    zoomRows: 1 + between(augment.zoom),
    zoomColumns: 1 + between(augment.zoom),
    flipRows: half() && (flip === 'vertical' || flip === 'both'),
    flipColumns: half() && (flip === 'horizontal' || flip === 'both'),
    window: 1 - augment.crop,
    windowRow: random.uniform(),
    windowColumn: random.uniform(),
    contrast: 1 + between(augment.contrast),
    brightness: 1 + between(augment.brightness),
  };
}

export function affineOf(draw: Draw, { height, width }: Size): Affine {
  const turn = sineAndCosine(draw.rotation);
  const lean = sineAndCosine(draw.shear);
  let map: Affine = [turn.cosine, turn.sine, 0, -turn.sine, turn.cosine, 0];
  map = product(map, [1, 0, draw.shiftRows, 0, 1, draw.shiftColumns]);
  map = product(map, [lean.cosine, 0, 0, -lean.sine, 1, 0]);
  map = product(map, [draw.zoomRows, 0, 0, 0, draw.zoomColumns, 0]);
  const centreRow = (height - 1) / 2;
  const centreColumn = (width - 1) / 2;
  // Zooming in on a window keeps the edges of pixels, not their centres, on the edges of the image.
  const { window } = draw;
  const windowRow = (1 - window) * height * draw.windowRow + (window - 1) / 2;
  const windowColumn = (1 - window) * width * draw.windowColumn + (window - 1) / 2;
  map = product([window, 0, windowRow, 0, window, windowColumn], product([1, 0, centreRow, 0, 1, centreColumn], map));
  map = product(map, [1, 0, -centreRow, 0, 1, -centreColumn]);
  if (draw.flipRows) map = product(map, [-1, 0, height - 1, 0, 1, 0]);
  if (draw.flipColumns) map = product(map, [1, 0, 0, 0, -1, width - 1]);
  return map;
}

/** The map that does `second` first. */
function product(first: Affine, second: Affine): Affine {
  const [a, b, c, d, e, f] = first;
  const [p, q, r, s, t, u] = second;
  return [a * p + b * s, a * q + b * t, a * r + b * u + c, d * p + e * s, d * q + e * t, d * r + e * u + f];
}

/**
 * By Taylor series, whose remainder is below 1e-16 up to 180 degrees: Math.sin and Math.cos may
 * differ in their last bit between versions of V8, and a pixel must not.
 */
function sineAndCosine(degrees: number): { readonly sine: number; readonly cosine: number } {
  const angle = (degrees * Math.PI) / 180;
  const square = angle * angle;
  let sine = 0;
  let cosine = 0;
  for (let n = 32; n >= 2; n -= 2) {
    cosine = ((1 - cosine) * square) / ((n - 1) * n);
    sine = ((1 - sine) * square) / (n * (n + 1));
  }
  return { sine: angle * (1 - sine), cosine: 1 - cosine };
}
