/**
 * Squared Euclidean distances between normalised images, as |a|^2 + |b|^2 - 2ab. Where every element is
 * scaled alike (all but `standardise` on colour) they are sums of whole numbers until one factor at the
 * end, so equal distances are equal bits, whatever they were summed beside.
 */
import type { FlatImages, Scaling } from './flat-images.js';

/** Images as points of that space. */
export class Points {
  readonly count: number;
  readonly size: number;
  /** What a distance of `values` is multiplied by. */
  readonly factor: number;
  readonly #values: Uint8Array | Float32Array;
  readonly #norms: Float64Array;

  constructor({ count, size, bytes }: FlatImages, { scale }: Scaling) {
    const [unit = 1] = scale;
    this.count = count;
    this.size = size;
    this.factor = unit * unit;
    this.#values = isUniform(scale) ? bytes : scaled(bytes, scale, unit);
    this.#norms = Float64Array.from({ length: count }, (_, point) => dots(this.#values, point * size, this.#values, point * size, size));
  }

  /** To all of `others`: writes [others.count] squared distances from point `index`. */
  distances(index: number, others: Points, into: Float32Array | Float64Array): void {
    const { size, factor } = this;
    const own = this.#values;
    const from = index * size;
    const norm = this.#norms[index]!;
    const values = others.#values;
    const norms = others.#norms;
    let other = 0;
    for (; other + 4 <= others.count; other += 4) {
      const at = other * size;
      let [sum0, sum1, sum2, sum3] = [0, 0, 0, 0];
      for (let element = 0; element < size; element++) {
        const value = own[from + element]!;
        sum0 += value * values[at + element]!;
        sum1 += value * values[at + size + element]!;
        sum2 += value * values[at + 2 * size + element]!;
        sum3 += value * values[at + 3 * size + element]!;
      }
      into[other] = factor * Math.max(0, norm + norms[other]! - 2 * sum0);
      into[other + 1] = factor * Math.max(0, norm + norms[other + 1]! - 2 * sum1);
      into[other + 2] = factor * Math.max(0, norm + norms[other + 2]! - 2 * sum2);
      into[other + 3] = factor * Math.max(0, norm + norms[other + 3]! - 2 * sum3);
    }
    for (; other < others.count; other++) into[other] = factor * Math.max(0, norm + norms[other]! - 2 * dots(own, from, values, other * size, size));
  }
}

/** Bytes that points take beside those of the images. */
export function pointBytes(count: number, size: number): number {
  return 4 * count * size + 8 * count;
}

function isUniform(scale: Float64Array): boolean {
  return scale.every((value) => value === scale[0]);
}

function scaled(bytes: Uint8Array, scale: Float64Array, unit: number): Float32Array {
  const ratios = scale.map((value) => value / unit);
  return Float32Array.from(bytes, (value, index) => value * ratios[index % ratios.length]!);
}

function dots(a: Uint8Array | Float32Array, from: number, b: Uint8Array | Float32Array, at: number, size: number): number {
  let sum = 0;
  for (let element = 0; element < size; element++) sum += a[from + element]! * b[at + element]!;
  return sum;
}
