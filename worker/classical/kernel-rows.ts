/** Rows of the matrix of Gaussian kernels between training images, made when they are asked for, as many kept as there is room for. */
import { type Points } from './distances.js';

/** As scikit-learn's `cache_size`. */
const CACHE_BYTES = 200 * 2 ** 20;
/** A step of the solver holds two rows at once. */
const FEWEST_ROWS = 2;

export class KernelRows {
  readonly #points: Points;
  readonly #gamma: number;
  readonly #most: number;
  /** In the order of their last use. */
  readonly #rows = new Map<number, Float32Array>();

  constructor(points: Points, gamma: number) {
    this.#points = points;
    this.#gamma = gamma;
    this.#most = mostRows(points.count);
  }

  /** float32 [count]: exp(-gamma * squared distance) to every image. */
  row(image: number): Float32Array {
    const known = this.#rows.get(image);
    if (known !== undefined) {
      this.#rows.delete(image);
      this.#rows.set(image, known);
      return known;
    }
    const row = this.#free() ?? new Float32Array(this.#points.count);
    this.#points.distances(image, this.#points, row);
    for (let other = 0; other < row.length; other++) row[other] = Math.exp(-this.#gamma * row[other]!);
    this.#rows.set(image, row);
    return row;
  }

  /** The memory of the row that was not used for longest. */
  #free(): Float32Array | null {
    if (this.#rows.size < this.#most) return null;
    const [oldest] = this.#rows;
    if (oldest === undefined) return null;
    this.#rows.delete(oldest[0]);
    return oldest[1];
  }
}

function mostRows(count: number): number {
  return Math.min(count, Math.max(FEWEST_ROWS, Math.floor(CACHE_BYTES / (4 * count))));
}

export function kernelBytes(count: number): number {
  return 4 * count * mostRows(count);
}
